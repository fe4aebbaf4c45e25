//! `#[derive(ConceptError)]`: the errors of a concept.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, LitStr, Member, Result, Token, Variant};

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
        let code = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { kind, code })
    }
}

impl Code {
    fn read(attribute: &Attribute) -> Result<Self> {
        let form = "a kind and a code go here: `#[code(not_found, \"SESSION_NOT_FOUND\")]`";
        attribute.parse_args().map_err(|fault| Error::new(fault.span(), form))
    }

    fn kind(&self) -> Result<TokenStream> {
        let said = self.kind.to_string();
        let Some((_, called)) = KINDS.iter().find(|(written, _)| *written == said) else {
            let kinds = KINDS.map(|(written, _)| written);
            let mut near = names::suggestion(&said, kinds);
            if near.is_empty() {
                near = format!("; there is {}", kinds.join(", "));
            }
            return Err(Error::new_spanned(&self.kind, format!("there is no kind `{said}`{near}")));
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
    /// Another error, in this field, passed on.
    Transparent(Member),
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "the errors of a concept are an enum"));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "the errors of a concept have no type parameters"));
    }
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
            What::Transparent(field) => {
                let pattern = quote!(Self::#variant { #field: inner });
                kinds.push(quote!(#pattern => ::concord::ConceptError::kind(inner)));
                codes.push(quote!(#pattern => ::concord::ConceptError::code(inner)));
                details.push(quote!(#pattern => ::concord::ConceptError::details(inner)));
            }
        }
    }
    // A reference to what cannot be still has to be matched.
    let this = if variants.is_empty() { quote!(*self) } else { quote!(self) };
    quote! {
        #[automatically_derived]
        impl ::concord::ConceptError for #name {
            const ERRORS: &'static [::concord::ErrorSpec] = &[#(#specs),*];

            fn kind(&self) -> ::concord::Kind {
                match #this { #(#kinds),* }
            }

            fn code(&self) -> &'static str {
                match #this { #(#codes),* }
            }

            fn details(&self) -> ::core::option::Option<::concord::rt::serde_json::Map<
                ::std::string::String,
                ::concord::rt::serde_json::Value,
            >> {
                match #this { #(#details),* }
            }
        }
    }
}

fn read(variant: &Variant) -> Result<What> {
    let said = marks(&variant.attrs, "error").next().ok_or_else(|| {
        Error::new_spanned(&variant.ident, "say what happened: `#[error(\"…\")]`, of thiserror")
    })?;
    let mut codes = marks(&variant.attrs, "code");
    let code = codes.next();
    if let Some(second) = codes.next() {
        return Err(Error::new_spanned(second, "a variant has one kind and one code; they are above"));
    }
    if is_transparent(said) {
        if let Some(code) = code {
            return Err(Error::new_spanned(
                code,
                "a transparent variant has the kind and code of what it holds",
            ));
        }
        let mut fields = variant.fields.members();
        return match (fields.next(), fields.next()) {
            (Some(field), None) => Ok(What::Transparent(field)),
            _ => Err(Error::new_spanned(
                &variant.ident,
                "a transparent variant holds one error and nothing else",
            )),
        };
    }
    let code = code.ok_or_else(|| {
        let help = "give it a kind and a code: `#[code(not_found, \"SESSION_NOT_FOUND\")]`";
        Error::new_spanned(&variant.ident, help)
    })?;
    let code = Code::read(code)?;
    code.check()?;
    let (pattern, details) = details(variant);
    Ok(What::Own { kind: code.kind()?, code: code.code, message: message(said)?, details, pattern })
}

fn marks<'a>(attributes: &'a [Attribute], name: &'static str) -> impl Iterator<Item = &'a Attribute> {
    attributes.iter().filter(move |attribute| attribute.path().is_ident(name))
}

/// The named fields as parts of the refusal. Causes are for the log, not for clients.
fn details(variant: &Variant) -> (TokenStream, TokenStream) {
    let Fields::Named(fields) = &variant.fields else {
        return (quote!({ .. }), quote!(::core::option::Option::None));
    };
    let told = fields.named.iter().filter(|field| !is_cause(field));
    let idents: Vec<&Ident> = told.filter_map(|field| field.ident.as_ref()).collect();
    let names = idents.iter().map(|ident| names::camel(&ident.unraw().to_string()));
    let details =
        quote!(::concord::rt::details([#((#names, ::concord::rt::serde_json::to_value(#idents))),*]));
    (quote!({ #(#idents,)* .. }), details)
}

/// What thiserror takes for the cause, or for where the error comes from.
fn is_cause(field: &Field) -> bool {
    let marked = |name| marks(&field.attrs, name).next().is_some();
    let named = |name| field.ident.as_ref().is_some_and(|ident| ident == name);
    marked("source") || marked("from") || marked("backtrace") || named("source")
}

fn is_transparent(attribute: &Attribute) -> bool {
    attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent")
}

/// The text as it is written, placeholders and all.
fn message(attribute: &Attribute) -> Result<String> {
    let first = |input: ParseStream<'_>| {
        let text: LitStr = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(text.value())
    };
    attribute.parse_args_with(first).map_err(|fault| {
        Error::new(fault.span(), "documents show this text, so it has to stand here: `#[error(\"…\")]`")
    })
}
