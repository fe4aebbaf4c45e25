//! `#[concept]`, on the struct and on the impl.

mod action;
mod fields;
mod methods;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Item, Result};

/// What `#[concept]` stands on.
pub(crate) struct Target(Item);

impl Parse for Target {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse().map(Self)
    }
}

/// The item as its author wrote it stays in any case, so that one fault does not raise a hundred others.
pub(crate) fn expand(options: &TokenStream, Target(item): Target) -> TokenStream {
    if !options.is_empty() {
        let fault = Error::new_spanned(options, "`#[concept]` takes no options").to_compile_error();
        return quote!(#item #fault);
    }
    match item {
        Item::Struct(item) => fields::expand(&item),
        Item::Impl(item) => methods::expand(item),
        other => {
            let fault = Error::new_spanned(&other, "`#[concept]` stands on a struct and on its `impl`");
            let fault = fault.to_compile_error();
            quote!(#other #fault)
        }
    }
}
