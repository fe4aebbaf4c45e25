//! `#[concept]`, on the struct and on the impl.

mod action;
mod fields;
mod methods;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
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
    let fault = (!options.is_empty())
        .then(|| Error::new_spanned(options, "`#[concept]` takes no options").to_compile_error());
    let expanded = match item {
        Item::Struct(item) => fields::expand(&item),
        Item::Impl(item) => methods::expand(item),
        other => misplaced(&other),
    };
    quote!(#expanded #fault)
}

fn misplaced(item: &Item) -> TokenStream {
    let at = match item {
        Item::Enum(item) => item.ident.span(),
        Item::Fn(item) => item.sig.ident.span(),
        Item::Trait(item) => item.ident.span(),
        other => other.span(),
    };
    let fault = Error::new(at, "`#[concept]` stands on a struct and on its `impl`").to_compile_error();
    quote!(#item #fault)
}
