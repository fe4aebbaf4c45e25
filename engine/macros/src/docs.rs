//! Doc comments as data.
//!
//! The first paragraph is the summary. `# Requires` and `# Effects` are lists; `# Principle` is prose. Other headings and
//! code are for readers of the source and are passed over.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta};

#[derive(Default)]
pub(crate) struct Docs {
    pub(crate) summary: String,
    pub(crate) principle: String,
    pub(crate) requires: Vec<String>,
    pub(crate) effects: Vec<String>,
}

enum Section {
    Summary,
    AfterSummary,
    Principle,
    Requires,
    Effects,
    Other,
}

impl Docs {
    /// Reads the doc comments among `attributes`. Text in a list section that belongs to no item is a fault.
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Vec<Error>) -> Self {
        let mut docs = Self::default();
        let mut section = Section::Summary;
        let mut in_code = false;
        for (line, span) in lines(attributes) {
            let line = line.trim();
            let fence = line.starts_with("```");
            in_code ^= fence;
            if fence || in_code {
                continue;
            }
            if let Some(heading) = heading(line) {
                section = match heading {
                    "# Principle" => Section::Principle,
                    "# Requires" => Section::Requires,
                    "# Effects" => Section::Effects,
                    _ => Section::Other,
                };
                continue;
            }
            match section {
                Section::Summary if line.is_empty() && !docs.summary.is_empty() => {
                    section = Section::AfterSummary;
                }
                Section::Summary => join(&mut docs.summary, line),
                Section::Principle => join(&mut docs.principle, line),
                Section::Requires => item(&mut docs.requires, line, span, faults),
                Section::Effects => item(&mut docs.effects, line, span, faults),
                Section::AfterSummary | Section::Other => {}
            }
        }
        docs
    }
}

fn lines(attributes: &[Attribute]) -> Vec<(String, Span)> {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value
        {
            lines.extend(text.value().split('\n').map(|line| (line.to_owned(), text.span())));
        }
    }
    lines
}

fn heading(line: &str) -> Option<&str> {
    line.trim_start_matches('#').starts_with(' ').then_some(line).filter(|line| line.starts_with('#'))
}

fn join(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

fn item(items: &mut Vec<String>, line: &str, span: Span, faults: &mut Vec<Error>) {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        items.push(text.trim().to_owned());
    } else if let (Some(last), false) = (items.last_mut(), line.is_empty()) {
        join(last, line);
    } else if !line.is_empty() {
        faults.push(Error::new(span, "write each item of this section as a list item: `- …`"));
    }
}

/// The doc attributes themselves, to be carried over.
pub(crate) fn attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc"))
}

/// Where to point when something has no documentation.
pub(crate) fn missing(at: &impl Spanned, what: &str) -> Error {
    Error::new(
        at.span(),
        format!("{what} needs a doc comment: its first paragraph is what documents say it does"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sections_and_code_are_passed_over() {
        let item: syn::ItemFn = syn::parse_quote! {
            /// Adds a user.
            ///
            /// # Requires
            /// - The user must be new.
            ///
            /// ```
            /// # use one::Line;
            /// ```
            /// - The session must exist.
            ///
            /// ## For the curious
            /// Nothing.
            fn join() {}
        };
        let mut faults = Vec::new();
        let docs = Docs::read(&item.attrs, &mut faults);
        assert_eq!(docs.summary, "Adds a user.");
        assert_eq!(docs.requires, ["The user must be new.", "The session must exist."]);
        assert!(faults.is_empty());
    }

    #[test]
    fn text_that_is_no_item_is_a_fault() {
        let item: syn::ItemFn = syn::parse_quote! {
            /// Adds a user.
            ///
            /// # Effects
            /// The user is in.
            fn join() {}
        };
        let mut faults = Vec::new();
        Docs::read(&item.attrs, &mut faults);
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn a_doc_comment_is_taken_apart() {
        let item: syn::ItemFn = syn::parse_quote! {
            /// Adds a user
            /// to a session.
            ///
            /// More for readers of the code.
            ///
            /// # Requires
            /// - The session must
            ///   exist.
            /// - The user must be new.
            ///
            /// # Effects
            /// - The user is in.
            ///
            /// # Principle
            /// If a user joins,
            /// they are in.
            fn join() {}
        };
        let mut faults = Vec::new();
        let docs = Docs::read(&item.attrs, &mut faults);
        assert!(faults.is_empty());
        assert_eq!(docs.summary, "Adds a user to a session.");
        assert_eq!(docs.requires, ["The session must exist.", "The user must be new."]);
        assert_eq!(docs.effects, ["The user is in."]);
        assert_eq!(docs.principle, "If a user joins, they are in.");
    }
}
