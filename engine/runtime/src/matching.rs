//! Which syncs new records complete.
//!
//! A match is found by the newest of its records, so it is found once: the other lines look only at older ones. What a
//! flow's commit would make due has to be known before the commit, so finding is a pure function of the facts.

use std::cell::OnceCell;
use std::sync::Arc;

use concord::{Ids, Millis, Value};
use concord_lang::plan::Sync;

use crate::clock::Clock;
use crate::eval::pattern::fits;
use crate::eval::{Frame, Surroundings};
use crate::fact::Fact;
use crate::rules::{Rules, SyncId};
use crate::transaction::Engine;

/// A record's number within its flow.
pub(crate) type RecordId = u32;

/// A sync whose lines have all happened.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) sync: SyncId,
    /// One record for each line of `when`.
    pub(crate) records: Arc<[RecordId]>,
    /// What the lines bound.
    pub(crate) frame: Frame,
}

/// What new records lead to.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) matches: Vec<Match>,
    /// Syncs with several lines of which one has happened now.
    pub(crate) armed: Vec<SyncId>,
}

/// Bytes of one value that a pattern's default may build; beyond it, it is null.
const LARGEST: usize = 16 << 20;

/// What a pattern's default may know of the world.
pub(crate) struct Outside<'a> {
    clock: &'a dyn Clock,
    /// The time, once somebody asked: it stands still from then on.
    now: OnceCell<Millis>,
    ids: &'a dyn Ids,
}

impl<'a> Outside<'a> {
    pub(crate) fn of(engine: &'a Engine) -> Self {
        Self { clock: &*engine.clock, now: OnceCell::new(), ids: &*engine.ids }
    }
}

impl Surroundings for Outside<'_> {
    fn now(&self) -> i64 {
        self.now.get_or_init(|| self.clock.now()).0
    }

    fn fresh(&mut self) -> Arc<str> {
        format!("{:032x}", self.ids.bits()).into()
    }

    /// Patterns look at what is there: they build next to nothing, and none of it stays.
    fn may_build(&mut self, bytes: usize) -> bool {
        bytes <= LARGEST
    }
}

pub(crate) struct Matcher<'a> {
    pub(crate) rules: &'a Rules,
    /// All facts of the flow, the new ones at the end.
    pub(crate) facts: &'a [Fact],
    /// Syncs that wait for their other lines.
    pub(crate) armed: &'a [SyncId],
    pub(crate) outside: Outside<'a>,
    /// How many matches are worth finding: a flow with one more is stopped.
    pub(crate) room: usize,
    pub(crate) scratch: &'a mut Scratch,
}

/// What a flow's searches use one after the other, so that each need not allocate it.
#[derive(Default)]
pub(crate) struct Scratch {
    candidates: Vec<SyncId>,
    /// The records of the lines so far.
    chosen: Vec<RecordId>,
    /// What those lines bind. A line that did not match may have left something behind; whoever tries it again binds it
    /// again before looking at it.
    frame: Frame,
}

impl Matcher<'_> {
    /// What the facts from the one at `first` on complete, in the order in which it fires; not all of it, if that is more
    /// than there is room for.
    pub(crate) fn find(&mut self, first: usize) -> Found {
        let mut found = Found::default();
        let mut candidates = std::mem::take(&mut self.scratch.candidates);
        'facts: for newest in first..self.facts.len() {
            let fact = &self.facts[newest];
            if !self.rules.index.listens(fact.action()) {
                continue;
            }
            candidates.clear();
            self.rules.index.found_by(fact, &mut candidates);
            for &sync in self.armed.iter().chain(&found.armed) {
                if self.sync(sync).when.iter().any(|line| line.action == fact.action()) {
                    candidates.push(sync);
                }
            }
            candidates.sort_unstable();
            candidates.dedup();
            for &sync in &candidates {
                if self.sync(sync).when.len() > 1
                    && !self.armed.contains(&sync)
                    && !found.armed.contains(&sync)
                {
                    found.armed.push(sync);
                }
                self.complete(sync, newest, &mut found.matches);
                if found.matches.len() > self.room {
                    break 'facts;
                }
            }
        }
        self.scratch.candidates = candidates;
        found
    }

    fn sync(&self, sync: SyncId) -> &Sync {
        &self.rules.plan.syncs[sync as usize]
    }

    /// The matches of a sync in which the newest record takes part.
    fn complete(&mut self, id: SyncId, newest: usize, matches: &mut Vec<Match>) {
        let sync = &self.rules.plan.syncs[id as usize];
        let action = self.facts[newest].action();
        for place in 0..sync.when.len() {
            if sync.when[place].action == action && matches.len() <= self.room {
                self.scratch.frame.clear();
                self.scratch.frame.extend(std::iter::repeat_n(Value::Null, sync.slots.len()));
                self.join(&mut Join { id, sync, place, newest, matches });
            }
        }
    }

    /// Tries all records for the next line.
    fn join(&mut self, join: &mut Join<'_>) {
        let at = self.scratch.chosen.len();
        let Some(line) = join.sync.when.get(at) else { return };
        let facts = self.facts;
        let records = if at == join.place { join.newest..join.newest + 1 } else { 0..join.newest };
        for record in records {
            let fact = &facts[record];
            let number = RecordId::try_from(record).unwrap_or(RecordId::MAX);
            if fact.action() != line.action
                || fact.has_failed() != line.fails
                || self.scratch.chosen.contains(&number)
            {
                continue;
            }
            let frame = &mut self.scratch.frame;
            if fits(&line.input, fact.input(), frame, &mut self.outside)
                && fits(&line.output, fact.output(), frame, &mut self.outside)
            {
                self.scratch.chosen.push(number);
                if at + 1 == join.sync.when.len() {
                    let Scratch { chosen, frame, .. } = &*self.scratch;
                    let records = chosen.as_slice().into();
                    join.matches.push(Match { sync: join.id, records, frame: frame.clone() });
                } else {
                    self.join(join);
                }
                self.scratch.chosen.pop();
                if join.matches.len() > self.room {
                    return;
                }
            }
        }
    }
}

struct Join<'a> {
    id: SyncId,
    sync: &'a Sync,
    /// The line that the newest record stands for.
    place: usize,
    newest: usize,
    matches: &'a mut Vec<Match>,
}
