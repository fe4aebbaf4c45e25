//! Concept pages: what a concept is good for, what it keeps and what it can do, for people who decide whether to use it.

use std::fmt::{self, Write};

use concord::spec::{ActionSpec, CollectionSpec, Role, Rows};
use concord_runtime::Instance;

use crate::shape::{Field, Shape};

/// The page of a concept.
pub(crate) fn document(instance: &Instance) -> String {
    let mut text = String::new();
    write(&mut text, instance).expect("writing to a string does not fail");
    text
}

fn write(out: &mut String, instance: &Instance) -> fmt::Result {
    let spec = instance.spec();
    writeln!(out, "# Concept: {}\n", instance.name())?;
    writeln!(out, "**purpose** {}\n", spec.purpose)?;
    writeln!(out, "**principle** {}\n", spec.principle)?;
    writeln!(out, "## State\n")?;
    instance.collections().iter().try_for_each(|collection| state(out, collection))?;
    let (queries, actions): (Vec<_>, Vec<_>) = spec.actions.iter().partition(|action| action.role.is_query());
    section(out, "Actions", &actions)?;
    section(out, "Queries", &queries)?;
    errors(out, instance)
}

fn state(out: &mut String, collection: &CollectionSpec) -> fmt::Result {
    let state = collection.state;
    let kept = if state.volatile { ", in memory only" } else { "" };
    writeln!(out, "a set of **{}** (`{}`{kept}): {}\n", state.name, collection.name, state.summary)?;
    writeln!(out, "| field | type | |\n| --- | --- | --- |")?;
    for field in Shape::of(state.schema).fields() {
        let mut notes: Vec<String> = Vec::new();
        if field.name == state.id {
            notes.push("identity".into());
        }
        for index in state.indexes.iter().filter(|index| index.fields.contains(&field.name.as_str())) {
            let kind = if index.unique { "unique" } else { "found by" };
            let others: Vec<&str> =
                index.fields.iter().copied().filter(|other| *other != field.name).collect();
            notes.push(if others.is_empty() {
                kind.into()
            } else {
                format!("{kind}, with {}", others.join(", "))
            });
        }
        writeln!(out, "| {} | {} | {} |", field.name, type_name(&field.shape), notes.join("; "))?;
    }
    writeln!(out)
}

fn section(out: &mut String, title: &str, actions: &[&ActionSpec]) -> fmt::Result {
    if actions.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    for action in actions {
        writeln!(out, "### `{}`\n\n{}\n", signature(action), action.summary)?;
        let list = |out: &mut String, title: &str, items: &[&str]| {
            items.iter().try_for_each(|item| writeln!(out, "- **{title}** {item}"))
        };
        list(out, "requires", action.requires)?;
        list(out, "effects", action.effects)?;
        writeln!(out)?;
    }
    Ok(())
}

/// `joinSession (user: User, session: Session) : ()`
fn signature(action: &ActionSpec) -> String {
    let shape = Shape::of(action.input);
    let input = shape.fields().iter().map(|field| {
        let param = action.params.iter().find(|param| param.name == field.name);
        let mark = if param.is_some_and(|param| param.optional) { "?" } else { "" };
        format!("{}{mark}: {}", field.name, type_name(&field.shape))
    });
    let output = Shape::of(action.output);
    let rows = match action.role {
        Role::Action { .. } | Role::Query(Rows::One) => "",
        Role::Query(Rows::Optional) => "optional ",
        Role::Query(Rows::Many) => "many ",
    };
    let fields = output.fields().iter().map(named);
    format!("{} ({}) : {rows}({})", action.name, joined(input), joined(fields))
}

fn named(field: &Field) -> String {
    format!("{}: {}", field.name, type_name(&field.shape))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::Id(entity) => entity.clone(),
        Shape::Text => "text".into(),
        Shape::Number => "number".into(),
        Shape::Time => "time".into(),
        Shape::Boolean => "flag".into(),
        Shape::OneOf(texts) => texts.join(" or "),
        Shape::Any => "anything".into(),
        Shape::Nullable(inner) => format!("{} or null", type_name(inner)),
        Shape::List(item) => format!("list of {}", type_name(item)),
        Shape::Object(fields) => format!("{{{}}}", joined(fields.iter().map(named))),
    }
}

fn errors(out: &mut String, instance: &Instance) -> fmt::Result {
    let errors = instance.spec().actions.first().map(|action| action.errors).unwrap_or_default();
    if errors.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Errors\n\n| code | kind | message |\n| --- | --- | --- |")?;
    errors.iter().try_for_each(|error| {
        writeln!(out, "| `{}` | {} | {} |", error.code, error.kind.name(), error.message)
    })
}
