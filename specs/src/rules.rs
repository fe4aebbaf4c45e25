//! The rules: which contracts and routes there are, and what leads to what.

use std::fmt::Write as _;

use concord_lang::Plan;
use concord_lang::plan::{Call, Contract, Sync, When};
use concord_runtime::{ActionRef, Registry};

use crate::{FOLDER, Page, cell, graph};

const HEAD: &str = "# The rules

What the rules that are built in say, in the order in which they fire. They lie in `syncs`; the language has
[a guide](../../engine/lang/guide/README.md).
";

/// The page of the rules.
pub fn rules(registry: &Registry, plan: &Plan) -> Page {
    let mut text = HEAD.to_owned();
    for contract in &plan.contracts {
        text.push_str(&section(contract));
    }
    // Writing to a string does not fail.
    let _ = write!(text, "\n## Syncs\n\n| sync | when | then |\n| --- | --- | --- |\n");
    for sync in &plan.syncs {
        text.push_str(&line(registry, sync));
    }
    let _ = write!(text, "\n```mermaid\n{}```\n", graph(registry, plan));
    Page { path: format!("{FOLDER}/Rules.md"), text }
}

fn section(contract: &Contract) -> String {
    let code = |texts: &[std::sync::Arc<str>]| {
        texts.iter().map(|text| format!("`{text}`")).collect::<Vec<String>>().join(", ")
    };
    let mut text = format!("\n## {} at {}\n\n", contract.name, code(&contract.bases));
    if !contract.expose.is_empty() {
        let _ = writeln!(text, "Opens to everyone, by name: {}.", code(&contract.expose));
    }
    for route in &contract.routes {
        let _ = writeln!(text, "- `{}`{}", route.text, if route.public { ", for everyone" } else { "" });
    }
    text
}

fn line(registry: &Registry, sync: &Sync) -> String {
    let when: Vec<String> = sync.when.iter().map(|line| happened(registry, line)).collect();
    let then: Vec<String> = sync.then.iter().map(|call| done(registry, call)).collect();
    let name = format!("{}/{}", sync.folder, sync.name);
    format!("| {} | {} | {} |\n", cell(&name), when.join(", "), then.join(", "))
}

fn happened(registry: &Registry, line: &When) -> String {
    let (concept, action) = registry.names(ActionRef::from(line.action));
    format!("`{concept}.{action}`{}", if line.fails { " fails" } else { "" })
}

fn done(registry: &Registry, call: &Call) -> String {
    let (concept, action) = registry.names(ActionRef::from(call.action));
    format!("`{concept}.{action}`")
}
