//! `#[concept]` on a struct: its collections.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Error, GenericArgument, ItemStruct, PathArguments, Result, Type};

pub(crate) fn expand(item: &ItemStruct) -> TokenStream {
    let name = &item.ident;
    let collections = match collections(item) {
        Ok(collections) => collections,
        Err(fault) => {
            let fault = fault.to_compile_error();
            return quote!(#item #fault);
        }
    };
    let specs = collections.iter().map(|(field, state)| {
        let name = field.unraw().to_string();
        quote! {
            ::concord::spec::CollectionSpec { name: #name, state: <#state as ::concord::State>::SPEC }
        }
    });
    let binds = collections.iter().map(|(field, _)| {
        quote! {
            if let ::core::option::Option::Some(place) = places.next() {
                self.#field.bind(::core::clone::Clone::clone(place));
            }
        }
    });
    let fields = item.fields.members().zip(&item.fields).map(|(member, field)| {
        if kept_by(&field.ty).is_some() {
            quote!(#member: ::core::default::Default::default())
        } else {
            quote!(#member: ::core::clone::Clone::clone(&self.#member))
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

            fn another(&self) -> Self {
                Self { #(#fields),* }
            }
        }
    }
}

/// The names of the collections and what they keep.
fn collections(item: &ItemStruct) -> Result<Vec<(&Ident, &Type)>> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a concept has no type parameters"));
    }
    let kept = item.fields.iter().filter_map(|field| Some((field, kept_by(&field.ty)?)));
    let named = kept.map(|(field, state)| match &field.ident {
        Some(ident) => Ok((ident, state)),
        None => Err(Error::new_spanned(field, "a collection needs a name: documents are stored under it")),
    });
    named.collect()
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
