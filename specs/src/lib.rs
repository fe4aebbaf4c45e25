//! Documents, generated from the registry alone.
//!
//! For each concept an API document, in a format that front-end developers know, and a page about the concept itself. All
//! of it comes from what the code says about itself, so it cannot say anything else. Formats read schemas through
//! [`Shape`]; a further one is a further module and a further line in [`generate`].

mod api;
mod concept;
mod files;
mod graph;
mod index;
mod openapi;
mod rules;

pub use concord_lang::shape::{Field, SchemaOf, Shape};
use concord_runtime::Registry;

pub use files::{Difference, Error, Stale, check, write};
pub use graph::graph;
pub use openapi::{Api, api_pages, apis, event_page, whole};
pub use rules::rules;

/// Where documents lie in a checkout. Every Markdown file in it is generated, and every `.openapi.json`.
const FOLDER: &str = "specs/api";

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file in a checkout, with `/` between the parts: `specs/api/CallSession.md`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All documents of a registry: the index, and of each instance the API document and the page.
///
/// ```
/// let mut registry = concord_runtime::Registry::default();
/// registry.add(concept_call_window::CallWindow::default())?;
///
/// let pages = concord_specs::generate(&registry);
/// let paths: Vec<&str> = pages.iter().map(|page| &*page.path).collect();
/// assert_eq!(paths, ["specs/api/README.md", "specs/api/CallWindow.md", "specs/api/CallWindow.concept.md"]);
/// assert!(pages[1].text.starts_with("# API Specification: CallWindow Concept\n"));
/// # Ok::<(), concord_runtime::RegistryFault>(())
/// ```
pub fn generate(registry: &Registry) -> Vec<Page> {
    let page = |name: &str, text| Page { path: format!("{FOLDER}/{name}.md"), text };
    let mut pages = vec![page("README", index::document(registry))];
    for instance in registry.instances() {
        let name = instance.name();
        pages.push(page(name, api::document(instance)));
        pages.push(page(&format!("{name}.concept"), concept::document(instance)));
    }
    pages
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
