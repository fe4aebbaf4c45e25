//! The versions of one document.

use concord::storage::{NewDoc, Version};

/// A version of a document. None stands for its absence.
pub(crate) type Kept = (Version, Option<NewDoc>);

/// The newest version and, oldest first, those that somebody may still ask for. Nearly always none, and an empty list
/// takes no memory.
pub(crate) struct Chain {
    newest: Kept,
    older: Vec<Kept>,
}

impl Chain {
    pub(super) fn new(newest: Kept) -> Self {
        Self { newest, older: Vec::new() }
    }

    pub(super) fn push(&mut self, newest: Kept) {
        self.older.push(std::mem::replace(&mut self.newest, newest));
    }

    /// The version that a reader at `at` sees.
    pub(crate) fn at(&self, at: Version) -> Option<&Kept> {
        if self.newest.0 <= at {
            return Some(&self.newest);
        }
        self.older.iter().rev().find(|(version, _)| *version <= at)
    }

    /// The version of the document, if it is there now.
    pub(crate) fn current(&self) -> Option<Version> {
        self.newest.1.as_ref().map(|_| self.newest.0)
    }

    /// Drops and returns the versions that no reader at `oldest` or later can see.
    pub(super) fn forget(&mut self, oldest: Version) -> Vec<Kept> {
        let unseen = if self.newest.0 <= oldest {
            self.older.len()
        } else {
            self.older.iter().rposition(|(version, _)| *version <= oldest).unwrap_or(0)
        };
        let gone = self.older.drain(..unseen).collect();
        self.older.shrink_to_fit();
        gone
    }

    /// The newest version.
    pub(crate) fn newest(&self) -> &Kept {
        &self.newest
    }

    /// Takes back what is newer than `at`. Whether nothing is left.
    pub(super) fn retract(&mut self, at: Version) -> bool {
        while self.newest.0 > at {
            let Some(before) = self.older.pop() else { return true };
            self.newest = before;
        }
        false
    }

    /// Whether nothing is left but the document's absence.
    pub(super) fn is_gone(&self) -> bool {
        self.older.is_empty() && self.newest.1.is_none()
    }

    /// Whether any version has this key in the index at `place`.
    pub(super) fn has_key(&self, place: usize, key: &[u8]) -> bool {
        self.older.iter().chain([&self.newest]).any(|kept| key_of(kept, place) == Some(key))
    }

    /// How many versions there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.older.len() + 1
    }
}

pub(super) fn key_of((_, doc): &Kept, place: usize) -> Option<&[u8]> {
    doc.as_ref()?.keys.get(place).map(AsRef::as_ref)
}
