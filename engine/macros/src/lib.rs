//! The macros a concept is written with.

use proc_macro::TokenStream;

/// Marks a concept.
#[proc_macro_attribute]
pub fn concept(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// A document type.
#[proc_macro_derive(State, attributes(id, index, unique, state, serde))]
pub fn state(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// A value.
#[proc_macro_derive(Data, attributes(serde))]
pub fn data(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// An error.
#[proc_macro_derive(ConceptError, attributes(code))]
pub fn concept_error(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
