//! Metering: when a call began and ended, and how long it took.
//!
//! Times are those that its participants name, as clocks of their own measured them; whether they may is not known here.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// What is measured, known by its id alone.
pub enum Subject {}

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// A measured call. It has the id of what it measures.
#[derive(State)]
pub struct Call {
    #[id]
    id: Id<Call>,
    started_at: Millis,
    ended_at: Option<Millis>,
}

/// A call that is over.
#[derive(Data)]
pub struct Outcome {
    started_at: Millis,
    ended_at: Millis,
    minutes: i64,
}

/// A call, over or not.
#[derive(Data)]
pub struct Measured {
    started_at: Millis,
    ended_at: Option<Millis>,
    minutes: Option<i64>,
}

/// Why metering refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The call has begun.
    #[error("the call has started already")]
    #[code(conflict, "ALREADY_STARTED")]
    AlreadyStarted,
    /// The call has not begun.
    #[error("the call has not started")]
    #[code(conflict, "NOT_STARTED")]
    NotStarted,
    /// The call is over.
    #[error("the call has ended already")]
    #[code(conflict, "ALREADY_ENDED")]
    AlreadyEnded,
    /// The end lies before the start.
    #[error("a call cannot end before it started")]
    #[code(unprocessable, "ENDS_BEFORE_START")]
    EndsBeforeStart,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Metering {
    calls: Collection<Call>,
}

/// Measure how long calls take.
///
/// # Principle
/// If a call starts at one time and ends at another, it took the minutes in between.
#[concept]
impl Metering {
    /// Notes that a call has started.
    ///
    /// # Requires
    /// - The call must not have started already.
    ///
    /// # Effects
    /// - The call of the `subject` runs since `at`.
    #[action]
    pub async fn start(&self, tx: &mut Tx, subject: Id<Subject>, at: Millis) -> Result<(), Error> {
        let id = subject.cast();
        if self.calls.get(tx, &id).await?.is_some() {
            return Err(Error::AlreadyStarted);
        }
        Ok(self.calls.insert(tx, &Call { id, started_at: at, ended_at: None }).await?)
    }

    /// Notes that a call has ended.
    ///
    /// # Requires
    /// - The call must have started.
    /// - The call must not have ended already.
    /// - `at` must not be before the start.
    ///
    /// # Effects
    /// - The call of the `subject` ended `at` that time.
    /// - Returns when it started and ended, and how many minutes it took, rounded.
    #[action]
    pub async fn end(&self, tx: &mut Tx, subject: Id<Subject>, at: Millis) -> Result<Outcome, Error> {
        let call = self.calls.get(tx, &subject.cast()).await?.ok_or(Error::NotStarted)?;
        if call.ended_at.is_some() {
            return Err(Error::AlreadyEnded);
        }
        if at < call.started_at {
            return Err(Error::EndsBeforeStart);
        }
        let call = Call { ended_at: Some(at), ..call };
        self.calls.put(tx, &call).await?;
        let started_at = call.started_at;
        Ok(Outcome { started_at, ended_at: at, minutes: minutes(started_at, at) })
    }

    /// Tells when a call started and ended.
    ///
    /// # Requires
    /// - `subject` must be a valid ID.
    ///
    /// # Effects
    /// - Returns the call, with how many minutes it took if it is over; no row if it has not started.
    #[query]
    pub async fn _get(&self, tx: &Tx, subject: Id<Subject>) -> Result<Option<Measured>, Error> {
        let call = self.calls.get(tx, &subject.cast()).await?;
        Ok(call.map(|Call { id: _, started_at, ended_at }| Measured {
            started_at,
            ended_at,
            minutes: ended_at.map(|ended_at| minutes(started_at, ended_at)),
        }))
    }
}

/// Whole minutes, rounded, half a minute up.
fn minutes(from: Millis, to: Millis) -> i64 {
    to.0.saturating_sub(from.0).saturating_add(MINUTE / 2) / MINUTE
}
