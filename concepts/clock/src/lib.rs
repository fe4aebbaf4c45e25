//! Clock: that time passes, as something that happens.
//!
//! It keeps nothing. Who lets it tick is outside: the server does, in the intervals that rules name. With several nodes
//! one of them will have to be chosen; here there is one.

use concord::{ConceptError, Data, Millis, StoreError, Tx, concept};

/// The time of a tick.
#[derive(Data)]
pub struct Ticked {
    at: Millis,
}

/// Why a clock does not tick.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// An interval has a length.
    #[error("every must be at least 1 millisecond")]
    #[code(invalid, "NO_INTERVAL")]
    NoInterval,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Clock {}

/// Let things happen because time has passed.
///
/// # Principle
/// If rules name an interval, the clock ticks once in each such interval, and says what time it is.
#[concept]
impl Clock {
    /// Ticks.
    ///
    /// # Requires
    /// - `every`, the interval in milliseconds, must be at least 1.
    ///
    /// # Effects
    /// - An interval of this length has passed. Returns the time.
    #[action(transient)]
    pub async fn tick(&self, tx: &mut Tx, every: i64) -> Result<Ticked, Error> {
        if every < 1 {
            return Err(Error::NoInterval);
        }
        Ok(Ticked { at: tx.now() })
    }
}
