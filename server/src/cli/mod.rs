//! The command line.
//!
//! Printing is this module's business alone; everything else logs or returns.

mod check;
mod docs;
mod graph;
mod layout;
mod new_concept;
mod serve;
mod trace;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use concept_authenticating::{Bearer, Tokens};
use concord_runtime::{Clock, FlowId, SystemClock};

use crate::config::{Config, Layers};
use crate::token::{self, Secret};

/// A server for concept-oriented software.
#[derive(Parser)]
#[command(name = "concord", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

/// What a command prints, or why it could not.
type Outcome = Result<(), Box<dyn Error>>;

#[derive(Args, Clone, Default)]
struct Settings {
    /// The configuration file [default: concord.toml, if there is one here]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder for everything that stays [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Where documents live: memory: or sqlite:PATH [default: sqlite: in the data folder]
    #[arg(long, global = true, value_name = "ADDRESS")]
    store: Option<String>,
    /// Where to listen [default: 127.0.0.1:8000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// A folder of rules to add to those that are built in; may be given several times
    #[arg(long, global = true, value_name = "DIR")]
    syncs: Vec<PathBuf>,
    /// Let refusals of contracts tell how they came about; not for the world to see
    #[arg(long, global = true)]
    dev: bool,
    /// Leave the built-in rules out
    #[arg(long, global = true)]
    only: bool,
    /// What to log: error, warn, info, debug, trace [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (this is what happens without a command, too)
    Serve,
    /// Print a token that this data folder's server accepts
    Token {
        /// Whom the token is for
        #[arg(long, value_name = "ID")]
        user: String,
        /// Their role; `admin` may call every concept
        #[arg(long)]
        role: Option<String>,
        /// What they are called
        #[arg(long)]
        name: Option<String>,
        /// For how long: 90s, 15m, 1h, 7d
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
    },
    /// Print the configuration in force, and where each value comes from
    Config,
    /// Check the rules: names, types, routes and answers
    Check {
        /// Folders of rules to check with those that are built in
        folders: Vec<PathBuf>,
        /// How to print what is found
        #[arg(long, value_enum, default_value = "text")]
        format: check::Format,
    },
    /// Lay files of rules out anew, in the one way
    Fmt {
        /// Files and folders [default: ./syncs]
        paths: Vec<PathBuf>,
        /// Write nothing; fail if a file is laid out otherwise
        #[arg(long)]
        check: bool,
    },
    /// Draw concepts, actions and syncs, as Mermaid
    Graph,
    /// Write the API documents to specs/api
    Docs {
        /// Write nothing; fail if a document is not what it should be
        #[arg(long)]
        check: bool,
    },
    /// Show what happened in a flow: ask the running server, or read the journal of a stopped one
    Trace {
        /// The flow, as the x-request-id header of its reply has it
        flow: FlowId,
        /// How to print it
        #[arg(long, value_enum, default_value = "text")]
        format: trace::Format,
    },
    /// Copy the database, while the server runs or not
    Backup {
        /// Where the copy goes; nothing is overwritten
        file: PathBuf,
    },
    /// Begin something new
    #[command(subcommand)]
    New(New),
}

#[derive(Subcommand)]
enum New {
    /// A concept: writes a crate that compiles, is tested and is served
    Concept {
        /// Its name: `Upvote`
        name: String,
    },
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let Cli { command, settings } = Cli::parse();
    match run(command.unwrap_or(Command::Serve), &settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "concord: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, settings: &Settings) -> Outcome {
    let layers = layers(settings)?;
    let config = Config {
        syncs: settings.syncs.clone(),
        only: settings.only,
        dev: settings.dev,
        ..Config::of(&layers)?
    };
    match command {
        Command::Serve => serve::run(&config),
        Command::Token { user, role, name, ttl } => {
            let token = Tokens::new(secret(&config)?.bytes()).issue(
                Bearer { user, role, name },
                SystemClock.now(),
                ttl,
            )?;
            say(&token);
            Ok(())
        }
        Command::Config => {
            say(layers.print()?.trim_end());
            Ok(())
        }
        Command::Check { folders, format } => check::run(&config, &folders, format),
        Command::Fmt { paths, check } => layout::run(&paths, check),
        Command::Graph => graph::run(&config),
        Command::Docs { check } => docs::run(check),
        Command::Trace { flow, format } => {
            say(&trace::run(&config, flow, format)?);
            Ok(())
        }
        Command::Backup { file } => {
            concord_store::sqlite::backup(database(&config)?, &file)?;
            say(&format!("copied to {}; start on it with --store sqlite:{0}", file.display()));
            Ok(())
        }
        Command::New(New::Concept { name }) => {
            say(&new_concept::run(&std::env::current_dir()?, &name)?);
            Ok(())
        }
    }
}

fn layers(settings: &Settings) -> Result<Layers, Box<dyn Error>> {
    let mut layers = Layers::default();
    let usual = Path::new("concord.toml");
    match &settings.config {
        Some(path) => layers.file(path)?,
        None if usual.exists() => layers.file(usual)?,
        None => {}
    }
    layers.environment(std::env::vars())?;
    let flags = [
        ("--data", "data", &settings.data),
        ("--store", "store", &settings.store),
        ("--listen", "listen", &settings.listen),
        ("--log", "log.filter", &settings.log),
    ];
    for (flag, name, given) in flags {
        if let Some(text) = given {
            layers.flag(flag, name, text)?;
        }
    }
    Ok(layers)
}

fn secret(config: &Config) -> Result<Secret, token::SecretError> {
    Secret::of(&config.data, std::env::var(token::VARIABLE).ok())
}

/// The file of a store that has one.
fn database(config: &Config) -> Result<&Path, String> {
    let path = config.store.strip_prefix("sqlite:").map(Path::new);
    path.ok_or_else(|| format!("the store {} has no file to read", config.store))
}

/// Prints for people, in one piece. Whoever has stopped reading is no reason to stop working.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// An error and what lies behind it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

fn duration(text: &str) -> Result<Duration, String> {
    let help = || format!("{text:?} is no duration: write 90s, 15m, 1h or 7d");
    let unit = text.chars().next_back().ok_or_else(help)?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| help())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(help()),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(168)));
        for text in ["", "m", "15", "1.5h", "15é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
