//! What rules become: variables are slots, actions are numbers, names are gone.
//!
//! Plain data, read by the runtime. Spans stay, so that a trace can point at lines.

use std::sync::Arc;

use concord::{Kind, Value};

use crate::names::{ActionId, Rows};
use crate::source::Span;
use crate::types::Type;

/// A variable's place in a frame.
pub type Slot = usize;

/// Everything that was checked.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The syncs, in the order in which they fire.
    pub syncs: Vec<Sync>,
    /// The views.
    pub views: Vec<View>,
    /// The contracts.
    pub contracts: Vec<Contract>,
}

/// A sync.
#[derive(Debug, Clone)]
pub struct Sync {
    /// Its name.
    pub name: Arc<str>,
    /// The folder it lies in. With the name, this says which sync it is, also after a restart.
    pub folder: Arc<str>,
    /// The contract it is part of.
    pub contract: Option<usize>,
    /// Where it stands.
    pub span: Span,
    /// What must have happened.
    pub when: Vec<When>,
    /// What must hold.
    pub body: Vec<Step>,
    /// What is done then.
    pub then: Vec<Call>,
    /// The names of its variables, by slot.
    pub slots: Vec<Arc<str>>,
}

/// A line of `when`.
#[derive(Debug, Clone)]
pub struct When {
    /// The action.
    pub action: ActionId,
    /// Whether it is the failure that is meant.
    pub fails: bool,
    /// What its input looks like.
    pub input: Vec<Match>,
    /// What its output looks like; of a failure, `code`, `message` and `kind`.
    pub output: Vec<Match>,
    /// Where it stands.
    pub span: Span,
}

/// What is asked of a field.
#[derive(Debug, Clone)]
pub struct Match {
    /// The field.
    pub key: Arc<str>,
    /// What stands for it when it is absent or null.
    pub default: Option<Expr>,
    /// What it must be.
    pub test: Test,
}

/// What a field must be.
#[derive(Debug, Clone)]
pub enum Test {
    /// Anything; the variable holds it from here on.
    Bind(Slot),
    /// What the variable holds already.
    Same(Slot),
    /// This.
    Is(Value),
    /// An object with such fields.
    Inside(Vec<Match>),
}

/// A line of `where`, of a view or of `admit`.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// With what it refuses when it drops a frame.
    pub otherwise: Option<Otherwise>,
    /// Where it stands.
    pub span: Span,
}

/// What a line does.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// Asks, or in `admit` acts.
    Call(Mode, Call),
    /// Binds a variable.
    Let(Slot, Expr),
    /// Keeps the frame when the value is neither null nor false.
    Keep(Expr),
}

/// Which rows of a query count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All that match; none drops the frame.
    Each,
    /// The first that matches.
    First,
    /// All that match; none binds to null.
    Optional,
    /// The first that matches; none binds to null.
    OptionalFirst,
    /// None: a row that matches drops the frame.
    No,
}

/// A refusal, as `else` and the error table have it.
#[derive(Debug, Clone)]
pub struct Otherwise {
    /// Its kind.
    pub kind: Kind,
    /// Its code.
    pub code: Arc<str>,
    /// Its words.
    pub message: Arc<str>,
    /// Its parts.
    pub details: Option<Expr>,
}

/// A call of an action or a query.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called.
    pub action: ActionId,
    /// How many rows it gives, if it asks.
    pub rows: Option<Rows>,
    /// With what.
    pub args: Vec<(Arc<str>, Expr)>,
    /// What its result, or a row, must look like.
    pub outs: Vec<Match>,
    /// Where it stands.
    pub span: Span,
}

/// A view: a function that only reads.
#[derive(Debug, Clone)]
pub struct View {
    /// Its name.
    pub name: Arc<str>,
    /// How many slots its parameters take, from the first on.
    pub params: usize,
    /// What it reads.
    pub body: Vec<Step>,
    /// What it gives.
    pub give: Expr,
    /// How many slots it needs.
    pub slots: usize,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: Box<ExprKind>,
    /// Whether it asks concepts, so that its value may take a while.
    pub asks: bool,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A value.
    Const(Value),
    /// A variable.
    Slot(Slot),
    /// A field.
    Member(Expr, Arc<str>),
    /// An item of a list, or a field by its name.
    Index(Expr, Expr),
    /// An object.
    Object(Vec<Part>),
    /// A list.
    List(Vec<Expr>),
    /// One value for each row.
    Rows {
        /// The query.
        call: Call,
        /// Which rows.
        filter: Option<Expr>,
        /// The value.
        give: Expr,
    },
    /// One value for each item.
    Items {
        /// The item's slot.
        slot: Slot,
        /// The list.
        list: Expr,
        /// Which items.
        filter: Option<Expr>,
        /// The value.
        give: Expr,
    },
    /// One of two.
    If(Expr, Expr, Expr),
    /// The first unless it is null.
    Otherwise(Expr, Expr),
    /// Both are true.
    And(Expr, Expr),
    /// One is true.
    Or(Expr, Expr),
    /// It is not true.
    Not(Expr),
    /// Of two values, another.
    Compute(Operator, Expr, Expr),
    /// A function.
    Function(Function, Vec<Expr>),
    /// A view.
    View(usize, Vec<Expr>),
}

/// A part of an object.
#[derive(Debug, Clone)]
pub enum Part {
    /// One field.
    Field(Arc<str>, Expr),
    /// All fields of another object.
    Spread(Expr),
}

/// What is made of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say it")]
pub enum Operator {
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

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `now()`: milliseconds.
    Now,
    /// `iso(ms)`: a text.
    Iso,
    /// `ms(text)`: milliseconds, or null.
    Ms,
    /// `minutes(ms)`: how many.
    Minutes,
    /// `uuid()`: a fresh id.
    Uuid,
    /// `len(text, list or object)`.
    Len,
    /// `lower(text)`.
    Lower,
    /// `contains(text or list, part)`.
    Contains,
    /// `startsWith(text, part)`.
    StartsWith,
    /// `matches(text, pattern)`: `*` stands for anything.
    Matches,
    /// `split(text, separator)`.
    Split,
    /// `int(text or number)`: a whole number, or null.
    Int,
    /// `round(number)`.
    Round,
}

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// Its name.
    pub name: Arc<str>,
    /// Where its routes begin.
    pub bases: Vec<Arc<str>>,
    /// The concepts whose actions the generic API opens to everyone.
    pub expose: Vec<Arc<str>>,
    /// The names of its settings.
    pub settings: Vec<Arc<str>>,
    /// What a refusal looks like: an expression over `message`, `code`, `details` and `status` in the first four slots.
    pub shape: Option<Expr>,
    /// How errors are called here.
    pub codes: Vec<Renamed>,
    /// Who gets in.
    pub admit: Vec<Step>,
    /// How many slots `admit` needs; the first four are `headers`, `ip`, `route` and `path`.
    pub admit_slots: usize,
    /// What `admit` bound: fields of every request.
    pub admitted: Vec<(Arc<str>, Slot)>,
    /// Headers for every reply, over the slots of `admit`.
    pub headers: Vec<(Arc<str>, Expr)>,
    /// What those headers are, in their order.
    pub header_types: Vec<Type>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its socket, if it has one.
    pub socket: Option<Socket>,
    /// Where it stands.
    pub span: Span,
}

/// A socket of a contract.
#[derive(Debug, Clone)]
pub struct Socket {
    /// How messages are written.
    pub wire: Wire,
    /// The parts of its path, which is absolute.
    pub path: Vec<Segment>,
    /// The path as it was written.
    pub text: Arc<str>,
    /// The event by which an error is told, and its data: an expression over `message`, `code`, `details` and `status` in
    /// the first four slots.
    pub errors: Option<(Arc<str>, Expr)>,
    /// How errors are called here; where it says nothing, the contract's table counts.
    pub codes: Vec<Renamed>,
    /// Who may connect.
    pub admit: Vec<Step>,
    /// How many slots `admit` needs; the first five are `headers`, `ip`, `path`, `query` and `auth`, then come the named
    /// parts of the path.
    pub admit_slots: usize,
    /// What `admit` bound: fields of whatever happens to the connection.
    pub admitted: Vec<(Arc<str>, Slot)>,
    /// The fields that a connection brings along.
    pub opening: Vec<RouteField>,
    /// What syncs name of what the engine puts in at the opening: `headers`, `ip`.
    pub given: Vec<Arc<str>>,
    /// The messages that syncs react to.
    pub events: Vec<Event>,
    /// Where it stands.
    pub span: Span,
}

/// How messages are written.
#[derive(Debug, Clone)]
pub enum Wire {
    /// As Socket.IO does.
    SocketIo,
    /// As JSON objects.
    Json {
        /// A frame: an expression over `event` and `data` in the first two slots.
        shape: Expr,
        /// The field of a frame that is the event.
        event: Arc<str>,
        /// The field of a frame that is the data.
        data: Arc<str>,
    },
}

/// A message that syncs react to.
#[derive(Debug, Clone)]
pub struct Event {
    /// `offer`
    pub name: Arc<str>,
    /// The fields that its syncs name.
    pub fields: Vec<RouteField>,
    /// Whether one of them names `data`, the whole.
    pub whole: bool,
    /// Where it stands first.
    pub span: Span,
}

/// How an error is called in a contract.
#[derive(Debug, Clone)]
pub struct Renamed {
    /// The concept it comes from; none: from anywhere.
    pub concept: Option<Arc<str>>,
    /// Its own code.
    pub code: Arc<str>,
    /// What it is called here.
    pub renamed: Arc<str>,
    /// The status, if not that of its kind.
    pub status: Option<u16>,
    /// The words, if not its own.
    pub text: Option<Arc<str>>,
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// `POST /sessions/:id`, as the syncs have it.
    pub text: Arc<str>,
    /// `POST`
    pub method: Arc<str>,
    /// The parts of its path.
    pub path: Vec<Segment>,
    /// Whether `admit` lets everyone in.
    pub public: bool,
    /// The fields that its syncs name.
    pub fields: Vec<RouteField>,
    /// The files that its syncs name: `file`, and `files`, the list.
    pub files: Vec<RouteField>,
    /// What its syncs name of what the engine puts in: `headers`, `ip`.
    pub given: Vec<Arc<str>>,
    /// What syncs respond on it.
    pub responses: Vec<Response>,
    /// Where it stands first.
    pub span: Span,
}

/// What a sync responds.
#[derive(Debug, Clone)]
pub struct Response {
    /// The sync's name.
    pub sync: Arc<str>,
    /// The status, if it is always the same.
    pub status: Option<u16>,
    /// What the body looks like; none if there is none.
    pub body: Option<Type>,
}

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Just this.
    Literal(Arc<str>),
    /// Anything, under this name.
    Param(Arc<str>),
}

/// A field of a request.
#[derive(Debug, Clone)]
pub struct RouteField {
    /// Its name.
    pub name: Arc<str>,
    /// What all its uses agree on.
    pub ty: Type,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether it ends in a secret input, so that no record keeps it.
    pub secret: bool,
}
