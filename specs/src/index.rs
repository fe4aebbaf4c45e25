//! The index: all concepts, what each is good for, and where to read on.

use concord_runtime::{Instance, Registry};

use crate::cell;

const HEAD: &str = "# The concepts

`concord docs` writes every Markdown file in this folder from the code, and removes those that no concept has any more.
Changes by hand are lost; `concord docs --check` finds them. How concepts meet is in [the rules](Rules.md).

| concept | what it is good for | |
| --- | --- | --- |
";

/// The index page.
pub(crate) fn document(registry: &Registry) -> String {
    let lines: String = registry.instances().iter().map(line).collect();
    format!("{HEAD}{lines}")
}

fn line(instance: &Instance) -> String {
    let (name, spec) = (instance.name(), instance.spec());
    let queries = spec.actions.iter().filter(|action| action.role.is_query()).count();
    let actions = count(spec.actions.len() - queries, "action", "actions");
    let queries = count(queries, "query", "queries");
    let purpose = cell(spec.purpose);
    format!("| [{name}]({name}.concept.md) | {purpose} | [API]({name}.md): {actions}, {queries} |\n")
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
