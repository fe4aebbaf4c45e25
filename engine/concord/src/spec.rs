//! What a concept says about itself: names, words and schemas, as data.
//!
//! The macros fill these from names, types and doc comments. Documents, OpenAPI, the checker of syncs and the server's
//! messages all read from here, so none of them can disagree with the code.

use schemars::{Schema, SchemaGenerator};

use crate::error::ErrorSpec;

/// A concept.
#[derive(Debug)]
pub struct ConceptSpec {
    /// `CallSession`.
    pub name: &'static str,
    /// One paragraph: what it is good for.
    pub purpose: &'static str,
    /// The story that shows it at work.
    pub principle: &'static str,
    /// Its actions and queries, in the order of the source.
    pub actions: &'static [ActionSpec],
}

/// An action or a query.
#[derive(Debug)]
pub struct ActionSpec {
    /// `joinSession`, `_getParticipants`.
    pub name: &'static str,
    /// Whether it acts or asks.
    pub role: Role,
    /// The first paragraph of its documentation.
    pub summary: &'static str,
    /// What must hold before, one item a requirement.
    pub requires: &'static [&'static str],
    /// What holds afterwards, one item an effect.
    pub effects: &'static [&'static str],
    /// Its parameters, in the order of the source.
    pub params: &'static [ParamSpec],
    /// The schema of its input.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// The schema of its result; of a query, of one row.
    pub output: fn(&mut SchemaGenerator) -> Schema,
    /// The errors of the concept.
    pub errors: &'static [ErrorSpec],
    /// Whether it takes fields of any name besides its parameters: `Requesting.request`.
    pub open: bool,
    /// Whether the server makes it happen, so that no rule may do it.
    pub stimulus: bool,
}

/// What an entry of a concept does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It changes state.
    Action {
        /// It talks to the outside, has a deadline and may run more than once.
        external: bool,
        /// Its record is not worth keeping in the journal.
        transient: bool,
    },
    /// It only reads.
    Query(Rows),
}

impl Role {
    /// Whether this only reads.
    pub const fn is_query(self) -> bool {
        matches!(self, Self::Query(_))
    }
}

/// How many rows a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Exactly one, or the query fails.
    One,
    /// None or one.
    Optional,
    /// Any number.
    Many,
}

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamSpec {
    /// `startTime`.
    pub name: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is kept out of the journal, the log and traces.
    pub secret: bool,
}

/// A document type.
#[derive(Debug)]
pub struct StateSpec {
    /// `Session`.
    pub name: &'static str,
    /// What it stands for.
    pub summary: &'static str,
    /// The field that holds the id, as it is spelt on the wire.
    pub id: &'static str,
    /// Its indexes.
    pub indexes: &'static [IndexSpec],
    /// Whether it lives in memory, whatever the store.
    pub volatile: bool,
    /// Its schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Reads the encoded keys out of a document's JSON text, one for each index; a new index is built with it.
    pub keys: ReadKeys,
}

/// From a document's JSON text to its encoded keys.
pub type ReadKeys = fn(&[u8]) -> Result<Vec<Box<[u8]>>, BoxError>;

/// The cause of a document that does not parse.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An index of a document type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexSpec {
    /// Its fields as they are spelt on the wire, joined by `+`: its name, too.
    pub name: &'static str,
    /// The fields.
    pub fields: &'static [&'static str],
    /// Whether two documents may share a value. A null among the values makes a document share none.
    pub unique: bool,
}

/// A collection of a concept: a field of its struct.
#[derive(Debug, Clone, Copy)]
pub struct CollectionSpec {
    /// The field's name. It is part of the collection's name in the store: to rename it is to leave the documents.
    pub name: &'static str,
    /// What it keeps.
    pub state: &'static StateSpec,
}
