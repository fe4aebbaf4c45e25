//! The tree of a file, as it was written.
//!
//! Every node has its span. A file with faults has a tree too, of what could be made out.

use std::sync::Arc;

use concord::Value;

use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: Arc<str>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) syncs: Vec<Sync>,
    pub(crate) views: Vec<View>,
    pub(crate) contracts: Vec<Contract>,
}

#[derive(Debug, Clone)]
pub(crate) struct Sync {
    pub(crate) public: bool,
    pub(crate) name: Name,
    pub(crate) when: Vec<When>,
    pub(crate) body: Vec<Line>,
    pub(crate) then: Vec<Call>,
    pub(crate) span: Span,
}

/// `Concept.action`.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) concept: Name,
    pub(crate) action: Name,
}

impl Path {
    pub(crate) fn span(&self) -> Span {
        self.concept.span.to(self.action.span)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct When {
    pub(crate) path: Path,
    pub(crate) input: Pattern,
    pub(crate) outcome: Outcome,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Success(Pattern),
    Failure(Pattern),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Pattern {
    pub(crate) fields: Vec<FieldPattern>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldPattern {
    pub(crate) key: Name,
    pub(crate) target: Target,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Literal {
    pub(crate) value: Value,
    /// How it was written, if it can be written in more ways than one: `24h`, `1.50`.
    pub(crate) spelt: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Target {
    Variable(Name),
    Literal(Literal, Span),
    Nested(Pattern),
}

/// A line of `where`, of a view or of `admit`.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) otherwise: Option<Else>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum LineKind {
    Query(Mode, Call),
    Let(Name, Expr),
    Condition(Expr),
}

/// How many rows of a query count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Each,
    First,
    Optional,
    OptionalFirst,
    No,
}

impl Mode {
    /// The words before the query.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Each => "",
            Self::First => "first ",
            Self::Optional => "optional ",
            Self::OptionalFirst => "optional first ",
            Self::No => "no ",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Else {
    pub(crate) code: Code,
    pub(crate) details: Option<Expr>,
}

/// `CODE` or `Concept.CODE`.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) concept: Option<Name>,
    pub(crate) code: Name,
}

/// `Concept.action (arguments) : (results)`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) path: Path,
    pub(crate) args: Vec<Arg>,
    pub(crate) outs: Option<Pattern>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Arg {
    pub(crate) key: Name,
    pub(crate) value: Expr,
    /// Written as `key` alone.
    pub(crate) short: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) name: Name,
    pub(crate) params: Vec<Name>,
    pub(crate) body: Vec<Line>,
    pub(crate) give: Expr,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: Box<ExprKind>,
    pub(crate) span: Span,
    /// How many levels it has: whoever walks it needs so much stack.
    pub(crate) depth: usize,
}

impl Expr {
    pub(crate) fn new(kind: ExprKind, span: Span) -> Self {
        let depth = 1 + kind.depth();
        Self { kind: Box::new(kind), span, depth }
    }
}

impl ExprKind {
    /// That of the deepest part.
    fn depth(&self) -> usize {
        let deepest = |parts: &[&Expr]| parts.iter().map(|part| part.depth).max().unwrap_or(0);
        let of_call = |call: &Call| call.args.iter().map(|arg| arg.value.depth).max().unwrap_or(0);
        let filtered = |filter: &Option<Expr>| filter.as_ref().map_or(0, |filter| filter.depth);
        match self {
            Self::Literal(_) | Self::Variable(_) => 0,
            Self::Member(inner, _) | Self::Not(inner) | Self::Negative(inner) => inner.depth,
            Self::Index(a, b) | Self::Binary(_, a, b) => deepest(&[a, b]),
            Self::If(a, b, c) => deepest(&[a, b, c]),
            Self::Object(entries) => entries
                .iter()
                .map(|entry| match entry {
                    Entry::Field { value, .. } | Entry::Spread(value) => value.depth,
                })
                .max()
                .unwrap_or(0),
            Self::List(items) | Self::Call(_, items) => {
                items.iter().map(|item| item.depth).max().unwrap_or(0)
            }
            Self::Rows { call, filter, give } => of_call(call).max(filtered(filter)).max(give.depth),
            Self::Items { list, filter, give, .. } => list.depth.max(filtered(filter)).max(give.depth),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum ExprKind {
    Literal(Literal),
    Variable(Arc<str>),
    Member(Expr, Name),
    Index(Expr, Expr),
    Object(Vec<Entry>),
    List(Vec<Expr>),
    /// `[Concept._query (args) : (outs) if … => …]`
    Rows {
        call: Call,
        filter: Option<Expr>,
        give: Expr,
    },
    /// `[name in list if … => …]`
    Items {
        name: Name,
        list: Expr,
        filter: Option<Expr>,
        give: Expr,
    },
    If(Expr, Expr, Expr),
    Binary(Binary, Expr, Expr),
    Not(Expr),
    Negative(Expr),
    Call(Name, Vec<Expr>),
}

#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Field { key: Name, value: Expr, short: bool },
    Spread(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Otherwise,
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Binary {
    /// From the loosest to the tightest; the higher, the tighter.
    pub(crate) const ALL: [(Self, &'static str, u8); 14] = [
        (Self::Or, "or", 1),
        (Self::And, "and", 2),
        (Self::Equal, "==", 4),
        (Self::Unequal, "!=", 4),
        (Self::Less, "<", 4),
        (Self::LessOrEqual, "<=", 4),
        (Self::Greater, ">", 4),
        (Self::GreaterOrEqual, ">=", 4),
        (Self::In, "in", 4),
        (Self::Otherwise, "??", 5),
        (Self::Add, "+", 6),
        (Self::Subtract, "-", 6),
        (Self::Multiply, "*", 7),
        (Self::Divide, "/", 7),
    ];

    /// How it is written, and how tightly it binds.
    pub(crate) fn spelling(self) -> (&'static str, u8) {
        let found = Self::ALL.iter().find(|(op, ..)| *op == self);
        found.map_or(("", 0), |(_, text, strength)| (text, *strength))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub(crate) name: Name,
    pub(crate) bases: Vec<Name>,
    pub(crate) own: Vec<Name>,
    pub(crate) expose: Vec<Name>,
    pub(crate) settings: Vec<(Name, Literal)>,
    pub(crate) errors: Option<Expr>,
    pub(crate) codes: Vec<Rename>,
    pub(crate) admit: Vec<Line>,
    pub(crate) headers: Option<Expr>,
    pub(crate) sockets: Vec<Socket>,
}

/// `error [Concept.]CODE [as CODE] [status] "text"`.
#[derive(Debug, Clone)]
pub(crate) struct Rename {
    pub(crate) code: Code,
    pub(crate) renamed: Option<Name>,
    pub(crate) status: Option<(u16, Span)>,
    pub(crate) text: Option<Arc<str>>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Socket {
    pub(crate) wire: Name,
    pub(crate) path: Name,
    pub(crate) frame: Option<Expr>,
    pub(crate) errors: Option<(Name, Expr)>,
    pub(crate) codes: Vec<Rename>,
    pub(crate) admit: Vec<Line>,
    pub(crate) span: Span,
}
