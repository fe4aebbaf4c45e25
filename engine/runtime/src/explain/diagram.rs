//! A trace as a Mermaid diagram.

use std::fmt::Write as _;

use super::Trace;

impl Trace {
    /// The tree of causes as a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        // Writing to a string does not fail.
        for record in &self.records {
            let failed = if record.error.is_some() { " ✗" } else { "" };
            let _ = writeln!(text, "  r{}[\"{}.{}{failed}\"]", record.n, record.concept, record.action);
        }
        for record in &self.records {
            let Some(cause) = &record.cause else { continue };
            for from in &cause.records {
                let _ = writeln!(text, "  r{from} -->|\"{}\"| r{}", cause.sync, record.n);
            }
        }
        text
    }
}
