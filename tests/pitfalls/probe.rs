//! A concept that does what concepts should not: it panics, it is slow to decide, it takes secrets.

use std::sync::Arc;

use concept_call_session::CallSession;
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};
use concord_testing::Harness;

pub(crate) enum Anything {}

/// A note.
#[derive(State)]
pub(crate) struct Note {
    #[id]
    id: Id<Note>,
    #[index]
    about: Id<Anything>,
    text: String,
}

#[derive(Data)]
pub(crate) struct Noted {
    note: Id<Note>,
}

#[derive(Data)]
pub(crate) struct Row {
    text: String,
}

#[derive(Data)]
pub(crate) struct Known {
    user: Id<Anything>,
}

/// Why it refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub(crate) enum Error {
    #[error("{about} is never noted")]
    #[code(unprocessable, "NEVER")]
    Never { about: Id<Anything> },
    #[error("the rows are broken")]
    #[code(conflict, "BROKEN")]
    Broken,
    #[error("who are you?")]
    #[code(unauthorized, "WHO")]
    Who,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[concept]
#[derive(Default)]
pub(crate) struct Probe {
    notes: Collection<Note>,
    /// Shared with nobody; another instance has its own.
    _name: Arc<str>,
}

/// Be there for tests.
///
/// # Principle
/// If something is noted, it is there.
#[concept]
impl Probe {
    /// Notes a text; about `never` it refuses.
    #[action]
    pub(crate) async fn note(&self, tx: &mut Tx, about: Id<Anything>, text: String) -> Result<Noted, Error> {
        if about.as_str() == "never" {
            return Err(Error::Never { about });
        }
        let id: Id<Note> = tx.fresh_id();
        self.notes.insert(tx, &Note { id: id.clone(), about, text }).await?;
        Ok(Noted { note: id })
    }

    /// Panics.
    #[action]
    pub(crate) async fn burst(&self, _tx: &mut Tx, about: Id<Anything>) -> Result<(), Error> {
        panic!("a bug in {about}");
    }

    /// Knows who comes with a password.
    #[action]
    pub(crate) async fn login(&self, _tx: &mut Tx, #[secret] password: String) -> Result<Known, Error> {
        if password == "swordfish" { Ok(Known { user: Id::new("ada").unwrap() }) } else { Err(Error::Who) }
    }

    /// Lists the notes about something; about `broken` it fails.
    #[query]
    pub(crate) async fn _about(&self, tx: &Tx, about: Id<Anything>) -> Result<Vec<Row>, Error> {
        if about.as_str() == "broken" {
            return Err(Error::Broken);
        }
        let notes = self.notes.find(tx, Note::ABOUT.is(&about)).await?;
        Ok(notes.into_iter().map(|note| Row { text: note.text }).collect())
    }
}

/// An app with the probe and a few real concepts, not open yet.
pub(crate) fn probe() -> Harness {
    Harness::default()
        .concept(CallSession::default())
        .concept(Participant::default())
        .concept(Probe::default())
        .concept(Requesting)
        .concept(Room::default())
}
