//! Which syncs an action may wake.
//!
//! Every sync is found by one of its lines, the one that is hardest to satisfy: a line with a literal (`route`, `event`,
//! `every`) is found by action and literal, in one look at a table. So ten thousand other rules cost nothing, whether
//! they name other actions or the same ones with other literals. A sync with several lines is found by one of them and
//! from then on, in that flow, waits for the others: what never happens is never looked for.

use std::collections::HashMap;
use std::sync::Arc;

use concord::Value;
use concord_lang::plan::{Match, Sync, Test, When};
use concord_lang::{ActionId, Plan};

use crate::fact::Fact;

/// A sync's place in the plan.
pub(crate) type SyncId = u32;

#[derive(Default)]
pub(crate) struct Index {
    /// By instance, then by action: asked for every record, so it is a place and not a key.
    by_action: Vec<Vec<Entry>>,
}

#[derive(Default)]
struct Entry {
    /// By a literal field of the input.
    by_literal: Vec<(Arc<str>, ByLiteral)>,
    /// Those without one.
    rest: Vec<SyncId>,
    /// Some sync has a line with this action, whichever line it is found by.
    waited_for: bool,
}

type ByLiteral = HashMap<Literal, Vec<SyncId>>;

#[derive(PartialEq, Eq, Hash)]
enum Literal {
    Text(Arc<str>),
    Int(i64),
    Bool(bool),
}

impl Literal {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(Self::Text(text.share())),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Null | Value::Float(_) | Value::List(_) | Value::Object(_) => None,
        }
    }
}

impl Index {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut popular: HashMap<ActionId, usize> = HashMap::new();
        for line in plan.syncs.iter().flat_map(|sync| &sync.when) {
            *popular.entry(line.action).or_default() += 1;
        }
        let mut index = Self::default();
        for (id, sync) in (0..).zip(&plan.syncs) {
            for line in &sync.when {
                index.make(line.action).waited_for = true;
            }
            if let Some(line) = best(sync, &popular) {
                index.make(line.action).add(id, line);
            }
        }
        index
    }

    /// Whether any sync has a line with this action.
    pub(crate) fn listens(&self, action: ActionId) -> bool {
        self.entry(action).is_some_and(|entry| entry.waited_for)
    }

    fn entry(&self, action: ActionId) -> Option<&Entry> {
        let (instance, action) = halves(action);
        self.by_action.get(instance)?.get(action)
    }

    fn make(&mut self, action: ActionId) -> &mut Entry {
        let (instance, action) = halves(action);
        if self.by_action.len() <= instance {
            self.by_action.resize_with(instance + 1, Vec::new);
        }
        let entries = &mut self.by_action[instance];
        if entries.len() <= action {
            entries.resize_with(action + 1, Entry::default);
        }
        &mut entries[action]
    }

    /// The syncs that are found by this fact.
    pub(crate) fn found_by(&self, fact: &Fact, found: &mut Vec<SyncId>) {
        let Some(entry) = self.entry(fact.action()) else { return };
        found.extend_from_slice(&entry.rest);
        for (key, literals) in &entry.by_literal {
            if let Some(literal) = Literal::of(fact.input().get(key)) {
                found.extend_from_slice(literals.get(&literal).map_or(&[], Vec::as_slice));
            }
        }
    }
}

/// An action's two places, as [`ActionRef`](crate::ActionRef) has them.
fn halves(ActionId(id): ActionId) -> (usize, usize) {
    ((id >> 16) as usize, (id & 0xFFFF) as usize)
}

impl Entry {
    fn add(&mut self, sync: SyncId, line: &When) {
        let Some((key, literal)) = line.input.iter().find_map(literal) else {
            self.rest.push(sync);
            return;
        };
        let at = self.by_literal.iter().position(|(other, _)| other == key).unwrap_or_else(|| {
            self.by_literal.push((Arc::clone(key), HashMap::new()));
            self.by_literal.len() - 1
        });
        self.by_literal[at].1.entry(literal).or_default().push(sync);
    }
}

/// The line that a sync is found by.
fn best<'s>(sync: &'s Sync, popular: &HashMap<ActionId, usize>) -> Option<&'s When> {
    let rank = |line: &&When| {
        let plain = !line.input.iter().any(|field| literal(field).is_some());
        (plain, popular.get(&line.action).copied().unwrap_or_default())
    };
    sync.when.iter().min_by_key(rank)
}

/// A field that is a literal and has no default: one that the record itself must have.
fn literal(field: &Match) -> Option<(&Arc<str>, Literal)> {
    match &field.test {
        Test::Is(value) if field.default.is_none() => Some((&field.key, Literal::of(value)?)),
        Test::Is(_) | Test::Bind(_) | Test::Same(_) | Test::Inside(_) => None,
    }
}
