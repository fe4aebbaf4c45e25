//! A trace as people read it: a tree of causes, then what nearly happened.

use std::fmt;

use super::{Told, Trace};

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow {}", self.flow)?;
        let known = |n: i32| self.records.iter().any(|record| record.n == n);
        let roots =
            self.records.iter().filter(|record| Self::parent(record).is_none_or(|parent| !known(parent)));
        for root in roots {
            self.branch(f, root, 1)?;
        }
        for near in &self.near {
            let name = if near.sync.is_empty() { "the flow" } else { &near.sync };
            write!(f, "\n  ✗ {name}: {}", near.why)?;
            if !near.place.is_empty() {
                write!(f, "\n      {}  {}", near.place, near.line)?;
            }
            if !near.values.is_empty() {
                let values: Vec<String> =
                    near.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                write!(f, "\n      with {}", values.join(", "))?;
            }
        }
        Ok(())
    }
}

impl Trace {
    /// A record and all that followed from it, each sync on a line above what it did.
    fn branch(&self, f: &mut fmt::Formatter<'_>, record: &Told, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        let Told { concept, action, input, output, error, .. } = record;
        let admit = if record.n < 0 { "admit " } else { "" };
        write!(f, "\n{indent}{admit}{concept}.{action} {input}")?;
        match (output, error) {
            (_, Some(error)) => {
                let code = error["code"].as_str().unwrap_or("?");
                write!(f, " ✗ {code} {}", error["message"])?;
            }
            (Some(output), None) if output.as_object().is_none_or(|fields| !fields.is_empty()) => {
                write!(f, " → {output}")?;
            }
            (Some(_) | None, None) => {}
        }
        let mut above: Option<&str> = None;
        for child in self.records.iter().filter(|child| Self::parent(child) == Some(record.n)) {
            let sync = child.cause.as_ref().map_or("", |cause| &*cause.sync);
            if above != Some(sync) {
                write!(f, "\n{indent}  by {sync}")?;
                above = Some(sync);
            }
            self.branch(f, child, depth + 2)?;
        }
        Ok(())
    }
}
