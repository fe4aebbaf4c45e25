//! Expiring: what ends when.
//!
//! It knows times and no more: what it means that something has lapsed is for syncs to say, which react to `lapse` one
//! resource at a time, so that one that cannot be cleaned up holds up no other.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// Whatever ends, known by its id alone.
pub enum Resource {}

/// Rows of `_due` at most: whoever asks again gets the rest.
const ROWS: usize = 1_000;

/// When something ends.
#[derive(State)]
pub struct Ending {
    #[id]
    id: Id<Ending>,
    #[index]
    at: Millis,
}

/// When something ends.
#[derive(Data)]
pub struct Due {
    resource: Id<Resource>,
    at: Millis,
}

impl From<Ending> for Due {
    fn from(Ending { id, at }: Ending) -> Self {
        Self { resource: id.cast(), at }
    }
}

/// Why nothing lapses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// Nobody said when this ends.
    #[error("{resource} has no end")]
    #[code(not_found, "NO_END")]
    NoEnd {
        /// The resource.
        resource: Id<Resource>,
    },
    /// Its time has not come.
    #[error("{resource} has not ended yet")]
    #[code(conflict, "NOT_YET")]
    NotYet {
        /// The resource.
        resource: Id<Resource>,
        /// When it will.
        at: Millis,
    },
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Expiring {
    endings: Collection<Ending>,
}

/// Remember what ends when, and say so when its time has come.
///
/// # Principle
/// If a resource is set to end at a time, it is due from then on, until it lapses or is cleared; then nothing is known
/// of it.
#[concept]
impl Expiring {
    /// Says when a resource ends.
    ///
    /// # Requires
    /// - `resource` must be a valid ID.
    /// - `at` must be a time, in milliseconds.
    ///
    /// # Effects
    /// - The `resource` ends at the given time, whatever was said before.
    #[action]
    pub async fn set(&self, tx: &mut Tx, resource: Id<Resource>, at: Millis) -> Result<(), Error> {
        Ok(self.endings.put(tx, &Ending { id: resource.cast(), at }).await?)
    }

    /// Lets a resource go on for ever.
    ///
    /// # Requires
    /// - `resource` must be a valid ID.
    ///
    /// # Effects
    /// - The `resource` has no end any more, if it had one.
    #[action]
    pub async fn clear(&self, tx: &mut Tx, resource: Id<Resource>) -> Result<(), Error> {
        self.endings.delete(tx, &resource.cast()).await?;
        Ok(())
    }

    /// Ends a resource whose time has come.
    ///
    /// # Requires
    /// - The `resource` must have an end.
    /// - Its time must have come.
    ///
    /// # Effects
    /// - The `resource` has lapsed; nothing is remembered of it.
    #[action]
    pub async fn lapse(&self, tx: &mut Tx, resource: Id<Resource>) -> Result<(), Error> {
        let Some(Ending { id, at }) = self.endings.get(tx, &resource.cast()).await? else {
            return Err(Error::NoEnd { resource });
        };
        if at > tx.now() {
            return Err(Error::NotYet { resource, at });
        }
        self.endings.delete(tx, &id).await?;
        Ok(())
    }

    /// Lists what ends before a time.
    ///
    /// # Requires
    /// - `before` must be a time, in milliseconds.
    ///
    /// # Effects
    /// - Returns one row for each resource that ends before the time, the first to end first; at most 1000 of them.
    #[query]
    pub async fn _due(&self, tx: &Tx, before: Millis) -> Result<Vec<Due>, Error> {
        let due = self.endings.find(tx, Ending::AT.within(..before).limit(ROWS)).await?;
        Ok(due.into_iter().map(Due::from).collect())
    }

    /// Tells when a resource ends.
    ///
    /// # Requires
    /// - `resource` must be a valid ID.
    ///
    /// # Effects
    /// - Returns its time; no row if it has no end.
    #[query]
    pub async fn _get(&self, tx: &Tx, resource: Id<Resource>) -> Result<Option<Due>, Error> {
        Ok(self.endings.get(tx, &resource.cast()).await?.map(Due::from))
    }
}
