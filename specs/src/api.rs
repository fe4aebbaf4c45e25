//! API documents: one a concept, each endpoint with what it requires, does, takes and gives.
//!
//! The format is that of the seed document *concepts*, heading for heading: people and tools read it already. Bodies are
//! JSON in which each value names its type; whether a field may be left out is for the requirements to say.

use std::fmt::{self, Write};

use concord::spec::{ActionSpec, Role, Rows};
use concord_runtime::Instance;
use serde_json::Value;

use concord_lang::shape::{Field, Shape};

/// The API document of a concept.
pub(crate) fn document(instance: &Instance) -> String {
    let mut text = String::new();
    write(&mut text, instance).expect("writing to a string does not fail");
    text
}

fn write(out: &mut String, instance: &Instance) -> fmt::Result {
    let (name, spec) = (instance.name(), instance.spec());
    writeln!(out, "# API Specification: {name} Concept\n")?;
    writeln!(out, "**Purpose:** {}\n\n---\n\n## API Endpoints\n", spec.purpose)?;
    for action in spec.actions {
        endpoint(out, name, action)?;
    }
    Ok(())
}

fn endpoint(out: &mut String, concept: &str, action: &ActionSpec) -> fmt::Result {
    writeln!(out, "### POST /api/{concept}/{}\n", action.name)?;
    writeln!(out, "**Description:** {}\n", action.summary)?;
    list(out, "Requirements", action.requires)?;
    list(out, "Effects", action.effects)?;
    body(out, "Request Body", &example(&Shape::of_input(action.input), 0))?;
    let row = Shape::of_output(action.output);
    match action.role {
        Role::Action { .. } => body(out, "Success Response Body (Action)", &example(&row, 0))?,
        Role::Query(Rows::One | Rows::Optional | Rows::Many) => {
            body(out, "Success Response Body (Query)", &example(&Shape::List(Box::new(row)), 0))?;
        }
    }
    writeln!(out, "**Error Response Body:**\n```json\n{{\n  \"error\": \"string\"\n}}\n```\n---")
}

fn list(out: &mut String, title: &str, items: &[&str]) -> fmt::Result {
    writeln!(out, "**{title}:**")?;
    let none: &[&str] = &["None."];
    let items = if items.is_empty() { none } else { items };
    items.iter().try_for_each(|item| writeln!(out, "- {item}"))?;
    writeln!(out)
}

fn body(out: &mut String, title: &str, json: &str) -> fmt::Result {
    writeln!(out, "**{title}:**\n```json\n{json}\n```\n")
}

/// JSON in which each value names its type.
fn example(shape: &Shape, depth: usize) -> String {
    match shape {
        Shape::Id(_) => quoted("ID"),
        Shape::Text => quoted("string"),
        Shape::Number | Shape::Time => quoted("number"),
        Shape::Boolean => quoted("boolean"),
        Shape::OneOf(texts) => quoted(&texts.join(" | ")),
        Shape::Again(name) => quoted(name),
        Shape::Any => quoted("any"),
        Shape::Nullable(inner) => example(inner, depth),
        Shape::List(item) => block('[', &[example(item, depth + 1)], ']', depth),
        Shape::Map(value) => block('{', &[entry("<key>", value, depth)], '}', depth),
        Shape::Object(fields) if fields.is_empty() => "{}".into(),
        Shape::Object(fields) => {
            let line = |field: &Field| entry(&field.name, &field.shape, depth);
            block('{', &fields.iter().map(line).collect::<Vec<_>>(), '}', depth)
        }
    }
}

fn entry(key: &str, value: &Shape, depth: usize) -> String {
    format!("{}: {}", quoted(key), example(value, depth + 1))
}

/// A text as JSON: `#[serde(rename)]` may put anything into a name.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn block(open: char, lines: &[String], close: char, depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let lines = lines.join(&format!(",\n{indent}"));
    format!("{open}\n{indent}{lines}\n{}{close}", "  ".repeat(depth))
}
