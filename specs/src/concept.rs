//! Concept pages: what a concept is good for, what it keeps and what it can do, for people who decide whether to use it.

use std::fmt::{self, Write};

use concord::ErrorSpec;
use concord::spec::{ActionSpec, CollectionSpec, Role, Rows, StateSpec};
use concord_runtime::Instance;

use crate::cell;
use concord_lang::shape::{Field, Shape};

/// The page of a concept.
pub(crate) fn document(instance: &Instance) -> String {
    let mut text = String::new();
    write(&mut text, instance).expect("writing to a string does not fail");
    text
}

fn write(out: &mut String, instance: &Instance) -> fmt::Result {
    let spec = instance.spec();
    write!(out, "# Concept: {}\n\n**purpose** {}\n", instance.name(), spec.purpose)?;
    if !spec.principle.is_empty() {
        write!(out, "\n**principle** {}\n", spec.principle)?;
    }
    write!(out, "\n## State\n")?;
    if instance.collections().is_empty() {
        write!(out, "\nIt keeps nothing.\n")?;
    }
    instance.collections().iter().try_for_each(|collection| state(out, collection))?;
    let (queries, actions): (Vec<_>, Vec<_>) = spec.actions.iter().partition(|action| action.role.is_query());
    section(out, "Actions", &actions)?;
    section(out, "Queries", &queries)?;
    errors(out, spec.actions)
}

fn state(out: &mut String, collection: &CollectionSpec) -> fmt::Result {
    let state = collection.state;
    let kept = if state.volatile { ", in memory only" } else { "" };
    write!(out, "\na set of **{}** (`{}`{kept}): {}\n", state.name, collection.name, state.summary)?;
    write!(out, "\n| field | type | |\n| --- | --- | --- |\n")?;
    Shape::of_output(state.schema).fields().iter().try_for_each(|field| {
        let (name, type_name) = (marked(field), cell(&type_name(&field.shape)));
        writeln!(out, "| {name} | {type_name} | {} |", notes(state, &field.name))
    })
}

/// What a field is for: whether it is the id, and which indexes it is in.
fn notes(state: &StateSpec, field: &str) -> String {
    let identity = (field == state.id).then(|| "identity".to_owned());
    let indexes = state.indexes.iter().filter(|index| index.fields.contains(&field)).map(|index| {
        let kind = if index.unique { "unique" } else { "found by" };
        let others: Vec<&str> = index.fields.iter().copied().filter(|other| *other != field).collect();
        if others.is_empty() { kind.to_owned() } else { format!("{kind}, with {}", others.join(", ")) }
    });
    identity.into_iter().chain(indexes).collect::<Vec<_>>().join("; ")
}

fn section(out: &mut String, title: &str, actions: &[&ActionSpec]) -> fmt::Result {
    if actions.is_empty() {
        return Ok(());
    }
    write!(out, "\n## {title}\n")?;
    for action in actions {
        write!(out, "\n### `{}`\n\n{}\n", signature(action), action.summary)?;
        let requires = action.requires.iter().map(|item| ("requires", (*item).to_owned()));
        let effects = action.effects.iter().map(|item| ("effects", (*item).to_owned()));
        let notes = remarks(action).into_iter().map(|item| ("note", item));
        let items: Vec<_> = requires.chain(effects).chain(notes).collect();
        let gap = if items.is_empty() { "" } else { "\n" };
        out.push_str(gap);
        items.iter().try_for_each(|(title, item)| writeln!(out, "- **{title}** {item}"))?;
    }
    Ok(())
}

/// What the engine does differently for this action.
fn remarks(action: &ActionSpec) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Role::Action { external, transient } = action.role {
        if external {
            remarks.push("It talks to the outside, has a deadline and may run more than once.".into());
        }
        if transient {
            remarks.push("The journal does not keep it.".into());
        }
    }
    let secrets = action.params.iter().filter(|param| param.secret);
    remarks.extend(
        secrets.map(|param| format!("`{}` is kept out of the journal, the log and traces.", param.name)),
    );
    remarks
}

/// `joinSession (user: User, session: Session) : ()`
fn signature(action: &ActionSpec) -> String {
    let rows = match action.role {
        Role::Action { .. } | Role::Query(Rows::One) => "",
        Role::Query(Rows::Optional) => "optional ",
        Role::Query(Rows::Many) => "many ",
    };
    let (input, output) = (Shape::of_input(action.input), Shape::of_output(action.output));
    format!("{} ({}) : {rows}({})", action.name, listed(input.fields()), listed(output.fields()))
}

fn listed(fields: &[Field]) -> String {
    let named = |field: &Field| format!("{}: {}", marked(field), type_name(&field.shape));
    fields.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// A field's name, marked if it may be left out.
fn marked(field: &Field) -> String {
    format!("{}{}", field.name, if field.optional { "?" } else { "" })
}

fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::Id(entity) => entity.clone(),
        Shape::Text => "text".into(),
        Shape::Number => "number".into(),
        Shape::Time => "time".into(),
        Shape::Boolean => "flag".into(),
        Shape::OneOf(texts) => texts.join(" or "),
        Shape::Again(name) => name.clone(),
        Shape::Any => "anything".into(),
        Shape::Nullable(inner) => format!("{} or null", type_name(inner)),
        Shape::List(item) => format!("list of {}", type_name(item)),
        Shape::Map(value) => format!("map to {}", type_name(value)),
        Shape::Object(fields) => format!("{{{}}}", listed(fields)),
    }
}

/// The errors of all actions, each once.
fn errors(out: &mut String, actions: &[ActionSpec]) -> fmt::Result {
    let mut errors: Vec<&ErrorSpec> = Vec::new();
    for error in actions.iter().flat_map(|action| action.errors) {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    write!(out, "\n## Errors\n\n| code | kind | message |\n| --- | --- | --- |\n")?;
    errors.iter().try_for_each(|error| {
        writeln!(out, "| `{}` | {} | {} |", error.code, error.kind.name(), cell(error.message))
    })
}
