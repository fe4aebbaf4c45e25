//! What authors say to serde, as far as the macros have to know it.
//!
//! Only three words matter here: `rename`, `rename_all` and `default`. All others are carried over unread, and so is what
//! serde will not take: to say so is serde's business.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::names;

type Words = Punctuated<Meta, Token![,]>;

fn of_serde(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("serde"))
}

fn words(attributes: &[Attribute]) -> impl Iterator<Item = Meta> {
    of_serde(attributes).filter_map(|list| list.parse_args_with(Words::parse_terminated).ok()).flatten()
}

/// `#[serde(rename_all = "…")]`.
pub(crate) fn rename_all(attributes: &[Attribute]) -> Option<Meta> {
    words(attributes).find(|word| word.path().is_ident("rename_all"))
}

/// The name of a field on the wire: as `#[serde(rename = "…")]` says, or in camelCase.
pub(crate) fn wire_name(attributes: &[Attribute], ident: &Ident) -> String {
    let renamed = words(attributes).find_map(|word| match word {
        Meta::NameValue(pair) if pair.path.is_ident("rename") => match pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    renamed.unwrap_or_else(|| names::camel(&ident.unraw().to_string()))
}

/// What the mirror of the type `name` says to serde. A default is that of the type itself, not of its mirror.
pub(crate) fn for_mirror(attributes: &[Attribute], name: &Ident) -> TokenStream {
    let default = format!("<{name} as ::core::default::Default>::default");
    let carried = of_serde(attributes).map(|attribute| {
        let Ok(words) = attribute.parse_args_with(Words::parse_terminated) else { return quote!(#attribute) };
        let words = words.into_iter().map(|word| match word {
            Meta::Path(path) if path.is_ident("default") => quote!(#path = #default),
            other => quote!(#other),
        });
        quote!(#[serde(#(#words),*)])
    });
    carried.collect()
}
