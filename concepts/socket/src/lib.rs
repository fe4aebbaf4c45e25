//! Connections that stay open: who they are, and what is sent to them.
//!
//! What a connection is known by is kept, so that one whose process is gone can still be closed in its own name. Groups
//! and messages are not: the records of `join`, `leave`, `emit` and `disconnect` are what happens to a connection, as the
//! record of a response is the response. Whoever holds the connections reads them when they have committed. The impl is
//! written by hand, as no macro knows inputs whose fields others choose; what it says of itself is in `spec`.

mod spec;

use concord::{
    Collection, Concept, ConceptError, Data, Id, Input, Json, Millis, Output, Refusal, Running, State,
    StoreError, Tx, concept, rt,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// A connection, or a group of them, known by its id alone.
pub enum Target {}

/// Why a connection refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// An event has no name.
    #[error("an event needs a name")]
    #[code(invalid, "NO_EVENT")]
    NoEvent,
    /// Nobody is to be disconnected.
    #[error("disconnect needs a connection or a group")]
    #[code(invalid, "NO_TARGET")]
    NoTarget,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A connection that is open.
#[derive(State)]
pub struct Connection {
    #[id]
    id: Id<Connection>,
    contract: String,
    /// What `admit` bound, the parts of the path and the query, as far as rules name them.
    fields: Value,
    since: Millis,
}

/// A connection, as it is listed.
#[derive(Data)]
pub struct Details {
    connection: Id<Connection>,
    contract: String,
    fields: Value,
    since: Millis,
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Socket {
    connections: Collection<Connection>,
}

/// What every stimulus has; its other fields are what the contract's syncs name.
#[derive(Deserialize)]
struct Opening {
    connection: Id<Connection>,
    contract: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct Closing {
    connection: Id<Connection>,
}

/// A message, as it is read: the data passes through as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to be checked")]
struct Emission {
    to: Id<Target>,
    event: String,
    data: Option<IgnoredAny>,
    except: Option<Id<Target>>,
}

/// Connections that are listed at one time.
const PAGE: usize = 1_000;

impl Concept for Socket {
    const SPEC: &'static concord::spec::ConceptSpec = &spec::SPEC;

    fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a> {
        match action {
            spec::OPEN => Box::pin(async move {
                let (form, opening) = (input.form(), input.keep_as::<Opening>()?);
                rt::action(self.open(tx, opening).await, form)
            }),
            spec::RECEIVE => {
                input.keep();
                Box::pin(std::future::ready(Ok(Json::empty())))
            }
            spec::CLOSE => Box::pin(async move {
                let (form, Closing { connection }) = (input.form(), input.keep_as()?);
                rt::action(self.close(tx, &connection).await, form)
            }),
            spec::JOIN | spec::LEAVE => Box::pin(std::future::ready(
                input.read::<spec::Grouping>(&spec::ACTIONS[action]).map(|_| Json::empty()),
            )),
            spec::EMIT => Box::pin(std::future::ready(emit(input))),
            spec::DISCONNECT => Box::pin(std::future::ready(disconnect(input))),
            spec::GET => Box::pin(async move {
                let form = input.form();
                let spec::Getting { connection } = input.read(&spec::ACTIONS[action])?;
                rt::rows(self.get(tx, &connection).await, form)
            }),
            spec::ALL => Box::pin(async move {
                let form = input.form();
                let spec::Listing { after } = input.read(&spec::ACTIONS[action])?;
                rt::rows(self.all(tx, after.as_ref()).await, form)
            }),
            _ => rt::no_such_action(),
        }
    }
}

impl Socket {
    async fn open(&self, tx: &mut Tx, opening: Opening) -> Result<(), Error> {
        let Opening { connection, contract, fields } = opening;
        let since = tx.now();
        let connection = Connection { id: connection, contract, fields: Value::Object(fields), since };
        Ok(self.connections.insert(tx, &connection).await?)
    }

    /// One that is gone already is closed all the same.
    async fn close(&self, tx: &mut Tx, connection: &Id<Connection>) -> Result<(), Error> {
        self.connections.delete(tx, connection).await?;
        Ok(())
    }

    async fn get(&self, tx: &Tx, connection: &Id<Connection>) -> Result<Option<Details>, Error> {
        Ok(self.connections.get(tx, connection).await?.map(Details::from))
    }

    async fn all(&self, tx: &Tx, after: Option<&Id<Connection>>) -> Result<Vec<Details>, Error> {
        let page = self.connections.scan(tx, after, PAGE).await?;
        Ok(page.into_iter().map(Details::from).collect())
    }
}

impl From<Connection> for Details {
    fn from(connection: Connection) -> Self {
        let Connection { id, contract, fields, since } = connection;
        Self { connection: id, contract, fields, since }
    }
}

fn disconnect(input: Input<'_>) -> Result<Output, Refusal> {
    let spec::Ending { connection, group } = input.read(&spec::ACTIONS[spec::DISCONNECT])?;
    if connection.is_none() && group.is_none() {
        return Err(Error::NoTarget.into());
    }
    Ok(Json::empty())
}

fn emit(input: Input<'_>) -> Result<Output, Refusal> {
    let Emission { event, .. } = input.keep_as()?;
    if event.is_empty() {
        return Err(Error::NoEvent.into());
    }
    Ok(Json::empty())
}
