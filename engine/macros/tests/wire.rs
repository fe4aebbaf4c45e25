//! What the derives put on the wire: names, defaults, keys and the details of errors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concord::storage::Scalar;
use concord::{ConceptError, Data, Id, Key, Kind, State, StoreError};
use schemars::JsonSchema;
use serde_json::json;

/// A booking of
/// a room.
///
/// More for readers of the code.
#[derive(State)]
#[serde(default)]
#[state(volatile, index(room, start_time), unique(room, r#type))]
struct Booking {
    #[id]
    #[serde(rename = "_id")]
    id: Id<Self>,
    #[serde(rename = "place")]
    room: String,
    #[index]
    start_time: u32,
    #[unique]
    follows: Option<Id<Self>>,
    r#type: Kinds,
}

impl Default for Booking {
    fn default() -> Self {
        let id = Id::new("none").unwrap();
        Self { id, room: "hall".into(), start_time: 7, follows: None, r#type: Kinds::OneOff }
    }
}

#[derive(Data)]
enum Kinds {
    OneOff,
    #[serde(rename = "every week")]
    Weekly,
}

#[derive(Data)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Loud {
    VeryLoud,
}

/// A row.
#[derive(Data)]
struct Row {
    seen_at: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u32>,
    below: Vec<Self>,
}

#[derive(Debug, thiserror::Error, ConceptError)]
enum Error {
    #[error("vote {vote_id} is gone")]
    #[code(expired, "GONE")]
    Gone { vote_id: u32, r#type: &'static str },
    #[error("{url} does not answer")]
    #[code(upstream, "NO_ANSWER")]
    NoAnswer { url: String, source: std::fmt::Error },
    #[error("no more than {0}")]
    #[code(limited, "TOO_MANY")]
    TooMany(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Inner { inner: Inner },
}

#[derive(Debug, thiserror::Error, ConceptError)]
enum Inner {
    #[error("twice")]
    #[code(conflict, "TWICE")]
    Twice { at: u32 },
}

#[test]
fn a_document_is_spelt_as_its_spec_says() {
    let booking = Booking { r#type: Kinds::Weekly, ..Booking::default() };
    let wire = json!({"_id": "none", "place": "hall", "startTime": 7, "follows": null, "type": "every week"});
    assert_eq!(serde_json::to_value(&booking).unwrap(), wire);
    let spec = Booking::SPEC;
    assert_eq!(
        (spec.name, spec.summary, spec.id, spec.volatile),
        ("Booking", "A booking of a room.", "_id", true)
    );
    let indexes: Vec<_> = spec.indexes.iter().map(|index| (index.name, index.fields, index.unique)).collect();
    let expected: [(&str, &[&str], bool); 4] = [
        ("startTime", &["startTime"], false),
        ("follows", &["follows"], true),
        ("place+startTime", &["place", "startTime"], false),
        ("place+type", &["place", "type"], true),
    ];
    assert_eq!(indexes, expected);
    assert_eq!(Booking::schema_name(), "Booking");
}

#[test]
fn a_document_is_found_by_its_indexes() {
    let booking = Booking::default();
    assert_eq!(booking.id().as_str(), "none");
    assert_eq!(booking.key(0), [Scalar::Int(7)]);
    assert_eq!(booking.key(1), [Scalar::Null]);
    assert_eq!(booking.key(2), [Scalar::Text("hall".into()), Scalar::Int(7)]);
    assert_eq!(booking.key(3), [Scalar::Text("hall".into()), Scalar::Text("oneOff".into())]);
    assert_eq!(booking.key(4), []);
    drop((
        Booking::START_TIME.is(&7),
        Booking::FOLLOWS.all(),
        Booking::ROOM_START_TIME.first_is(&"hall".into()),
    ));
    drop(Booking::ROOM_TYPE.are(&"hall".into(), &Kinds::OneOff));
}

#[test]
fn documents_of_other_versions_still_read() {
    let older: Booking = serde_json::from_str(r#"{"_id":"a"}"#).unwrap();
    assert_eq!((older.id.as_str(), older.start_time), ("a", 7));
    let newer: Booking = serde_json::from_str(r#"{"_id":"a","startTime":8,"colour":"red"}"#).unwrap();
    assert_eq!(newer.start_time, 8);
}

#[test]
fn the_keys_of_a_document_can_be_read_from_its_text() {
    let text = serde_json::to_vec(&Booking::default()).unwrap();
    assert_eq!((Booking::SPEC.keys)(&text).unwrap().len(), 4);
    let fault = (Booking::SPEC.keys)(br#"{"_id":"a","startTime":"eight"}"#).unwrap_err();
    assert!(fault.to_string().starts_with("startTime: "), "{fault}");
}

#[test]
fn values_respect_what_is_said_to_serde() {
    let row = Row {
        seen_at: None,
        note: None,
        below: vec![Row { seen_at: Some(1), note: Some(2), below: vec![] }],
    };
    let wire = json!({"seenAt": null, "below": [{"seenAt": 1, "note": 2, "below": []}]});
    assert_eq!(serde_json::to_value(&row).unwrap(), wire);
    assert_eq!(serde_json::to_value(Loud::VeryLoud).unwrap(), "VERY_LOUD");
    assert_eq!(Loud::VeryLoud.scalar(), Scalar::Text("VERY_LOUD".into()));
    let schema = serde_json::to_value(schemars::schema_for!(Row)).unwrap();
    assert_eq!((&schema["title"], &schema["description"]), (&json!("Row"), &json!("A row.")));
}

#[test]
fn errors_say_what_clients_may_rely_on() {
    let listed: Vec<_> = Error::ERRORS.iter().map(|spec| (spec.kind, spec.code, spec.message)).collect();
    let expected = [
        (Kind::Expired, "GONE", "vote {vote_id} is gone"),
        (Kind::Upstream, "NO_ANSWER", "{url} does not answer"),
        (Kind::Limited, "TOO_MANY", "no more than {0}"),
    ];
    assert_eq!(listed, expected);
    let told = |error: Error| (error.kind(), error.code(), json!(error.details()));
    let gone = Error::Gone { vote_id: 3, r#type: "paper" };
    assert_eq!(told(gone), (Kind::Expired, "GONE", json!({"voteId": 3, "type": "paper"})));
    assert_eq!(told(Error::TooMany(4)), (Kind::Limited, "TOO_MANY", json!(null)));
    let inner = Error::Inner { inner: Inner::Twice { at: 1 } };
    assert_eq!(told(inner), (Kind::Conflict, "TWICE", json!({"at": 1})));
    let store = Error::Store(StoreError::Misuse("no registry".into()));
    assert_eq!(store.code(), StoreError::Misuse("no registry".into()).code());
}

#[test]
fn the_cause_of_an_error_is_not_for_clients() {
    let error = Error::NoAnswer { url: "http://there".into(), source: std::fmt::Error };
    assert_eq!(json!(error.details()), json!({"url": "http://there"}));
}
