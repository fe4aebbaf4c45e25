//! With what a route or a message may be refused: what its rules say, what the concepts they use say, and what the engine
//! says.
//!
//! What an `else` catches is left out as the engine catches it. Which of a concept's errors an action really gives is
//! not known, so all are listed.

use std::collections::BTreeSet;

use concord::Kind;
use concord_lang::Plan;
use concord_lang::plan::{Call, Expr, ExprKind, Mode, Step, StepKind, Sync};
use concord_runtime::{ActionRef, Registry};

use super::fault::Fault;
use super::walk::{inner, of_step};

/// What a line, and those lines that use it, keep to themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Caught {
    /// What an `else` of a view below refuses with.
    elses: bool,
    errors: Errors,
}

/// Which errors of concepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Errors {
    #[default]
    None,
    /// What is not there.
    NotFound,
    /// All that are not somebody else's fault: so does `admit` with those of its actions.
    OfClients,
}

impl Errors {
    fn has(self, kind: Kind) -> bool {
        match self {
            Self::None => false,
            Self::NotFound => kind == Kind::NotFound,
            Self::OfClients => !matches!(kind, Kind::Internal | Kind::Upstream | Kind::Unavailable),
        }
    }
}

impl Caught {
    /// What a line catches.
    fn by(line: &Step) -> Self {
        let elses = line.otherwise.is_some();
        let errors = match &line.kind {
            StepKind::Call(_, call) if elses && call.rows.is_none() => Errors::OfClients,
            StepKind::Call(Mode::Optional | Mode::OptionalFirst | Mode::No, _) => Errors::NotFound,
            StepKind::Call(Mode::Each | Mode::First, _) | StepKind::Let(..) | StepKind::Keep(_) if elses => {
                Errors::NotFound
            }
            StepKind::Call(Mode::Each | Mode::First, _) | StepKind::Let(..) | StepKind::Keep(_) => {
                Errors::None
            }
        };
        Self { elses, errors }
    }

    /// What either catches.
    fn or(self, other: Self) -> Self {
        Self { elses: self.elses || other.elses, errors: self.errors.max(other.errors) }
    }
}

/// Gathers refusals.
pub(super) struct Gathering<'a> {
    registry: &'a Registry,
    plan: &'a Plan,
    pub(super) found: Vec<Fault<'a>>,
    caught: Caught,
    /// The line of `admit` that is looked at.
    line: Option<usize>,
    /// Views that have been looked at, and from where.
    seen: BTreeSet<(usize, Caught, Option<usize>)>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(registry: &'a Registry, plan: &'a Plan) -> Self {
        let (found, seen) = (Vec::new(), BTreeSet::new());
        Self { registry, plan, found, caught: Caught::default(), line: None, seen }
    }

    /// One of the engine's own.
    pub(super) fn engine(&mut self, code: &'a str, kind: Kind, status: u16, message: &'a str) {
        self.found.push(Fault { concept: None, code, kind, status: Some(status), message, line: None });
    }

    /// What every flow may come to.
    pub(super) fn any_flow(&mut self) {
        self.engine("INTERNAL", Kind::Internal, 500, "an internal error");
        self.engine("UNAVAILABLE", Kind::Unavailable, 503, "the store takes no writes at the moment");
    }

    /// The lines of `admit`.
    pub(super) fn admit(&mut self, lines: &'a [Step]) {
        for (at, line) in lines.iter().enumerate() {
            self.line = Some(at);
            self.step(line);
        }
        self.line = None;
    }

    /// What a sync that stands on a stimulus refuses it with.
    pub(super) fn sync(&mut self, sync: &'a Sync) {
        for line in &sync.body {
            self.step(line);
        }
        for call in &sync.then {
            self.call(call);
            self.expressions(call.args.iter().map(|(_, value)| value));
        }
    }

    fn step(&mut self, line: &'a Step) {
        let outer = self.caught;
        self.caught = outer.or(Caught::by(line));
        if let StepKind::Call(_, call) = &line.kind {
            self.call(call);
        }
        self.expressions(of_step(line));
        self.caught = outer;
        if let Some(otherwise) = &line.otherwise {
            if !self.caught.elses {
                let (code, message) = (&*otherwise.code, &*otherwise.message);
                let (kind, line) = (otherwise.kind, self.line);
                self.found.push(Fault { concept: None, code, kind, status: None, message, line });
            }
            self.expressions(&otherwise.details);
        }
    }

    /// What the concept of a call refuses with.
    fn call(&mut self, call: &Call) {
        let action = ActionRef::from(call.action);
        let spec = self.registry.instance(action).spec();
        if spec.actions.iter().any(|action| action.stimulus) {
            return; // what answers does not refuse
        }
        let (_, name) = self.registry.names(action);
        let errors =
            spec.actions.iter().find(|other| other.name == name).map_or(&[][..], |found| found.errors);
        let (caught, line) = (self.caught.errors, self.line);
        self.found.extend(errors.iter().filter(|error| !caught.has(error.kind)).map(|error| Fault {
            concept: Some(spec.name),
            code: error.code,
            kind: error.kind,
            status: None,
            message: error.message,
            line,
        }));
    }

    fn expressions(&mut self, several: impl IntoIterator<Item = &'a Expr>) {
        for expr in several {
            match &*expr.kind {
                ExprKind::Rows { call, .. } => self.call(call),
                ExprKind::View(view, _) => self.view(*view),
                ExprKind::Const(_)
                | ExprKind::Slot(_)
                | ExprKind::Member(..)
                | ExprKind::Index(..)
                | ExprKind::Object(_)
                | ExprKind::List(_)
                | ExprKind::Items { .. }
                | ExprKind::If(..)
                | ExprKind::Otherwise(..)
                | ExprKind::And(..)
                | ExprKind::Or(..)
                | ExprKind::Not(_)
                | ExprKind::Compute(..)
                | ExprKind::Function(..) => {}
            }
            self.expressions(inner(expr));
        }
    }

    fn view(&mut self, view: usize) {
        let plan = self.plan;
        if let (true, Some(found)) = (self.seen.insert((view, self.caught, self.line)), plan.views.get(view))
        {
            for line in &found.body {
                self.step(line);
            }
            self.expressions([&found.give]);
        }
    }
}
