//! Serde and JSON schema for a type that derives one of ours.
//!
//! A derive cannot add derives to its item. It can declare the same fields once more, as serde's *remote* form, derive on
//! that, and hand the calls on: nothing is copied at run time, and a concept crate needs no dependency on serde.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Field, Fields, Result};

use crate::{docs, serde_words};

/// The impls of Serialize, Deserialize and JsonSchema.
pub(crate) fn impls(input: &DeriveInput) -> Result<TokenStream> {
    without_parameters(input)?;
    let name = &input.ident;
    // The underscores keep it apart from the author's types: it hides any of the same name from the fields.
    let mirror = format_ident!("__{name}Mirror");
    let text = name.to_string();
    let body = match &input.data {
        Data::Struct(data) => struct_body(input, data)?,
        Data::Enum(data) => enum_body(input, data)?,
        Data::Union(_) => return Err(Error::new_spanned(name, "a union has no JSON form")),
    };
    let keyword = if matches!(input.data, Data::Enum(_)) { quote!(enum) } else { quote!(struct) };
    let (own_docs, own_words) = (docs::attributes(&input.attrs), serde_words::for_mirror(&input.attrs, name));
    let renames = serde_words::rename_all(&input.attrs).is_some();
    let rename = (!renames).then(|| quote!(#[serde(rename_all = "camelCase")]));
    Ok(quote! {
        #[allow(dead_code)]
        #[derive(
            ::concord::rt::serde::Serialize, ::concord::rt::serde::Deserialize, ::concord::rt::schemars::JsonSchema,
        )]
        #[serde(crate = "::concord::rt::serde", remote = #text)]
        #[schemars(crate = "::concord::rt::schemars", rename = #text)]
        #rename
        #(#own_docs)*
        #own_words
        #keyword #mirror #body

        #[automatically_derived]
        impl ::concord::rt::serde::Serialize for #name {
            fn serialize<S: ::concord::rt::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                #mirror::serialize(self, serializer)
            }
        }

        #[automatically_derived]
        impl<'de> ::concord::rt::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::concord::rt::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                #mirror::deserialize(deserializer)
            }
        }

        #[automatically_derived]
        impl ::concord::rt::schemars::JsonSchema for #name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <#mirror as ::concord::rt::schemars::JsonSchema>::schema_name()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::concat!(::core::module_path!(), "::", #text).into()
            }

            fn json_schema(
                generator: &mut ::concord::rt::schemars::SchemaGenerator,
            ) -> ::concord::rt::schemars::Schema {
                <#mirror as ::concord::rt::schemars::JsonSchema>::json_schema(generator)
            }
        }
    })
}

pub(crate) fn without_parameters(input: &DeriveInput) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(&input.generics, "a type with parameters has no one schema"))
}

fn struct_body(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&input.ident, "fields need names: they are the names on the wire"));
    };
    let fields = fields.named.iter().map(|field| {
        let Field { ident, ty, attrs, .. } = field;
        let (attrs, ty) = (carried(attrs), without_self(ty.to_token_stream(), &input.ident));
        quote!(#(#attrs)* #ident: #ty)
    });
    Ok(quote!({ #(#fields),* }))
}

fn enum_body(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(&variant.fields, "a variant here is a name and nothing else"));
        }
        let (ident, attrs) = (&variant.ident, carried(&variant.attrs));
        variants.push(quote!(#(#attrs)* #ident));
    }
    if variants.is_empty() {
        return Err(Error::new_spanned(&input.ident, "an enum without variants has no values"));
    }
    Ok(quote!({ #(#variants),* }))
}

/// The attributes that mean something to serde and to readers of the schema.
fn carried(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    docs::attributes(attributes)
        .chain(attributes.iter().filter(|attribute| attribute.path().is_ident("serde")))
}

/// In the mirror `Self` would be the mirror.
fn without_self(tokens: TokenStream, name: &Ident) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(ident) if ident == "Self" => {
            let mut name = name.clone();
            name.set_span(ident.span());
            TokenTree::Ident(name)
        }
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), without_self(group.stream(), name));
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}
