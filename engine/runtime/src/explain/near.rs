//! Near misses: rules that could have fired, and the line that stopped them.

use std::collections::HashSet;

use concord::Value;
use concord_lang::Span;
use concord_lang::plan::{Match, Sync, Test};

use super::Near;
use crate::app::App;
use crate::eval::pattern::fits;
use crate::fact::Fact;
use crate::flow::{Failure, Flow, Note, What};
use crate::matching::Outside;
use crate::rules::SyncId;

/// How many to tell at most: the first ones are the nearest.
const MOST: usize = 20;

pub(super) fn misses(app: &App, flow: &Flow) -> Vec<Near> {
    // What became of the whole comes first: it is why most people ask.
    let (whole, firings): (Vec<&Note>, Vec<&Note>) = flow.notes.iter().partition(|note| note.cause.is_none());
    let notes = whole.into_iter().chain(firings).take(MOST);
    let mut near: Vec<Near> = notes.map(|note| told(app, note)).collect();
    let woken: HashSet<&str> = flow
        .records
        .iter()
        .filter_map(|record| record.cause.as_ref())
        .chain(flow.notes.iter().filter_map(|note| note.cause.as_ref()))
        .map(|cause| &*cause.sync)
        .collect();
    let rules = &app.inner.engine.rules;
    let facts: Vec<Fact> = flow.records.iter().cloned().map(Fact::of_record).collect();
    let mut candidates: Vec<SyncId> = Vec::new();
    for fact in &facts {
        rules.index.found_by(fact, &mut candidates);
    }
    candidates.sort_unstable();
    candidates.dedup();
    let asleep = candidates.into_iter().filter(|sync| !woken.contains(&**rules.name(*sync)));
    near.extend(asleep.filter_map(|sync| unmatched(app, sync, &facts)));
    near.truncate(MOST);
    near
}

/// A note in words.
fn told(app: &App, note: &Note) -> Near {
    let rules = &app.inner.engine.rules;
    let sync = note.cause.as_ref().and_then(|cause| rules.by_name(&cause.sync));
    let sync = sync.map(|id| &rules.plan.syncs[id as usize]);
    let line = |line: usize| sync.and_then(|sync| Some(sync.body.get(line)?.span));
    let (span, frame, why) = match &note.what {
        What::Dropped { line: at, frame } => {
            (line(*at), Some(frame), "this line dropped the last frame".to_owned())
        }
        What::Refused { line: at, frame, failure: Failure { code, message, .. } } => {
            (at.and_then(line), Some(frame), format!("refused with {code}: {message}"))
        }
        What::SecondResponse => (None, None, "a second response, which nobody received".to_owned()),
        What::Unanswered => (None, None, "no sync responded to the request".to_owned()),
        What::Endless { excess, syncs } => {
            (None, None, format!("the flow was stopped at its bound: {} {syncs}", excess.text()))
        }
    };
    let span = span.or(sync.map(|sync| sync.span));
    let (place, text) = span.map(|span| at(app, span)).unwrap_or_default();
    Near {
        sync: note.cause.as_ref().map(|cause| cause.sync.to_string()).unwrap_or_default(),
        records: note.cause.as_ref().map(|cause| cause.records.to_vec()).unwrap_or_default(),
        values: sync.zip(frame).map(|(sync, frame)| values(sync, frame, &text)).unwrap_or_default(),
        place,
        line: text,
        why,
    }
}

fn at(app: &App, span: Span) -> (String, String) {
    let sources = app.sources();
    let text = sources.text(span).split_whitespace().collect::<Vec<&str>>().join(" ");
    (sources.line_of(span), text)
}

/// The variables that a line speaks of.
fn values(sync: &Sync, frame: &[Value], line: &str) -> serde_json::Map<String, serde_json::Value> {
    let words: HashSet<&str> = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    let named = sync.slots.iter().zip(frame).filter(|(name, _)| words.contains(&***name));
    named.map(|(name, value)| (name.to_string(), serde_json::to_value(value).unwrap_or_default())).collect()
}

/// A sync of which not every line has happened: the first line that has not.
fn unmatched(app: &App, id: SyncId, facts: &[Fact]) -> Option<Near> {
    let engine = &app.inner.engine;
    let rules = &engine.rules;
    let sync = &rules.plan.syncs[id as usize];
    let mut frame = vec![Value::Null; sync.slots.len()];
    let mut records = Vec::new();
    for line in &sync.when {
        let mut why = format!("{} did not happen", at(app, line.span).1);
        let mut matched = None;
        for (number, fact) in (0..).zip(facts).filter(|(_, fact)| fact.action() == line.action) {
            let mut tried = frame.clone();
            let mut outside = Outside::of(engine);
            if fact.has_failed() != line.fails {
                why = if fact.has_failed() { "it failed".into() } else { "it did not fail".into() };
            } else if fits(&line.input, fact.input(), &mut tried, &mut outside)
                && fits(&line.output, fact.output(), &mut tried, &mut outside)
            {
                matched = Some((number, tried));
                break;
            } else if let Some(found) = mismatch(&line.input, fact.input(), &frame)
                .or_else(|| mismatch(&line.output, fact.output(), &frame))
            {
                why = found;
            }
        }
        let Some((number, tried)) = matched else {
            let (place, text) = at(app, line.span);
            let values = values(sync, &frame, &text);
            return Some(Near { sync: rules.name(id).to_string(), records, place, line: text, why, values });
        };
        records.push(number);
        frame = tried;
    }
    None
}

/// The first field that is not what the pattern says.
fn mismatch(fields: &[Match], value: &Value, frame: &[Value]) -> Option<String> {
    fields.iter().find_map(|field| {
        let found = value.field(&field.key);
        match &field.test {
            Test::Bind(_) => None,
            Test::Same(slot) => {
                let wanted = frame.get(*slot)?;
                (*wanted != found).then(|| format!("`{}` is {found}, not {wanted}", field.key))
            }
            Test::Is(wanted) => {
                (*wanted != found).then(|| format!("`{}` is {found}, not {wanted}", field.key))
            }
            Test::Inside(inner) => match found {
                Value::Object(_) => mismatch(inner, &found, frame),
                _ => Some(format!("`{}` is {found}, not an object", field.key)),
            },
        }
    })
}
