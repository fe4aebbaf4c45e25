//! The benchmark: Concord and a bare hyper handler, loaded in turn in one run.
//!
//! What counts are the ratios, round by round: absolute figures are the machine's. DESIGN names the rows; README quotes
//! what this printed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the report is what this is for")]
#![expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bare;
mod figures;
mod flows;
mod generator;
mod interview;
mod relay;
mod rows;
mod socket;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use figures::Figure;

/// What went wrong with the measuring.
type Fault = Box<dyn std::error::Error>;

type Outcome = Result<(), Fault>;

/// Measures Concord against a bare hyper handler.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Be the bare handler
    Bare,
    /// Run so many flows and tell nothing: for a profiler
    Flows {
        /// How many
        count: u64,
    },
}

#[derive(Args)]
struct Options {
    /// Measure this alone
    #[arg(long)]
    only: Option<Row>,
    /// Keep-alive connections
    #[arg(long, default_value_t = 48)]
    connections: usize,
    /// Rounds, each with every server in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load on a server in a round
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Calls for the measure of memory
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// The server [default: the concord beside this program]
    #[arg(long)]
    concord: Option<PathBuf>,
    /// Fail if an aim is missed
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Row {
    /// Throughput and CPU, memory store
    Memory,
    /// Throughput and CPU, SQLite
    Sqlite,
    /// One connection, SQLite
    Lone,
    /// Flows through two syncs, in process
    Flows,
    /// Resident memory
    Rss,
    /// Signals from socket to socket, beside Node
    Relay,
    /// Memory of sockets that are silent
    Idle,
    /// The interview contract, SQLite
    Interview,
}

fn main() -> ExitCode {
    let Cli { command, options } = Cli::parse();
    let done = match command {
        Some(Command::Bare) => bare::serve().map(|()| true),
        Some(Command::Flows { count }) => flows::alone(count).map(|()| true),
        None => report(&options),
    };
    match done {
        Ok(met) if met || !options.strict => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("concord-load: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn report(options: &Options) -> Result<bool, Fault> {
    let binary = target::binary(options.concord.clone())?;
    // Beside the binary, so on a real disk, as data would be.
    let folder = tempfile::tempdir_in(binary.parent().ok_or("the binary lies nowhere")?)?;
    let data = folder.path();
    let store = format!("sqlite:{}", data.join("load.db").display());
    let wanted = |row| options.only.is_none_or(|only| only == row);
    println!("{} connections, {} rounds of {} s", options.connections, options.rounds, options.seconds);
    println!("{:<52} {:>10} {:>10} {:>10}   aim", "", "median", "least", "most");
    let mut met = true;
    let mut tell = |figures: Vec<Figure>| {
        for figure in figures {
            println!("{}", figure.line());
            met &= figure.is_met();
        }
        println!();
    };
    if wanted(Row::Memory) {
        tell(rows::throughput(&binary, data, options, "memory", "memory:")?);
    }
    if wanted(Row::Sqlite) {
        tell(rows::throughput(&binary, data, options, "sqlite", &store)?);
    }
    if wanted(Row::Lone) {
        tell(rows::lone(&binary, data, options)?);
    }
    if wanted(Row::Flows) {
        tell(flows::rows(options)?);
    }
    if wanted(Row::Interview) {
        tell(interview::rows(&binary, data, options)?);
    }
    if wanted(Row::Relay) {
        tell(relay::rows(&binary, data, options)?);
    }
    if wanted(Row::Idle) {
        tell(relay::idle(&binary, data)?);
    }
    if wanted(Row::Rss) {
        tell(rows::memory(&binary, data, options)?);
    }
    Ok(met)
}
