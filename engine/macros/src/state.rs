//! `#[derive(State)]`: document types.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Result, Token, Type, Visibility};

use crate::docs::Docs;
use crate::faults::Faults;
use crate::{mirror, names, serde_words};

/// An index: its fields and what it demands of them.
struct Index<'a> {
    fields: Vec<&'a Field>,
    unique: bool,
    span: Span,
}

struct Parsed<'a> {
    id: &'a Field,
    indexes: Vec<Index<'a>>,
    volatile: bool,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    mirror::without_parameters(input)?;
    let parsed = parse(input)?;
    let mirror = mirror::impls(input)?;
    let mut faults = Vec::new();
    let summary = Docs::read(&input.attrs, &mut faults).summary;
    let (name, text, volatile) = (&input.ident, input.ident.to_string(), parsed.volatile);
    let (id, id_name) = (&parsed.id.ident, wire_name(parsed.id));
    let specs = parsed.indexes.iter().map(spec);
    let keys = parsed.indexes.iter().enumerate().map(|(place, index)| {
        let scalars = index.fields.iter().map(|field| {
            // Spanned, so that a field without an order is named and not the derive.
            let (ident, at) = (&field.ident, field.ty.span());
            quote_spanned!(at=> ::concord::Key::scalar(&self.#ident))
        });
        quote!(#place => ::std::vec![#(#scalars),*],)
    });
    let handles = parsed.indexes.iter().enumerate().map(|(place, index)| handle(&input.vis, place, index));
    Ok(quote! {
        const _: () = {
            #mirror

            #[automatically_derived]
            impl ::concord::State for #name {
                const SPEC: &'static ::concord::spec::StateSpec = &::concord::spec::StateSpec {
                    name: #text,
                    summary: #summary,
                    id: #id_name,
                    indexes: &[#(#specs),*],
                    volatile: #volatile,
                    schema: ::concord::rt::schema::<Self>,
                    keys: ::concord::rt::keys::<Self>,
                };

                fn id(&self) -> &::concord::Id<Self> {
                    &self.#id
                }

                fn key(&self, index: usize) -> ::std::vec::Vec<::concord::storage::Scalar> {
                    match index {
                        #(#keys)*
                        _ => ::std::vec::Vec::new(),
                    }
                }
            }
        };

        #[automatically_derived]
        #[allow(dead_code)]
        impl #name {
            #(#handles)*
        }
    })
}

fn spec(index: &Index<'_>) -> TokenStream {
    let fields: Vec<String> = index.fields.iter().map(|field| wire_name(field)).collect();
    let (name, unique) = (fields.join("+"), index.unique);
    quote!(::concord::spec::IndexSpec { name: #name, fields: &[#(#fields),*], unique: #unique })
}

/// The typed handle: `Window::OWNER_START_TIME`.
fn handle(visibility: &Visibility, place: usize, index: &Index<'_>) -> TokenStream {
    let name = Ident::new(&handle_name(index), index.span);
    let types: Vec<&Type> = index.fields.iter().map(|field| &field.ty).collect();
    let key = if let [one] = types[..] { quote!(#one) } else { quote!((#(#types),*)) };
    let doc = format!(
        "The index over {}.",
        index.fields.iter().map(|field| wire_name(field)).collect::<Vec<_>>().join(", ")
    );
    quote! {
        #[doc = #doc]
        #visibility const #name: ::concord::Index<Self, #key> = ::concord::Index::at(#place);
    }
}

fn handle_name(index: &Index<'_>) -> String {
    let idents = index.fields.iter().filter_map(|field| field.ident.as_ref());
    idents.map(|ident| ident.unraw().to_string().to_uppercase()).collect::<Vec<_>>().join("_")
}

fn wire_name(field: &Field) -> String {
    field.ident.as_ref().map_or_else(String::new, |ident| serde_words::wire_name(&field.attrs, ident))
}

fn parse(input: &DeriveInput) -> Result<Parsed<'_>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a document is a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&input.ident, "a document's fields need names"));
    };
    let mut faults = Faults::default();
    let mut ids = Vec::new();
    let mut indexes = Vec::new();
    for field in &fields.named {
        let marked = |name: &str| field.attrs.iter().find(|attribute| attribute.path().is_ident(name));
        if marked("id").is_some() {
            check_id_type(field, &input.ident, &mut faults);
            ids.push(field);
        }
        for (name, unique) in [("index", false), ("unique", true)] {
            let Some(attribute) = marked(name) else { continue };
            if marked("id").is_some() {
                faults.add(attribute, "the id is unique and can be looked up as it is");
            }
            indexes.push(Index { fields: vec![field], unique, span: attribute.path().span() });
        }
    }
    if let Some(second) = ids.get(1) {
        faults.add(&second.ident, "a document has one id; there is another above");
    }
    let volatile = struct_options(input, &fields.named, &mut indexes, &mut faults);
    if let Some(word) = serde_words::rename_all(&input.attrs) {
        faults.add(
            &word,
            "a document's fields are spelt in camelCase; `#[serde(rename = \"…\")]` renames one of them",
        );
    }
    check_handles(&indexes, &mut faults);
    let missing = || Error::new_spanned(&input.ident, "which field is the id? mark it with `#[id]`");
    let id = faults.absorb(ids.first().copied().ok_or_else(missing));
    faults.finish()?;
    id.map(|id| Parsed { id, indexes, volatile }).ok_or_else(missing)
}

/// Each index has a handle of its own.
fn check_handles(indexes: &[Index<'_>], faults: &mut Faults) {
    for (place, index) in indexes.iter().enumerate() {
        let name = handle_name(index);
        if indexes[..place].iter().any(|other| handle_name(other) == name) {
            faults.push(Error::new(index.span, format!("another index is called `{name}` already")));
        }
    }
}

/// `#[id]` stands on a field of type `Id<Self>`.
fn check_id_type(field: &Field, name: &Ident, faults: &mut Faults) {
    let said = {
        let ty = &field.ty;
        quote!(#ty).to_string().replace(' ', "")
    };
    let of = said.rsplit_once("Id<").and_then(|(_, rest)| rest.strip_suffix('>'));
    let own = of.is_some_and(|of| of == "Self" || of.rsplit("::").next() == Some(&name.to_string()));
    if !own {
        faults.add(&field.ty, &format!("the id of a document of this type is an `Id<{name}>`"));
    }
}

/// `#[state(volatile, index(a, b), unique(a, b))]`; says whether it is volatile.
fn struct_options<'a>(
    input: &DeriveInput,
    fields: &'a Punctuated<Field, Token![,]>,
    indexes: &mut Vec<Index<'a>>,
    faults: &mut Faults,
) -> bool {
    let mut volatile = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("state")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("volatile") {
                volatile = true;
                return Ok(());
            }
            let unique = meta.path.is_ident("unique");
            if !unique && !meta.path.is_ident("index") {
                let said = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let near = names::suggestion(&said, ["volatile", "index", "unique"]);
                let help = format!("this is none of `volatile`, `index(a, b)`, `unique(a, b)`{near}");
                return Err(meta.error(help));
            }
            let content;
            syn::parenthesized!(content in meta.input);
            let named = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            if named.len() != 2 {
                return Err(meta.error("this takes two fields; for one, mark the field itself"));
            }
            let found = named.iter().map(|ident| field_called(ident, fields)).collect::<Result<Vec<_>>>()?;
            if named.first() == named.last() {
                return Err(Error::new_spanned(named.last(), "an index has two fields that differ"));
            }
            indexes.push(Index { fields: found, unique, span: meta.path.span() });
            Ok(())
        });
        faults.absorb(parsed);
    }
    volatile
}

fn field_called<'a>(ident: &Ident, fields: &'a Punctuated<Field, Token![,]>) -> Result<&'a Field> {
    let found = fields.iter().find(|field| field.ident.as_ref() == Some(ident));
    found.ok_or_else(|| {
        let known: Vec<String> =
            fields.iter().filter_map(|field| field.ident.as_ref()).map(ToString::to_string).collect();
        let near = names::suggestion(&ident.to_string(), known.iter().map(String::as_str));
        Error::new_spanned(ident, format!("there is no field `{ident}`{near}"))
    })
}
