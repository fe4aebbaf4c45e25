//! The language of syncs.
//!
//! Text goes in, with a [`Names`] that knows the concepts; a [`Plan`] comes out, or [`Diagnostics`] that say what is wrong
//! with all files at once. Nothing here runs anything, and nothing here knows HTTP: routes and statuses are data.

mod ast;
mod check;
mod diagnostic;
mod folder;
mod layout;
mod names;
mod parse;
pub mod plan;
mod renaming;
pub mod shape;
mod source;
mod token;
mod types;

pub use check::{check, owned};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use folder::{FolderError, read_folder};
pub use layout::layout;
pub use names::{ActionId, ActionSig, ConceptSig, Does, ErrorSig, InputSig, Names, Rows};
pub use plan::Plan;
pub use source::{FileId, Place, Source, Sources, Span};
pub use types::{Base, FieldType, Type};

/// Reads files for syntax alone, which needs no concepts.
///
/// ```
/// use concord_lang::{Source, Sources, syntax};
///
/// let text = "sync A\nwhen\n  Room.close (room)\nthen\n  Participant.leave (room\n";
/// let source = Source { folder: String::new(), path: "a.sync".into(), text: text.into() };
/// let diagnostics = syntax(&Sources::new(vec![source]));
/// assert!(diagnostics.has_errors());
/// ```
pub fn syntax(sources: &Sources) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for (file, source) in sources.files() {
        parse::parse(file, &source.text, &mut diagnostics);
    }
    diagnostics.sort();
    diagnostics
}
