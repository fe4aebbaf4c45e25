//! A concept with everything that the shipped ones have not: the documents say it all, and stay what they are.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "the concept is there to be described"
)]
#![allow(dead_code, unused_variables, reason = "the concept is there to be described")]

use std::collections::{BTreeMap, BTreeSet};

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};
use concord_runtime::Registry;
use concord_specs::{Field, Shape, generate};
use serde_json::Value;

enum Person {}

/// A thing that is forgotten | lost.
#[derive(State)]
#[state(volatile, unique(owner, name))]
struct Thing {
    #[id]
    id: Id<Thing>,
    owner: Id<Person>,
    #[index]
    name: String,
    #[serde(default)]
    seen: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Some are documented, some are not.
#[derive(Data)]
enum Mood {
    /// Well.
    Good,
    Fair,
    /// Not well.
    VeryBad,
}

#[derive(Data)]
struct Tree {
    name: String,
    branches: Vec<Tree>,
    trunk: Option<Box<Tree>>,
}

#[derive(Data)]
struct Everything {
    mood: Mood,
    other: Option<Mood>,
    by_name: BTreeMap<String, Tree>,
    people: BTreeSet<Id<Person>>,
    at: Vec<Option<Millis>>,
    anything: Value,
    is_so: bool,
    how_much: f64,
}

#[derive(Debug, thiserror::Error, ConceptError)]
enum Error {
    #[error("neither this | nor that")]
    #[code(conflict, "NEITHER")]
    Neither,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, thiserror::Error, ConceptError)]
enum OtherError {
    #[error("the outside is gone")]
    #[code(upstream, "GONE")]
    Gone,
}

#[concept]
#[derive(Default)]
struct Odd {
    things: Collection<Thing>,
}

/// Keep odd things | and ends.
#[concept]
impl Odd {
    /// Does it all.
    #[action(transient)]
    async fn do_all(&self, tx: &mut Tx, all: Everything, tree: Option<Tree>) -> Result<Everything, Error> {
        Err(Error::Neither)
    }

    /// Asks the outside.
    ///
    /// # Effects
    /// - The outside was asked.
    #[action(external)]
    async fn ask(&self, tx: &mut Tx, #[secret] password: String) -> Result<(), OtherError> {
        Err(OtherError::Gone)
    }

    /// Finds nothing.
    #[query]
    async fn _none(&self, tx: &Tx) -> Result<Option<Thing>, Error> {
        Ok(None)
    }
}

fn page(name: &str) -> String {
    let mut registry = Registry::default();
    registry.add_as("VideoCalls.Odd", Odd::default()).unwrap();
    let path = format!("specs/api/{name}");
    generate(&registry).into_iter().find(|page| page.path == path).unwrap().text
}

#[test]
fn every_body_is_json_whatever_its_type() {
    let text = page("VideoCalls.Odd.md");
    let blocks = text.split("```json\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let bodies: Vec<Value> = blocks.map(|block| serde_json::from_str(block).expect(block)).collect();
    assert_eq!(bodies.len(), 9);

    let tree = serde_json::json!({ "name": "string", "branches": ["Tree"], "trunk": "Tree" });
    let everything = serde_json::json!({
        "mood": "fair | good | veryBad",
        "other": "fair | good | veryBad",
        "byName": { "<key>": tree },
        "people": ["ID"],
        "at": ["number"],
        "anything": "any",
        "isSo": "boolean",
        "howMuch": "number",
    });
    assert_eq!(bodies[0], serde_json::json!({ "all": everything, "tree": tree }));
    assert_eq!(bodies[1], everything);
    assert_eq!(
        (&bodies[3], &bodies[4]),
        (&serde_json::json!({ "password": "string" }), &serde_json::json!({}))
    );
    assert!(bodies[6] == serde_json::json!({}) && bodies[7].is_array());
    for error in [2, 5, 8] {
        assert_eq!(bodies[error], serde_json::json!({ "error": "string" }));
    }
}

#[test]
fn a_body_is_indented_by_two_and_a_list_without_items_says_so() {
    let text = page("VideoCalls.Odd.md");
    let head = "### POST /api/VideoCalls.Odd/doAll\n\n**Description:** Does it all.\n\n**Requirements:**\n- None.\n\n\
                **Effects:**\n- None.\n\n**Request Body:**\n```json\n{\n  \"all\": {\n    \"mood\": ";
    assert!(text.contains(head), "{text}");
}

#[test]
fn the_page_says_what_is_out_of_the_ordinary() {
    let text = page("VideoCalls.Odd.concept.md");
    for expected in [
        "# Concept: VideoCalls.Odd\n\n**purpose** Keep odd things | and ends.\n\n## State\n",
        "\na set of **Thing** (`things`, in memory only): A thing that is forgotten | lost.\n",
        "\n| id | Thing | identity |\n| owner | Person | unique, with name |\n",
        "\n| name | text | found by; unique, with owner |\n| seen | time or null |  |\n| note? | text or null |  |\n",
        "\n\nDoes it all.\n\n- **note** The journal does not keep it.\n",
        "\n### `ask (password: text) : ()`\n\nAsks the outside.\n\n- **effects** The outside was asked.\n\
         - **note** It talks to the outside, has a deadline and may run more than once.\n\
         - **note** `password` is kept out of the journal, the log and traces.\n",
        "\n### `_none () : optional (id: Thing, ",
        "byName: map to {name: text, branches: list of Tree, trunk: Tree or null}, people: list of Person, ",
    ] {
        assert!(text.contains(expected), "{expected}\n\nis not in\n\n{text}");
    }
    let errors = "\n## Errors\n\n| code | kind | message |\n| --- | --- | --- |\n\
                  | `NEITHER` | conflict | neither this \\| nor that |\n| `GONE` | upstream | the outside is gone |\n";
    assert!(text.ends_with(errors), "{text}");
}

#[test]
fn the_index_has_a_line_for_each_instance() {
    let line = "| [VideoCalls.Odd](VideoCalls.Odd.concept.md) | Keep odd things \\| and ends. \
                | [API](VideoCalls.Odd.md): 2 actions, 1 query |\n";
    assert!(page("README.md").ends_with(line), "{}", page("README.md"));
}

#[test]
fn what_may_be_left_out_of_an_input_is_there_in_a_result() {
    let optional = |shape: Shape| -> Vec<String> {
        shape.fields().iter().filter(|field| field.optional).map(|Field { name, .. }| name.clone()).collect()
    };
    assert_eq!(optional(Shape::of_input(Thing::SPEC.schema)), ["seen", "note"]);
    assert_eq!(optional(Shape::of_output(Thing::SPEC.schema)), ["note"]);
}

/// Reads a schema that is written by hand.
macro_rules! shape {
    ($($schema:tt)+) => {
        Shape::of_input(|_| serde_json::json!($($schema)+).try_into().unwrap())
    };
}

#[test]
fn a_schema_in_a_form_that_none_of_ours_has_is_anything() {
    assert_eq!(shape!({ "type": ["string", "integer"] }), Shape::Any);
    assert_eq!(shape!({ "enum": [1, 2] }), Shape::Any);
    assert_eq!(shape!({ "anyOf": [{ "type": "null" }] }), Shape::Any);
    assert_eq!(shape!({ "anyOf": [{ "type": "string" }, { "type": "boolean" }] }), Shape::Any);
    assert_eq!(shape!({ "$ref": "#/$defs/Nowhere" }), Shape::Any);
    assert_eq!(shape!({ "not": {} }), Shape::Any);
    assert_eq!(shape!(true), Shape::Any);
}

#[test]
fn null_may_stand_among_types_and_among_values() {
    let or_null = |shape| Shape::Nullable(Box::new(shape));
    assert_eq!(shape!({ "type": ["string"] }), Shape::Text);
    assert_eq!(shape!({ "type": ["string", "null"] }), or_null(Shape::Text));
    assert_eq!(shape!({ "enum": ["a", null] }), or_null(Shape::OneOf(vec!["a".into()])));
    assert_eq!(
        shape!({ "anyOf": [{ "type": ["string", "null"] }, { "type": "null" }] }),
        or_null(Shape::Text)
    );
}
