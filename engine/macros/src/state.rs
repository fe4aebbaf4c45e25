//! `#[derive(State)]`: document types.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Result, Token, Type, Visibility};

use crate::docs::Docs;
use crate::faults::Faults;
use crate::{mirror, names};

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
    let mirror = mirror::impls(input)?;
    let parsed = parse(input)?;
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
    let idents: Vec<String> =
        index.fields.iter().filter_map(|field| field.ident.as_ref()).map(screaming).collect();
    let name = Ident::new(&idents.join("_"), index.span);
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

fn screaming(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_uppercase()
}

fn wire_name(field: &Field) -> String {
    let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    mirror::wire_name(&field.attrs, names::camel(&ident))
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
            indexes.push(Index { fields: vec![field], unique, span: field.span() });
        }
    }
    if let Some(second) = ids.get(1) {
        faults.add(&second.ident, "a document has one id; there is another above");
    }
    let volatile = struct_options(input, &fields.named, &mut indexes, &mut faults);
    let missing = || Error::new_spanned(&input.ident, "which field is the id? mark it with `#[id]`");
    let id = ids.first().copied().ok_or_else(missing);
    faults.finish()?;
    Ok(Parsed { id: id?, indexes, volatile })
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
                return Err(meta.error("this is none of `volatile`, `index(a, b)`, `unique(a, b)`"));
            }
            let content;
            syn::parenthesized!(content in meta.input);
            let named = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            if named.len() != 2 {
                return Err(meta.error("this takes two fields; for one, mark the field itself"));
            }
            let find = |ident: &Ident| {
                let found = fields.iter().find(|field| field.ident.as_ref() == Some(ident));
                found.ok_or_else(|| Error::new_spanned(ident, format!("there is no field `{ident}`")))
            };
            let found = named.iter().map(find).collect::<Result<Vec<_>>>()?;
            indexes.push(Index { fields: found, unique, span: meta.path.span() });
            Ok(())
        });
        faults.absorb(parsed);
    }
    volatile
}
