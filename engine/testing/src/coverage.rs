//! Which rules a test has seen at work.
//!
//! Read from the flows in memory, so a test asks before its app has forgotten them.

use std::collections::BTreeSet;
use std::fmt;

use concord_runtime::App;

/// What no flow has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Syncs that never fired.
    pub unfired: Vec<String>,
    /// Lines with an `else` that never refused: `path:line`.
    pub unrefused: Vec<String>,
}

impl Coverage {
    pub(crate) fn of(app: &App) -> Self {
        let (mut fired, mut stopped) = (BTreeSet::new(), BTreeSet::new());
        for flow in app.flows() {
            let trace = app.trace(&flow);
            fired.extend(trace.records.into_iter().filter_map(|record| Some(record.cause?.sync)));
            stopped.extend(trace.near.into_iter().map(|near| near.place));
        }
        let plan = app.plan();
        let name = |sync: &concord_lang::plan::Sync| match &*sync.folder {
            "" => sync.name.to_string(),
            folder => format!("{folder}/{}", sync.name),
        };
        let lines = plan.syncs.iter().flat_map(|sync| &sync.body).filter(|line| line.otherwise.is_some());
        let places = lines.map(|line| app.sources().line_of(line.span));
        Self {
            unfired: plan.syncs.iter().map(name).filter(|name| !fired.contains(name)).collect(),
            unrefused: places.filter(|place| !stopped.contains(place)).collect(),
        }
    }

    /// Whether every sync fired and every `else` refused.
    pub fn is_whole(&self) -> bool {
        self.unfired.is_empty() && self.unrefused.is_empty()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            return f.write_str("every sync fired and every `else` refused");
        }
        for sync in &self.unfired {
            writeln!(f, "never fired: {sync}")?;
        }
        for place in &self.unrefused {
            writeln!(f, "never refused: {place}")?;
        }
        Ok(())
    }
}
