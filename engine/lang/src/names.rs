//! What the checker asks about concepts.
//!
//! A small trait, so that the language knows no registry: an app answers from its concepts, a test from a few lines.

use std::sync::Arc;

use concord::Kind;
pub use concord::spec::Rows;

use crate::types::Type;

/// An action's place. The language passes it on without looking into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// Tells what there is.
pub trait Names {
    /// The concepts that every folder sees.
    fn concepts(&self) -> Vec<&str>;

    /// One of them.
    fn concept(&self, name: &str) -> Option<&ConceptSig>;

    /// The instance of a concept that a contract has to itself.
    fn own(&self, contract: &str, concept: &str) -> Option<&ConceptSig>;

    /// What a setting of a contract was set to from outside, as text.
    fn setting(&self, contract: &str, name: &str) -> Option<String>;
}

/// A concept, or an instance of one.
#[derive(Debug, Clone)]
pub struct ConceptSig {
    /// Its whole name: `Room`, or `VideoCalls.Room`.
    pub name: String,
    /// Its actions and queries.
    pub actions: Vec<ActionSig>,
    /// Its error codes.
    pub errors: Vec<ErrorSig>,
}

impl ConceptSig {
    /// The action or query of this name.
    pub fn action(&self, name: &str) -> Option<&ActionSig> {
        self.actions.iter().find(|action| action.name == name)
    }
}

/// An error of a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSig {
    /// Its code.
    pub code: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its words, with placeholders.
    pub message: Arc<str>,
}

/// What an entry of a concept does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It changes state.
    Acts,
    /// It only reads.
    Asks(Rows),
}

/// An action or a query.
#[derive(Debug, Clone)]
pub struct ActionSig {
    /// Its name.
    pub name: String,
    /// Its place.
    pub id: ActionId,
    /// What it does.
    pub does: Does,
    /// What it takes.
    pub inputs: Vec<InputSig>,
    /// The names of further inputs are the rules' to choose: `Requesting.request`.
    pub takes_anything: bool,
    /// Whether it happens by itself (the server fires it), so that no rule may call it.
    pub stimulus: bool,
    /// What it results in; of a query, one row.
    pub output: Type,
}

impl ActionSig {
    /// The input of this name.
    pub fn input(&self, name: &str) -> Option<&InputSig> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// Whether this asks.
    pub fn is_query(&self) -> bool {
        matches!(self.does, Does::Asks(_))
    }
}

/// An input.
#[derive(Debug, Clone)]
pub struct InputSig {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is kept out of records.
    pub secret: bool,
}
