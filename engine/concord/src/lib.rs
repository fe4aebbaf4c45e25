//! What a concept imports, and no more.
//!
//! A concept is a struct whose fields are [`Collection`]s and whose methods are actions and queries. This crate holds the
//! words it is written in; it links no database, no network and no sync language, so that a concept compiles fast and
//! can be used by any of them.

mod blob;
mod collection;
mod concept;
mod docs;
mod error;
mod id;
mod input;
mod key;
mod millis;
pub mod rt;
pub mod spec;
mod state;
pub mod storage;
mod tx;
mod value;

pub use blob::{Blob, Blobs};
pub use collection::{Collection, Find, Index};
pub use concept::{Collections, Concept, Output, Place, Running};
pub use concord_macros::{ConceptError, Data, State, concept};
pub use error::{ConceptError, ErrorSpec, Kind, Refusal, StoreError};
pub use id::{BadId, Id, MAX_ID_BYTES};
pub use input::{INVALID_REQUEST, Input, nearest};
pub use key::Key;
pub use millis::Millis;
pub use state::State;
pub use tx::{IdStyle, Ids, Tx};
pub use value::{Json, Name, Text, Value};
