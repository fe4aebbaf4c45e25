//! A trace as people read it: what became of the flow as a whole, a tree of causes, then what nearly happened.
//!
//! Nobody reads megabytes, so this tells as much as a person looks at. What is left out is counted; the other forms have it.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::Value;

use super::{Near, Told, Trace};

/// Records at most.
const RECORDS: usize = 200;
/// Levels of causes at most.
const LEVELS: usize = 32;
/// Bytes of the tree, and of what nearly happened, after which nothing is begun any more.
const TREE: usize = 36 << 10;
const NEAR: usize = 16 << 10;
/// Bytes of one input, result or message.
const PART: usize = 1 << 10;

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow {}", self.flow)?;
        let (whole, single): (Vec<&Near>, Vec<&Near>) =
            self.near.iter().partition(|near| near.sync.is_empty());
        let mut text = String::new();
        for near in whole {
            tell(near, &mut text);
        }
        f.write_str(&text)?;
        let mut tree = Tree::of(self);
        for root in tree.after(None) {
            tree.branch(root, 0);
        }
        f.write_str(&tree.text)?;
        if tree.shown < self.records.len() {
            write!(f, "\n  … and {} more records", thousands(self.records.len() - tree.shown))?;
        }
        text.clear();
        for (at, near) in single.iter().enumerate() {
            if text.len() > NEAR {
                text.push_str(&format!("\n  … and {} more", single.len() - at));
                break;
            }
            tell(near, &mut text);
        }
        f.write_str(&text)
    }
}

/// Says why a sync did nothing.
fn tell(near: &Near, text: &mut String) {
    let Near { sync, place, line, why, values, .. } = near;
    let name = if sync.is_empty() { "the flow" } else { sync };
    text.push_str(&format!("\n  ✗ {name}: {}", clipped(why)));
    if !place.is_empty() {
        text.push_str(&format!("\n      {place}  {}", clipped(line)));
    }
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        text.push_str(&format!("\n      with {}", clipped(&values.join(", "))));
    }
}

struct Tree<'t> {
    /// What followed from which record; from none, what has no cause that is known.
    children: HashMap<Option<i32>, Vec<&'t Told>>,
    text: String,
    shown: usize,
}

impl<'t> Tree<'t> {
    fn of(trace: &'t Trace) -> Self {
        let known: HashSet<i32> = trace.records.iter().map(|record| record.n).collect();
        let mut children: HashMap<Option<i32>, Vec<&Told>> = HashMap::new();
        for record in &trace.records {
            let parent = Trace::parent(record).filter(|parent| known.contains(parent));
            children.entry(parent).or_default().push(record);
        }
        Self { children, text: String::new(), shown: 0 }
    }

    fn after(&self, parent: Option<i32>) -> Vec<&'t Told> {
        self.children.get(&parent).cloned().unwrap_or_default()
    }

    /// A record and what followed from it, each sync on a line above what it did.
    fn branch(&mut self, record: &Told, level: usize) {
        if level == LEVELS || self.is_full() {
            return;
        }
        self.shown += 1;
        let indent = "  ".repeat(2 * level + 1);
        self.text.push_str(&format!("\n{indent}{}", line(record)));
        let mut above: Option<&str> = None;
        for child in self.after(Some(record.n)) {
            if level + 1 == LEVELS || self.is_full() {
                return;
            }
            let sync = child.cause.as_ref().map_or("", |cause| &*cause.sync);
            if above != Some(sync) {
                self.text.push_str(&format!("\n{indent}  by {sync}"));
                above = Some(sync);
            }
            self.branch(child, level + 1);
        }
    }

    fn is_full(&self) -> bool {
        self.shown == RECORDS || self.text.len() > TREE
    }
}

fn line(Told { n, concept, action, input, output, error, .. }: &Told) -> String {
    let admit = if *n < 0 { "admit " } else { "" };
    let done = format!("{admit}{concept}.{action} {}", clipped(&input.to_string()));
    match (output, error) {
        (_, Some(error)) => {
            let code = error["code"].as_str().unwrap_or("?");
            format!("{done} ✗ {code} {}", clipped(&error["message"].to_string()))
        }
        (Some(output), None) if !is_empty(output) => format!("{done} → {}", clipped(&output.to_string())),
        (Some(_) | None, None) => done,
    }
}

fn is_empty(output: &Value) -> bool {
    output.as_object().is_some_and(serde_json::Map::is_empty)
}

/// As much of a text as is worth reading.
fn clipped(text: &str) -> String {
    let end = text.floor_char_boundary(PART);
    if end == text.len() { text.to_owned() } else { format!("{}… ({} bytes)", &text[..end], text.len()) }
}

/// A number as people read it.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}
