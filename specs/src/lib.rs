//! Documents, generated from the registry alone.
//!
//! For each concept an API document, in a format that front-end developers know, and a page about the concept itself. All
//! of it comes from what the code says about itself, so it cannot say anything else. Formats read the registry through
//! [`Shape`]; a further one is a further module.

mod api;
mod files;
mod page;
mod shape;

use concord_runtime::Registry;

pub use files::{Error, check, write};
pub use shape::{Field, Shape};

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file's name.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// All documents of a registry.
pub fn generate(registry: &Registry) -> Vec<Page> {
    let mut pages = vec![Page { name: "README.md".into(), text: index(registry) }];
    for instance in registry.instances() {
        pages.push(Page { name: format!("{}.md", instance.name()), text: api::document(instance) });
        pages.push(Page { name: format!("{}.concept.md", instance.name()), text: page::document(instance) });
    }
    pages
}

fn index(registry: &Registry) -> String {
    let mut text = "# The concepts\n\nWritten by `concord docs` from the code; changes by hand are lost.\n\n\
                    | concept | what it is good for | |\n| --- | --- | --- |\n"
        .to_owned();
    for instance in registry.instances() {
        let (name, spec) = (instance.name(), instance.spec());
        let queries = spec.actions.iter().filter(|action| action.role.is_query()).count();
        let actions = spec.actions.len() - queries;
        text.push_str(&format!(
            "| [{name}]({name}.concept.md) | {} | [API]({name}.md): {actions} actions, {queries} queries |\n",
            spec.purpose
        ));
    }
    text
}
