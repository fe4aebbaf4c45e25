//! The macros a concept is written with.
//!
//! Each writes an impl and a few calls; plain code in `concord` does the work. Faults point at the author's own words, and
//! all faults of one item are told at once. `tests/by_hand.rs` shows what the macros stand for.

mod concept;
mod data;
mod docs;
mod errors;
mod faults;
mod mirror;
mod names;
mod serde_words;
mod state;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, Result, parse_macro_input};

/// Makes a concept of a struct and its impl: stands on both.
///
/// On the struct it finds the collections; other fields are the concept's settings. On the impl it turns methods with
/// `#[action]`, `#[action(external)]`, `#[action(transient)]` and `#[query]` into the concept's API. A parameter with
/// `#[secret]` is kept out of the journal, the log and traces.
///
/// ```
/// use concord::{Collection, ConceptError, Id, State, StoreError, Tx, concept};
///
/// /// A door.
/// #[derive(State)]
/// pub struct Door {
///     #[id]
///     id: Id<Door>,
/// }
///
/// #[derive(Debug, thiserror::Error, ConceptError)]
/// pub enum Error {
///     #[error(transparent)]
///     Store(#[from] StoreError),
/// }
///
/// #[concept]
/// #[derive(Default)]
/// pub struct Doors {
///     doors: Collection<Door>,
/// }
///
/// /// Keep doors.
/// #[concept]
/// impl Doors {
///     /// Takes a door away.
///     #[action]
///     pub async fn remove(&self, tx: &mut Tx, door: Id<Door>) -> Result<(), Error> {
///         self.doors.delete(tx, &door).await?;
///         Ok(())
///     }
/// }
///
/// let spec = <Doors as concord::Concept>::SPEC;
/// assert_eq!((spec.purpose, spec.actions[0].summary), ("Keep doors.", "Takes a door away."));
/// ```
#[proc_macro_attribute]
pub fn concept(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as concept::Target);
    concept::expand(&options.into(), item).into()
}

/// Makes a document type of a struct: JSON, schema, and a handle for each index.
///
/// `#[id]` stands on the id, an `Id` of the type itself. `#[index]` and `#[unique]` stand on fields to find documents by,
/// `#[state(index(a, b))]` and `#[state(unique(a, b))]` on the struct, for two fields together; `#[state(volatile)]` keeps the
/// documents in memory, whatever the store. Fields are spelt in camelCase on the wire; `#[serde(…)]` is respected, but for
/// `rename_all`: stores find documents by the spelling that the spec tells them.
///
/// ```
/// use concord::{Id, State};
///
/// /// A door.
/// #[derive(State)]
/// #[state(unique(house, number))]
/// pub struct Door {
///     #[id]
///     id: Id<Door>,
///     house: String,
///     number: u32,
///     #[index]
///     is_open: bool,
/// }
///
/// let by_state = Door::IS_OPEN.is(&true).limit(10);
/// let by_number = Door::HOUSE_NUMBER.first_is_and(&"blue".to_owned(), 1..=9);
/// assert_eq!(Door::SPEC.indexes[1].name, "house+number");
/// # drop((by_state, by_number));
/// ```
#[proc_macro_derive(State, attributes(id, index, unique, state, serde))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    derive(item, state::expand)
}

/// Makes a value on the wire of a struct or an enum without fields: an action's results, a query's row, part of a document.
///
/// Fields and variants are spelt in camelCase; `#[serde(…)]` is respected.
///
/// ```
/// use concord::Data;
///
/// #[derive(Data)]
/// enum Status {
///     Open,
///     InProgress,
/// }
///
/// assert_eq!(concord::rt::serde_json::to_string(&Status::InProgress)?, r#""inProgress""#);
/// # drop(Status::Open);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[proc_macro_derive(Data, attributes(serde))]
pub fn derive_data(item: TokenStream) -> TokenStream {
    derive(item, data::expand)
}

/// Says of each variant of a concept's errors what kind of refusal it is and which code clients know it by.
///
/// `#[code(not_found, "SESSION_NOT_FOUND")]`; the kinds are invalid, unauthorized, forbidden, not_found, conflict, expired,
/// too_large, unprocessable, limited, internal and upstream. A variant with `#[error(transparent)]` passes another such
/// error on. A variant's named fields travel as details, but for its cause: that is for the log.
///
/// ```
/// use concord::{ConceptError, Kind};
///
/// #[derive(Debug, thiserror::Error, ConceptError)]
/// enum Error {
///     #[error("door {number} is locked")]
///     #[code(conflict, "LOCKED")]
///     Locked { number: u32 },
/// }
///
/// let error = Error::Locked { number: 3 };
/// assert_eq!((error.kind(), error.code()), (Kind::Conflict, "LOCKED"));
/// assert_eq!(error.details().and_then(|details| details["number"].as_u64()), Some(3));
/// ```
#[proc_macro_derive(ConceptError, attributes(code))]
pub fn derive_concept_error(item: TokenStream) -> TokenStream {
    derive(item, errors::expand)
}

fn derive(item: TokenStream, expand: fn(&DeriveInput) -> Result<proc_macro2::TokenStream>) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}
