//! Which version is the newest, and which ones are being read.
//!
//! Snapshots are taken of the newest version alone and are short, so the versions that are being read are few and in
//! order: a list does, and makes opening and closing a snapshot a push and a pop.

use std::collections::VecDeque;

use concord::storage::Version;

#[derive(Default)]
pub(crate) struct Clock {
    newest: Version,
    /// How many snapshots there are of a version; oldest first, none of them without any.
    readers: VecDeque<(Version, usize)>,
}

impl Clock {
    /// The next version, and the oldest one that is still being read or will be.
    pub(crate) fn tick(&mut self) -> (Version, Version) {
        self.newest += 1;
        (self.newest, self.oldest())
    }

    /// Goes on to a version that others have counted.
    pub(crate) fn advance(&mut self, to: Version) {
        self.newest = self.newest.max(to);
    }

    /// The newest version.
    pub(crate) fn newest(&self) -> Version {
        self.newest
    }

    /// Begins a snapshot; of which version.
    pub(crate) fn enter(&mut self) -> Version {
        match self.readers.back_mut() {
            Some((version, count)) if *version == self.newest => *count += 1,
            _ => self.readers.push_back((self.newest, 1)),
        }
        self.newest
    }

    /// Ends a snapshot of this version.
    pub(crate) fn leave(&mut self, at: Version) {
        let Ok(place) = self.readers.binary_search_by_key(&at, |(version, _)| *version) else { return };
        let Some((_, count)) = self.readers.get_mut(place) else { return };
        *count -= 1;
        if *count == 0 {
            self.readers.remove(place);
        }
    }

    /// The oldest version that is still being read or will be.
    pub(crate) fn oldest(&self) -> Version {
        self.readers.front().map_or(self.newest, |(version, _)| *version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_is_that_of_the_oldest_snapshot() {
        let mut clock = Clock::default();
        let first = clock.enter();
        clock.tick();
        let (second, third) = (clock.enter(), clock.enter());
        clock.tick();
        assert_eq!((clock.oldest(), second), (first, third));
        clock.leave(second);
        clock.leave(first);
        assert_eq!(clock.oldest(), third);
        clock.leave(third);
        assert_eq!(clock.oldest(), 2);
        assert!(clock.readers.is_empty());
    }
}
