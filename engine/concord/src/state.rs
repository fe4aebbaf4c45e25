//! Document types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Id;
use crate::key::Scalar;
use crate::spec::StateSpec;

/// A document type. Written by `#[derive(State)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no document type",
    note = "put `#[derive(State)]` on the struct and `#[id]` on its id"
)]
pub trait State: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it says about itself.
    const SPEC: &'static StateSpec;

    /// The document's id.
    fn id(&self) -> &Id<Self>;

    /// The values of the index at this place in `SPEC.indexes`.
    fn key(&self, index: usize) -> Vec<Scalar>;
}
