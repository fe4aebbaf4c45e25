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
            let _ = writeln!(text, "  {}[\"{}.{}{failed}\"]", node(record.n), record.concept, record.action);
        }
        let has_stimulus = self.records.iter().any(|record| record.n == 0);
        for record in self.records.iter().filter(|record| record.n < 0 && has_stimulus) {
            let _ = writeln!(text, "  {} -->|\"admit\"| r0", node(record.n));
        }
        for record in &self.records {
            let Some(cause) = &record.cause else { continue };
            for from in &cause.records {
                let _ = writeln!(text, "  r{from} -->|\"{}\"| {}", cause.sync, node(record.n));
            }
        }
        text
    }
}

/// What a record is called in the diagram.
fn node(n: i32) -> String {
    if n < 0 { format!("a{}", n.unsigned_abs()) } else { format!("r{n}") }
}
