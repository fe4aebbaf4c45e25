//! `concord check`: the rules, before anything runs.

use std::io::IsTerminal;
use std::path::PathBuf;

use concord_runtime::OpenError;
use serde_json::json;

use super::Outcome;
use crate::config::Config;
use crate::{concepts, rules};

/// How faults are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// With source and carets.
    Text,
    /// For editors.
    Json,
}

pub(super) fn run(config: &Config, folders: &[PathBuf], format: Format) -> Outcome {
    let sources = rules::sources(config, folders)?;
    let files = sources.files().count();
    let shown = sources.clone();
    let (diagnostics, syncs) = match concord_runtime::check(sources, concepts::unserved()?, &config.contracts)
    {
        Ok((plan, warnings)) => (warnings, plan.syncs.len()),
        Err(OpenError::Rules(fault)) => (fault.diagnostics, 0),
        Err(other) => return Err(other.into()),
    };
    let (errors, warnings) = diagnostics.count();
    match format {
        Format::Json => {
            let all =
                json!({ "errors": errors, "warnings": warnings, "diagnostics": diagnostics.to_json(&shown) });
            super::say(&serde_json::to_string_pretty(&all)?);
        }
        Format::Text => {
            let text = diagnostics.render(&shown, std::io::stdout().is_terminal());
            if errors == 0 {
                super::say(&format!("{text}{syncs} syncs in {files} files are sound; {warnings} warnings"));
            } else {
                super::say(text.trim_end());
            }
        }
    }
    if errors > 0 { Err(format!("{errors} errors in {files} files").into()) } else { Ok(()) }
}
