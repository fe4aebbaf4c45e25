//! The traits behind `#[concept]`: what the engine needs to know of a concept in order to run it.
//!
//! The macro writes these impls and nothing else; `engine/macros/tests/by_hand.rs` shows the same by hand.

use std::future::Future;
use std::pin::Pin;

use crate::error::Refusal;
use crate::input::Input;
use crate::spec::{CollectionSpec, ConceptSpec};
use crate::storage::CollectionId;
use crate::tx::Tx;
use crate::value::Json;

/// What an action gives back. Of a query, a list of rows.
pub type Output = Json;

/// A running action.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Output, Refusal>> + Send + 'a>>;

/// A concept. Written by `#[concept]` on its `impl`.
pub trait Concept: Collections {
    /// What it says about itself.
    const SPEC: &'static ConceptSpec;

    /// Runs the action at this place in `SPEC.actions`.
    fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a>;
}

/// The collections of a concept. Written by `#[concept]` on its struct.
#[diagnostic::on_unimplemented(
    message = "the collections of `{Self}` are not known",
    note = "put `#[concept]` on `struct {Self}` as well as on its `impl`"
)]
pub trait Collections: Send + Sync + 'static {
    /// Its collections, in the order of the source.
    const COLLECTIONS: &'static [CollectionSpec];

    /// Tells each collection where its documents are. `places` is in the order of `COLLECTIONS`.
    fn bind(&mut self, places: &[Place]);

    /// The same concept once more, with state of its own.
    #[must_use]
    fn another(&self) -> Self
    where
        Self: Sized;
}

/// Where the documents of one collection are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store's number for it.
    pub id: CollectionId,
    /// Its whole name, for messages: `CallSession.sessions`.
    pub name: std::sync::Arc<str>,
}
