//! `#[concept]` on a struct: its collections.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Field, GenericArgument, ItemStruct, PathArguments, Type};

pub(crate) fn expand(item: &ItemStruct) -> TokenStream {
    if !item.generics.params.is_empty() {
        let fault = Error::new_spanned(&item.generics, "a concept has no type parameters").to_compile_error();
        return quote!(#item #fault);
    }
    let name = &item.ident;
    let collections: Vec<(&Field, &Type)> =
        item.fields.iter().filter_map(|field| Some((field, kept_by(&field.ty)?))).collect();
    let specs = collections.iter().map(|(field, state)| {
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        quote! {
            ::concord::spec::CollectionSpec { name: #name, state: <#state as ::concord::State>::SPEC }
        }
    });
    let binds = collections.iter().map(|(field, _)| {
        let field = &field.ident;
        quote! {
            if let ::core::option::Option::Some(place) = places.next() {
                self.#field.bind(::core::clone::Clone::clone(place));
            }
        }
    });
    let places = if collections.is_empty() { quote!(_) } else { quote!(places) };
    let walk = (!collections.is_empty()).then(|| quote!(let mut places = places.iter();));
    quote! {
        #item

        #[automatically_derived]
        impl ::concord::Collections for #name {
            const COLLECTIONS: &'static [::concord::spec::CollectionSpec] = &[#(#specs),*];

            fn bind(&mut self, #places: &[::concord::Place]) {
                #walk
                #(#binds)*
            }
        }
    }
}

/// The `T` of a `Collection<T>`.
fn kept_by(field: &Type) -> Option<&Type> {
    let Type::Path(path) = field else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Collection")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(state) => Some(state),
        _ => None,
    }
}
