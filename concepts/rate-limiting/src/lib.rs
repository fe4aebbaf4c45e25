//! RateLimiting: how often something may happen.
//!
//! A true sliding window: ten a minute means at most ten in any minute, so the time of each taking is kept for as long as
//! it counts, at most `limit` of them for a key; a limit cannot be as large as one likes, because of it. They live in
//! memory: who restarts the server starts counting anew. A key goes with one limit and one window.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// Who or what is limited, known by its id alone.
pub enum Key {}

/// The largest limit: that many times may have to be read and written for one taking.
const MOST: u32 = 10_000;

/// How many keys that nobody asks for any more a new key clears away: two, so that they become fewer.
const SWEPT: usize = 2;

/// The takings of a key that still count.
#[derive(State)]
#[state(volatile)]
pub struct Takings {
    #[id]
    id: Id<Takings>,
    /// Oldest first.
    times: Vec<Millis>,
    /// When none of them counts any more.
    #[index]
    stale_at: Millis,
}

/// What came of asking.
#[derive(Data)]
pub struct Taken {
    allowed: bool,
    limit: u32,
    remaining: u32,
    reset: Millis,
}

/// Why nothing can be counted.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// Nothing would ever be allowed.
    #[error("limit must be at least 1")]
    #[code(invalid, "NO_LIMIT")]
    NoLimit,
    /// More than can be counted.
    #[error("limit must be at most 10,000")]
    #[code(invalid, "LIMIT_TOO_HIGH")]
    LimitTooHigh,
    /// There is no time to count in.
    #[error("window must be at least 1 millisecond")]
    #[code(invalid, "NO_WINDOW")]
    NoWindow,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct RateLimiting {
    takings: Collection<Takings>,
}

/// Allow something so often in a time, and no oftener.
///
/// # Principle
/// If a key may be taken ten times a minute, the eleventh taking within any minute is not allowed, and the next one is as
/// soon as the first of those ten is a minute ago.
#[concept]
impl RateLimiting {
    /// Takes one of what a key is allowed, if any is left.
    ///
    /// # Requires
    /// - `limit` must be at least 1, and at most 10,000.
    /// - `window`, in milliseconds, must be at least 1.
    ///
    /// # Effects
    /// - If the `key` was taken less than `limit` times in the `window` that ends now, it is taken once more.
    /// - Returns whether it was `allowed`, the `limit`, how many are `remaining`, and `reset`: the time from which one more
    ///   than that will be allowed.
    #[action(transient)]
    pub async fn take(&self, tx: &mut Tx, key: Id<Key>, limit: u32, window: u32) -> Result<Taken, Error> {
        let window = checked(limit, window)?;
        let (now, id) = (tx.now(), key.cast::<Takings>());
        let known = self.takings.get(tx, &id).await?;
        if known.is_none() {
            self.sweep(tx).await?;
        }
        let mut times = known.map_or_else(Vec::new, |takings| takings.times);
        // A time that is still to come, after the clock was set back, is taken for now: nobody waits for longer than a
        // window.
        for time in &mut times {
            *time = now.min(*time);
        }
        times.retain(|time| time.0 + window > now.0);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        if times.len() >= most {
            // The limit may have been higher before: the next is allowed when there are few enough.
            let reset = Millis(times[times.len() - most].0 + window);
            return Ok(Taken { allowed: false, limit, remaining: 0, reset });
        }
        times.push(now);
        let remaining = limit - u32::try_from(times.len()).unwrap_or(limit).min(limit);
        let reset = Millis(times[0].0 + window);
        self.takings.put(tx, &Takings { id, times, stale_at: Millis(now.0 + window) }).await?;
        Ok(Taken { allowed: true, limit, remaining, reset })
    }

    /// Clears away a few keys whose takings are all past. Only a new key does: so takings of known ones, which are nearly
    /// all, share no document with one another; and as more go than come, they do not pile up.
    async fn sweep(&self, tx: &mut Tx) -> Result<(), Error> {
        let stale = Takings::STALE_AT.within(..=tx.now()).limit(SWEPT);
        for takings in self.takings.find(tx, stale).await? {
            self.takings.delete(tx, &takings.id).await?;
        }
        Ok(())
    }
}

/// The window, if it and the limit make sense.
fn checked(limit: u32, window: u32) -> Result<i64, Error> {
    match (limit, window) {
        (0, _) => Err(Error::NoLimit),
        (_, 0) => Err(Error::NoWindow),
        (limit, _) if limit > MOST => Err(Error::LimitTooHigh),
        (_, window) => Ok(i64::from(window)),
    }
}
