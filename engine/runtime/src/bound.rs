//! When a flow counts as one that has no end.
//!
//! Three things grow with a flow: what it did, what is due, and what its records hold on to. Each has its bound, far beyond
//! what rules that make sense come to; a flow that passes one is stopped with everything that is due in it.

use std::collections::HashSet;

use concord::{Json, Value};

use crate::fact::Fact;

/// Bytes that the records of a flow may hold on to, beside its stimulus.
pub(crate) const BYTES: usize = 64 << 20;

/// How many firings a flow may have for each action that it may have: most of them dropped.
pub(crate) const FIRINGS: usize = 10;

/// Of what a flow had too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    Actions,
    /// Firings that are due at one time.
    Due,
    /// Firings, those that were dropped included.
    Firings,
    Bytes,
}

impl Excess {
    /// What there was too much of, and what the syncs have to do with it: their names follow.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Actions => "too many actions, which wake each other, by",
            Self::Due => "too many firings are due at once, of",
            Self::Firings => "too many firings, of",
            Self::Bytes => "its records are too large, by",
        }
    }
}

/// What is shorter, in bytes or items, is counted wherever it stands: that costs less than to look whether it is shared.
const LARGE: usize = 256;

/// What records hold on to. What is large and shared counts once, so that what is passed on to many weighs no more than
/// what stays.
#[derive(Default)]
pub(crate) struct Weight {
    pub(crate) bytes: usize,
    /// Where the large parts lie. They stay there while the records do.
    seen: HashSet<usize>,
}

impl Weight {
    pub(crate) fn add(&mut self, fact: &Fact) {
        let (given, record) = (fact.given(), &fact.record);
        self.json(given);
        if let Ok(output) = &record.outcome {
            self.json(output);
        }
        // What is kept of a value shares its parts.
        if matches!((given, &record.input), (Json::Text(_), _) | (_, Json::Text(_))) {
            self.json(&record.input);
        }
    }

    fn json(&mut self, json: &Json) {
        match json {
            Json::Text(text) => self.part(text.as_ptr().addr(), text.len()),
            Json::Value(value) => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
            Value::Text(text) => {
                // Not to be read for this.
                let text: &str = if let Some(json) = text.json() { json } else { text };
                self.part(text.as_ptr().addr(), text.len());
            }
            Value::List(items) => {
                if self.opens(items.as_ptr().addr(), items.len()) {
                    self.bytes += size_of_val(&**items);
                    items.iter().for_each(|item| self.value(item));
                }
            }
            Value::Object(fields) => {
                if self.opens(fields.as_ptr().addr(), fields.len()) {
                    self.bytes += size_of_val(&**fields);
                    fields.iter().for_each(|(_, value)| self.value(value));
                }
            }
        }
    }

    fn part(&mut self, place: usize, length: usize) {
        if self.opens(place, length) {
            self.bytes += length;
        }
    }

    /// Whether what lies there is to be counted.
    fn opens(&mut self, place: usize, length: usize) -> bool {
        length < LARGE || self.seen.insert(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_and_shared_weighs_once() {
        let mut weight = Weight::default();
        let large = Value::text("x".repeat(10_000));
        let list = Value::List(vec![large.clone(); 1_000].into());
        weight.value(&large);
        weight.value(&list);
        let once = weight.bytes;
        assert!((10_000..100_000).contains(&once), "{once}");
        weight.value(&list);
        assert_eq!(weight.bytes, once);
        weight.value(&Value::text("x".repeat(10_000)));
        assert_eq!(weight.bytes, once + 10_000, "another one of the same letters");
    }
}
