//! The matcher against a naive one: random rules, random flows, the same firings.
//!
//! The naive one looks at a flow that is over and tries every line with every record. Each match that it finds must have
//! fired once, and nothing else may have.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use concord::{ConceptError, Data, Tx, concept};
use concord_runtime::{Told, Trace};
use concord_testing::Harness;
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Data)]
pub(crate) struct Both {
    both: String,
}

/// Why a step fails.
#[derive(Debug, thiserror::Error, ConceptError)]
pub(crate) enum Error {
    #[error("{x} is bad")]
    #[code(invalid, "BAD")]
    Bad { x: String },
}

/// Steps that lead to one another, and keep nothing.
#[concept]
#[derive(Default)]
pub(crate) struct Steps {}

fn step(x: String, y: &str) -> Result<Both, Error> {
    if x == "bad" { Err(Error::Bad { x }) } else { Ok(Both { both: x + y }) }
}

/// Be there for rules.
///
/// # Principle
/// If a step is done, it has been done.
#[concept]
impl Steps {
    /// The first.
    #[action]
    pub(crate) async fn a0(&self, _tx: &mut Tx, x: String, y: String) -> Result<Both, Error> {
        step(x, &y)
    }

    /// The second.
    #[action]
    pub(crate) async fn a1(&self, _tx: &mut Tx, x: String, y: String) -> Result<Both, Error> {
        step(x, &y)
    }

    /// The third.
    #[action]
    pub(crate) async fn a2(&self, _tx: &mut Tx, x: String, y: String) -> Result<Both, Error> {
        step(x, &y)
    }

    /// The last.
    #[action]
    pub(crate) async fn a3(&self, _tx: &mut Tx, x: String, y: String) -> Result<Both, Error> {
        step(x, &y)
    }
}

/// What a field is asked for, or given.
#[derive(Debug, Clone)]
enum Term {
    Ignored,
    Text(&'static str),
    Variable(usize),
}

#[derive(Debug, Clone)]
struct Line {
    action: usize,
    x: Term,
    y: Term,
    fails: bool,
}

#[derive(Debug, Clone)]
struct Rule {
    lines: Vec<Line>,
    /// How many levels above the highest line it acts.
    above: usize,
    x: Term,
    y: Term,
}

const TEXTS: [&str; 3] = ["p", "q", "bad"];

fn term() -> impl Strategy<Value = Term> {
    prop_oneof![
        1 => Just(Term::Ignored),
        1 => (0..TEXTS.len()).prop_map(|at| Term::Text(TEXTS[at])),
        3 => (0..3_usize).prop_map(Term::Variable),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (0..3_usize, term(), term(), prop::bool::weighted(0.2)).prop_map(|(action, x, y, fails)| Line {
        action,
        x,
        y,
        fails,
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (prop::collection::vec(line(), 1..4), 1..3_usize, term(), term()).prop_map(|(lines, above, x, y)| Rule {
        lines,
        above,
        x,
        y,
    })
}

impl Rule {
    fn acts(&self) -> usize {
        let highest = self.lines.iter().map(|line| line.action).max().unwrap_or(0);
        (highest + self.above).min(3)
    }

    fn text(&self, name: &str) -> String {
        let asked = |field: &str, term: &Term| match term {
            Term::Ignored => None,
            Term::Text(text) => Some(format!("{field}: {text:?}")),
            Term::Variable(v) => Some(format!("{field}: v{v}")),
        };
        let mut text = format!("sync {name}\nwhen\n");
        for Line { action, x, y, fails } in &self.lines {
            let fields: Vec<String> = [asked("x", x), asked("y", y)].into_iter().flatten().collect();
            let outcome = if *fails { " : error" } else { "" };
            // Writing to a string does not fail.
            let _ = writeln!(text, "  Steps.a{action} ({}){outcome}", fields.join(", "));
        }
        let given = |term: &Term| match term {
            Term::Variable(v) if self.binds(*v) => format!("v{v}"),
            Term::Text(text) => format!("{text:?}"),
            Term::Variable(_) | Term::Ignored => "\"p\"".to_owned(),
        };
        let _ =
            writeln!(text, "then\n  Steps.a{} (x: {}, y: {})", self.acts(), given(&self.x), given(&self.y));
        text
    }

    fn binds(&self, variable: usize) -> bool {
        let is_it = |term: &Term| matches!(term, Term::Variable(v) if *v == variable);
        self.lines.iter().any(|line| is_it(&line.x) || is_it(&line.y))
    }

    /// Every choice of different records for the lines, with which they agree.
    fn matches(&self, records: &[Told]) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        self.extend(records, &mut Vec::new(), &BTreeMap::new(), &mut found);
        found
    }

    fn extend(
        &self,
        records: &[Told],
        chosen: &mut Vec<u32>,
        bound: &BTreeMap<usize, Value>,
        found: &mut Vec<Vec<u32>>,
    ) {
        let Some(line) = self.lines.get(chosen.len()) else {
            found.push(chosen.clone());
            return;
        };
        for record in records {
            let is_it = record.action == format!("a{}", line.action) && record.error.is_some() == line.fails;
            let n = u32::try_from(record.n).unwrap();
            if !is_it || chosen.contains(&n) {
                continue;
            }
            let mut bound = bound.clone();
            let agrees = [("x", &line.x), ("y", &line.y)].into_iter().all(|(field, term)| match term {
                Term::Ignored => true,
                Term::Text(text) => record.input[field] == **text,
                Term::Variable(v) => {
                    *bound.entry(*v).or_insert_with(|| record.input[field].clone()) == record.input[field]
                }
            });
            if agrees {
                chosen.push(n);
                self.extend(records, chosen, &bound, found);
                chosen.pop();
            }
        }
    }
}

/// Rules that make sure that something happens for the random ones to see.
fn busy() -> Vec<Rule> {
    let on = |action, x| Line { action, x, y: Term::Variable(1), fails: false };
    let swap = |action| Rule {
        lines: vec![on(action, Term::Variable(0))],
        above: 1,
        x: Term::Variable(1),
        y: Term::Variable(0),
    };
    let bad = Rule { x: Term::Text("bad"), ..swap(0) };
    vec![swap(0), bad, Rule { x: Term::Text("q"), ..swap(0) }, swap(1)]
}

/// The flow that a step starts under these rules; none if it has no end worth waiting for.
async fn flow(rules: &[Rule], x: &str, y: &str) -> Option<Trace> {
    let text: String = rules.iter().enumerate().map(|(n, rule)| rule.text(&format!("R{n}"))).collect();
    let app = Harness::default().concept(Steps::default()).rules("r", &text).open().await;
    drop(app.call("Steps/a0", json!({ "x": x, "y": y })).await);
    app.quiet().await;
    let flow = app.app().flows().pop()?;
    (flow.records.len() < 2_000).then(|| app.trace(flow.id))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matcher_finds_what_a_naive_one_finds(
        random in prop::collection::vec(rule(), 1..6),
        x in 0..TEXTS.len(),
        y in 0..TEXTS.len(),
    ) {
        let rules: Vec<Rule> = busy().into_iter().chain(random).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if let Some(trace) = runtime.block_on(flow(&rules, TEXTS[x], TEXTS[y])) {
            for (n, rule) in rules.iter().enumerate() {
                let name = format!("r/R{n}");
                let causes = trace.records.iter().filter_map(|record| record.cause.as_ref());
                let mut fired: Vec<Vec<u32>> =
                    causes.filter(|cause| cause.sync == name).map(|cause| cause.records.clone()).collect();
                let mut naive = rule.matches(&trace.records);
                fired.sort();
                naive.sort();
                prop_assert_eq!(fired, naive, "{}", rule.text(&name));
            }
        }
    }
}
