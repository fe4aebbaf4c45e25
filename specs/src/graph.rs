//! Concepts, actions and syncs as one Mermaid diagram: what leads to what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use concord_lang::Plan;
use concord_runtime::{ActionRef, Registry};

/// A flowchart: each concept a box of the actions that rules speak of, each sync a node between them.
pub fn graph(registry: &Registry, plan: &Plan) -> String {
    let mut actions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut edges = String::new();
    // Writing to a string does not fail.
    for (number, sync) in plan.syncs.iter().enumerate() {
        let _ = writeln!(edges, "  s{number}([{}])", sync.name);
        for line in &sync.when {
            let (concept, action) = registry.names(ActionRef::from(line.action));
            actions.entry(concept).or_default().insert(action);
            let arrow = if line.fails { "-. error .->" } else { "-->" };
            let _ = writeln!(edges, "  {} {arrow} s{number}", node(concept, action));
        }
        for call in &sync.then {
            let (concept, action) = registry.names(ActionRef::from(call.action));
            actions.entry(concept).or_default().insert(action);
            let _ = writeln!(edges, "  s{number} --> {}", node(concept, action));
        }
    }
    let mut text = String::from("flowchart LR\n");
    for (concept, actions) in actions {
        let _ = writeln!(text, "  subgraph {}[\"{concept}\"]", concept.replace('.', "_"));
        for action in actions {
            let _ = writeln!(text, "    {}[{action}]", node(concept, action));
        }
        text.push_str("  end\n");
    }
    text + &edges
}

fn node(concept: &str, action: &str) -> String {
    format!("{}_{action}", concept.replace('.', "_"))
}
