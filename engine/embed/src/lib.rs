//! `syncs!`: a folder of rules, within the program.
//!
//! Syntax is checked here, so that a file that is no rule does not compile. Names and types need the concepts, which a
//! macro cannot see; the app checks them when it opens, and a test does before that.

use std::path::{Path, PathBuf};

use concord_lang::{Source, Sources, read_folder, syntax};
use proc_macro::TokenStream;
use quote::quote;
use syn::{LitStr, parse_macro_input};

/// The files of a folder, as a `Vec` of `concord_lang::Source`. The path is relative to the crate.
///
/// ```
/// let shipped: Vec<concord_lang::Source> = concord_embed::syncs!("../../syncs");
/// assert!(shipped.iter().any(|source| source.path == "interview/contract.sync"));
/// ```
#[proc_macro]
pub fn syncs(input: TokenStream) -> TokenStream {
    let folder = parse_macro_input!(input as LitStr);
    embed(&folder).unwrap_or_else(|fault| syn::Error::new(folder.span(), fault).to_compile_error()).into()
}

fn embed(folder: &LitStr) -> Result<proc_macro2::TokenStream, String> {
    let crate_folder =
        std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "cargo does not say where the crate is")?;
    let root = Path::new(&crate_folder).join(folder.value());
    let sources = read_folder(&root).map_err(|fault| said(&fault))?;
    let sources: Vec<(PathBuf, Source)> = sources
        .into_iter()
        .map(|source| {
            let file = PathBuf::from(&source.path);
            let shown = file.strip_prefix(&root).map(|below| below.display().to_string());
            (file.clone(), Source { path: shown.unwrap_or(source.path), ..source })
        })
        .collect();
    let all = Sources::new(sources.iter().map(|(_, source)| source.clone()).collect());
    let diagnostics = syntax(&all);
    if diagnostics.has_errors() {
        return Err(diagnostics.render(&all, false));
    }
    let files = sources.iter().map(|(file, Source { folder, path, .. })| {
        let file = file.display().to_string();
        quote! {
            ::concord_lang::Source { folder: #folder.into(), path: #path.into(), text: include_str!(#file).into() }
        }
    });
    Ok(quote!(::std::vec![#(#files),*]))
}

fn said(fault: &dyn std::error::Error) -> String {
    match fault.source() {
        Some(cause) => format!("{fault}: {cause}"),
        None => fault.to_string(),
    }
}
