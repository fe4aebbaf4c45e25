//! `#[derive(Data)]`: values on the wire.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Result};

use crate::mirror;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let impls = mirror::impls(input)?;
    let name = &input.ident;
    // An enum can stand in an index; a struct has no order that an index could sort by.
    let key = matches!(input.data, Data::Enum(_)).then(|| {
        quote! {
            #[automatically_derived]
            impl ::concord::Key for #name {
                fn scalar(&self) -> ::concord::storage::Scalar {
                    ::concord::rt::text_key(self)
                }
            }
        }
    });
    Ok(quote! {
        const _: () = {
            #impls
            #key
        };
    })
}
