//! What the store should be: a map, and transactions one after the other.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use super::lab::Item;
use super::script::{Cell, Query, Side, Step, Values, item, name};

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Documents.
    Docs(Vec<Item>),
    /// Whether there was a document.
    Was(bool),
    /// A document was written.
    Written,
    /// It was not: there is one with its id or its tag. Which of the two is said is the transaction's choice.
    Taken,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    docs: BTreeMap<Cell, Values>,
}

impl Model {
    pub(super) fn take(&mut self, step: Step) -> Seen {
        match step {
            Step::Get(cell) => {
                Seen::Docs(self.docs.get(&cell).map(|at| item(cell, *at)).into_iter().collect())
            }
            Step::Insert(cell, _) if self.docs.contains_key(&cell) => Seen::Taken,
            Step::Put(cell, values) | Step::Insert(cell, values) => self.write(cell, values),
            Step::Delete(cell) => Seen::Was(self.docs.remove(&cell).is_some()),
            Step::Find(query) => Seen::Docs(self.find(query)),
            Step::Scan(side, after, limit) => {
                let is_after = |item: &Item| after.is_none_or(|after| *item.id.as_str() > *name(after));
                Seen::Docs(self.of(side).filter(is_after).take(limit).collect())
            }
        }
    }

    fn write(&mut self, cell: Cell, values: Values) -> Seen {
        let mut others = self.docs.iter().filter(|(other, _)| other.side == cell.side && **other != cell);
        if values.tag.is_some() && others.any(|(_, other)| other.tag == values.tag) {
            return Seen::Taken;
        }
        self.docs.insert(cell, values);
        Seen::Written
    }

    fn find(&self, query: Query) -> Vec<Item> {
        let group = name(query.group);
        let mut found: Vec<Item> = self.of(query.side).filter(|item| item.group == group).collect();
        if let Some(ranks) = query.ranks {
            found.retain(|item| ranks.contains(&item.rank));
            found.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
        }
        if query.descending {
            found.reverse();
        }
        found.truncate(query.limit);
        found
    }

    /// All documents of a collection, by id.
    fn of(&self, side: Side) -> impl Iterator<Item = Item> {
        self.docs.iter().filter(move |(cell, _)| cell.side == side).map(|(cell, values)| item(*cell, *values))
    }
}
