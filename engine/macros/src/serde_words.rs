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

/// The words of all `#[serde(…)]` among these attributes.
fn words(attributes: &[Attribute]) -> impl Iterator<Item = Meta> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.filter_map(|list| list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()).flatten()
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

/// The words for the mirror of the type `name`. `default` is the default of the type itself, not of its mirror.
pub(crate) fn carried(attributes: &[Attribute], name: &Ident) -> TokenStream {
    let default = format!("<{name} as ::core::default::Default>::default");
    let words = words(attributes).map(|word| match word {
        Meta::Path(path) if path.is_ident("default") => quote!(#path = #default),
        other => quote!(#other),
    });
    quote!(#(#[serde(#words)])*)
}
