//! Call windows: when users are available for calls.
//!
//! A window is a stretch of time that its owner can be called in. Windows of one owner may overlap: what an overlap
//! means is for whoever reads them to say.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// A stretch of time.
#[derive(State)]
#[state(index(owner, start_time))]
pub struct Window {
    #[id]
    id: Id<Window>,
    owner: Id<User>,
    start_time: Millis,
    end_time: Millis,
}

/// The id of a window.
#[derive(Data)]
pub struct Created {
    window: Id<Window>,
}

/// A window of a user.
#[derive(Data)]
pub struct Availability {
    window: Id<Window>,
    start_time: Millis,
    end_time: Millis,
}

/// What a window is.
#[derive(Data)]
pub struct Details {
    owner: Id<User>,
    start_time: Millis,
    end_time: Millis,
}

/// Why a call window refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// There is no such window.
    #[error("window {window} does not exist")]
    #[code(not_found, "WINDOW_NOT_FOUND")]
    NoSuchWindow {
        /// The id that was asked for.
        window: Id<Window>,
    },
    /// Only its owner changes a window.
    #[error("only the owner can change the window")]
    #[code(forbidden, "NOT_THE_OWNER")]
    NotTheOwner,
    /// It would end before it starts, or at once.
    #[error("endTime must be after startTime")]
    #[code(invalid, "ENDS_BEFORE_START")]
    EndsBeforeStart,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct CallWindow {
    windows: Collection<Window>,
}

/// Let users say in which stretches of time they can be called, and change their minds.
///
/// # Principle
/// If a user creates a window, it is among their windows with the times they gave, or the times they changed it to,
/// until they delete it; nobody else can do either.
#[concept]
impl CallWindow {
    /// Adds a window to those of a user.
    ///
    /// # Requires
    /// - `owner` must be a valid User ID.
    /// - `endTime` must be a timestamp that occurs after `startTime`.
    ///
    /// # Effects
    /// - There is a new window with an ID of its own, from `startTime` to `endTime`.
    /// - It belongs to the `owner`.
    /// - The window's ID is returned.
    #[action]
    pub async fn create_window(
        &self,
        tx: &mut Tx,
        owner: Id<User>,
        start_time: Millis,
        end_time: Millis,
    ) -> Result<Created, Error> {
        in_order(start_time, end_time)?;
        let id = tx.fresh_id();
        self.windows.insert(tx, &Window { id: Id::clone(&id), owner, start_time, end_time }).await?;
        Ok(Created { window: id })
    }

    /// Changes when a window starts and ends.
    ///
    /// # Requires
    /// - The window with the given `window` ID must exist.
    /// - The `owner` must be the owner of the specified window.
    /// - `endTime` must be a timestamp that occurs after `startTime`.
    ///
    /// # Effects
    /// - The window is from `startTime` to `endTime`.
    #[action]
    pub async fn update_window(
        &self,
        tx: &mut Tx,
        owner: Id<User>,
        window: Id<Window>,
        start_time: Millis,
        end_time: Millis,
    ) -> Result<(), Error> {
        let window = self.owned(tx, owner, window).await?;
        in_order(start_time, end_time)?;
        Ok(self.windows.put(tx, &Window { start_time, end_time, ..window }).await?)
    }

    /// Removes a window.
    ///
    /// # Requires
    /// - The window with the given `window` ID must exist.
    /// - The `owner` must be the owner of the specified window.
    ///
    /// # Effects
    /// - There is no such window any more.
    #[action]
    pub async fn delete_window(&self, tx: &mut Tx, owner: Id<User>, window: Id<Window>) -> Result<(), Error> {
        let window = self.owned(tx, owner, window).await?;
        self.windows.delete(tx, &window.id).await?;
        Ok(())
    }

    /// Lists the windows of a user, the earliest start first.
    ///
    /// # Requires
    /// - `user` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns one row for each window that the `user` owns; none if there are none.
    #[query]
    pub async fn _get_windows_for_user(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Availability>, Error> {
        let windows = self.windows.find(tx, Window::OWNER_START_TIME.first_is(&user)).await?;
        let row = |Window { id, start_time, end_time, .. }| Availability { window: id, start_time, end_time };
        Ok(windows.into_iter().map(row).collect())
    }

    /// Tells whose a window is, and when it starts and ends.
    ///
    /// # Requires
    /// - The window with the given `window` ID must exist.
    ///
    /// # Effects
    /// - Returns the window's owner and times.
    #[query]
    pub async fn _get_window(&self, tx: &Tx, window: Id<Window>) -> Result<Details, Error> {
        let Window { owner, start_time, end_time, .. } = self.existing(tx, window).await?;
        Ok(Details { owner, start_time, end_time })
    }

    async fn owned(&self, tx: &Tx, owner: Id<User>, window: Id<Window>) -> Result<Window, Error> {
        let window = self.existing(tx, window).await?;
        if window.owner == owner { Ok(window) } else { Err(Error::NotTheOwner) }
    }

    async fn existing(&self, tx: &Tx, window: Id<Window>) -> Result<Window, Error> {
        self.windows.get(tx, &window).await?.ok_or(Error::NoSuchWindow { window })
    }
}

fn in_order(start: Millis, end: Millis) -> Result<(), Error> {
    if start < end { Ok(()) } else { Err(Error::EndsBeforeStart) }
}
