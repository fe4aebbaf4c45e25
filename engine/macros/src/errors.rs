//! `#[derive(ConceptError)]`: the errors of a concept.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Result, Token, Variant};

use crate::faults::Faults;
use crate::names;

/// The kinds that a concept may choose, as they are written and as they are called.
const KINDS: [(&str, &str); 11] = [
    ("invalid", "Invalid"),
    ("unauthorized", "Unauthorized"),
    ("forbidden", "Forbidden"),
    ("not_found", "NotFound"),
    ("conflict", "Conflict"),
    ("expired", "Expired"),
    ("too_large", "TooLarge"),
    ("unprocessable", "Unprocessable"),
    ("limited", "Limited"),
    ("internal", "Internal"),
    ("upstream", "Upstream"),
];

/// `#[code(not_found, "SESSION_NOT_FOUND")]`.
struct Code {
    kind: Ident,
    code: LitStr,
}

impl Parse for Code {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let kind = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self { kind, code: input.parse()? })
    }
}

impl Code {
    fn kind(&self) -> Result<TokenStream> {
        let said = self.kind.to_string();
        let Some((_, called)) = KINDS.iter().find(|(written, _)| *written == said) else {
            let all = KINDS.map(|(written, _)| written).join(", ");
            return Err(Error::new_spanned(&self.kind, format!("there is no kind `{said}`; there is {all}")));
        };
        let called = Ident::new(called, self.kind.span());
        Ok(quote!(::concord::Kind::#called))
    }

    fn check(&self) -> Result<()> {
        let code = self.code.value();
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if code.starts_with(|c: char| c.is_ascii_uppercase()) && code.chars().all(allowed) {
            return Ok(());
        }
        Err(Error::new_spanned(&self.code, "a code is written in capitals: `SESSION_NOT_FOUND`"))
    }
}

enum What {
    /// A refusal of the concept's own.
    Own { kind: TokenStream, code: LitStr, message: String, details: TokenStream, pattern: TokenStream },
    /// Another error, passed on.
    Transparent,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "the errors of a concept are an enum"));
    };
    let mut faults = Faults::default();
    let mut variants: Vec<(&Ident, What)> = Vec::new();
    for variant in &data.variants {
        let Some(what) = faults.absorb(read(variant)) else { continue };
        if let What::Own { code, .. } = &what
            && variants.iter().any(
                |(_, other)| matches!(other, What::Own { code: other, .. } if other.value() == code.value()),
            )
        {
            faults.add(code, "another variant has this code; clients could not tell them apart");
        }
        variants.push((&variant.ident, what));
    }
    faults.finish()?;
    Ok(emit(&input.ident, &variants))
}

fn emit(name: &Ident, variants: &[(&Ident, What)]) -> TokenStream {
    let (mut specs, mut kinds, mut codes, mut details) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (variant, what) in variants {
        match what {
            What::Own { kind, code, message, details: fields, pattern } => {
                specs.push(quote!(::concord::ErrorSpec { kind: #kind, code: #code, message: #message }));
                kinds.push(quote!(Self::#variant { .. } => #kind));
                codes.push(quote!(Self::#variant { .. } => #code));
                details.push(quote!(Self::#variant #pattern => #fields));
            }
            What::Transparent => {
                kinds.push(quote!(Self::#variant(inner) => ::concord::ConceptError::kind(inner)));
                codes.push(quote!(Self::#variant(inner) => ::concord::ConceptError::code(inner)));
                details.push(quote!(Self::#variant(inner) => ::concord::ConceptError::details(inner)));
            }
        }
    }
    quote! {
        #[automatically_derived]
        impl ::concord::ConceptError for #name {
            const ERRORS: &'static [::concord::ErrorSpec] = &[#(#specs),*];

            fn kind(&self) -> ::concord::Kind {
                match self { #(#kinds),* }
            }

            fn code(&self) -> &'static str {
                match self { #(#codes),* }
            }

            fn details(&self) -> ::core::option::Option<::concord::rt::serde_json::Map<
                ::std::string::String,
                ::concord::rt::serde_json::Value,
            >> {
                match self { #(#details),* }
            }
        }
    }
}

fn read(variant: &Variant) -> Result<What> {
    let find = |name: &str| variant.attrs.iter().find(|attribute| attribute.path().is_ident(name));
    let said = find("error").ok_or_else(|| {
        Error::new_spanned(&variant.ident, "say what happened: `#[error(\"…\")]`, of thiserror")
    })?;
    if is_transparent(said) {
        return match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Ok(What::Transparent),
            _ => Err(Error::new_spanned(
                &variant.ident,
                "a transparent variant holds one error and nothing else",
            )),
        };
    }
    let missing = || {
        let help = "give it a kind and a code: `#[code(not_found, \"SESSION_NOT_FOUND\")]`";
        Error::new_spanned(&variant.ident, help)
    };
    let code: Code = find("code").ok_or_else(missing)?.parse_args()?;
    code.check()?;
    let (pattern, details) = details(variant);
    Ok(What::Own { kind: code.kind()?, code: code.code, message: message(said), details, pattern })
}

/// The named fields as parts of the refusal.
fn details(variant: &Variant) -> (TokenStream, TokenStream) {
    let Fields::Named(fields) = &variant.fields else {
        return (quote!({ .. }), quote!(::core::option::Option::None));
    };
    let idents: Vec<&Ident> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
    let names = idents.iter().map(|ident| names::camel(&ident.to_string()));
    let details =
        quote!(::concord::rt::details([#((#names, ::concord::rt::serde_json::to_value(#idents))),*]));
    (quote!({ #(#idents),* }), details)
}

fn is_transparent(attribute: &Attribute) -> bool {
    attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent")
}

/// The text as it is written, placeholders and all.
fn message(attribute: &Attribute) -> String {
    let first = |input: ParseStream<'_>| {
        let text: LitStr = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(text.value())
    };
    attribute.parse_args_with(first).unwrap_or_default()
}
