//! Call sessions: who hosts one and who takes part.
//!
//! A session exists from its creation until its host ends it; ending deletes it, as nobody asks about sessions of the
//! past. The participants live in the session's own document, so two joins at once cannot both believe to be the first;
//! the price is that joins of one session happen one after the other.

use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// A call that is going on.
#[derive(State)]
pub struct Session {
    #[id]
    id: Id<Session>,
    host: Id<User>,
    name: Option<String>,
    participants: Vec<Id<User>>,
}

/// The id of a session.
#[derive(Data)]
pub struct Created {
    session: Id<Session>,
}

/// What a session is.
#[derive(Data)]
pub struct Details {
    host: Id<User>,
    name: Option<String>,
}

/// Someone who takes part.
#[derive(Data)]
pub struct Participant {
    user: Id<User>,
}

/// Why a call session refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// There is no such session, or it has ended.
    #[error("session {session} does not exist")]
    #[code(not_found, "SESSION_NOT_FOUND")]
    NoSuchSession {
        /// The id that was asked for.
        session: Id<Session>,
    },
    /// The user is in already.
    #[error("user {user} is already a participant")]
    #[code(conflict, "ALREADY_A_PARTICIPANT")]
    AlreadyIn {
        /// The user.
        user: Id<User>,
    },
    /// The user is not in.
    #[error("user {user} is not a participant")]
    #[code(not_found, "NOT_A_PARTICIPANT")]
    NotIn {
        /// The user.
        user: Id<User>,
    },
    /// Only the host ends a session.
    #[error("only the host can end the session")]
    #[code(forbidden, "NOT_THE_HOST")]
    NotTheHost,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct CallSession {
    sessions: Collection<Session>,
}

/// Manage a real-time call from its first moment to its last, and keep track of who takes part in it.
///
/// # Principle
/// If a host creates a session and others join it, then each of them is listed as a participant until they leave or
/// the host ends the session, after which there is no such session.
#[concept]
impl CallSession {
    /// Starts a session that the given user hosts and is the first to take part in.
    ///
    /// # Requires
    /// - `host` must be a valid User ID.
    ///
    /// # Effects
    /// - There is a new session with an ID of its own, and a name if one was given.
    /// - The `host` is its first participant.
    /// - The session's ID is returned.
    #[action]
    pub async fn create_session(
        &self,
        tx: &mut Tx,
        host: Id<User>,
        name: Option<String>,
    ) -> Result<Created, Error> {
        let id = tx.fresh_id();
        let participants = vec![host.clone()];
        self.sessions.insert(tx, &Session { id: Id::clone(&id), host, name, participants }).await?;
        Ok(Created { session: id })
    }

    /// Lets a user into a session.
    ///
    /// # Requires
    /// - The session with the given `session` ID must exist.
    /// - The `user` must not already be a participant in the session.
    ///
    /// # Effects
    /// - The `user` is the last in the session's list of participants.
    #[action]
    pub async fn join_session(&self, tx: &mut Tx, user: Id<User>, session: Id<Session>) -> Result<(), Error> {
        let mut session = self.existing(tx, session).await?;
        if session.participants.contains(&user) {
            return Err(Error::AlreadyIn { user });
        }
        session.participants.push(user);
        Ok(self.sessions.put(tx, &session).await?)
    }

    /// Takes a user out of a session. The host may leave, too, and stays its host.
    ///
    /// # Requires
    /// - The `user` must be a current participant in the session identified by `session`.
    ///
    /// # Effects
    /// - The `user` is no longer in the session's list of participants.
    #[action]
    pub async fn leave_session(
        &self,
        tx: &mut Tx,
        user: Id<User>,
        session: Id<Session>,
    ) -> Result<(), Error> {
        let mut session = self.existing(tx, session).await?;
        let before = session.participants.len();
        session.participants.retain(|participant| *participant != user);
        if session.participants.len() == before {
            return Err(Error::NotIn { user });
        }
        Ok(self.sessions.put(tx, &session).await?)
    }

    /// Ends a session for everyone. Only its host can.
    ///
    /// # Requires
    /// - The session with the given `session` ID must exist.
    /// - The `user` must be the host of the session.
    ///
    /// # Effects
    /// - The session is deleted.
    /// - Nobody is a participant in it any more.
    #[action]
    pub async fn end_session(&self, tx: &mut Tx, user: Id<User>, session: Id<Session>) -> Result<(), Error> {
        let session = self.existing(tx, session).await?;
        if session.host != user {
            return Err(Error::NotTheHost);
        }
        self.sessions.delete(tx, &session.id).await?;
        Ok(())
    }

    /// Lists who takes part in a session, in the order in which they came.
    ///
    /// # Requires
    /// - The session with the given `session` ID must exist.
    ///
    /// # Effects
    /// - Returns one row for each participant.
    #[query]
    pub async fn _get_participants(&self, tx: &Tx, session: Id<Session>) -> Result<Vec<Participant>, Error> {
        let session = self.existing(tx, session).await?;
        Ok(session.participants.into_iter().map(|user| Participant { user }).collect())
    }

    /// Tells who hosts a session, and its name if it has one.
    ///
    /// # Requires
    /// - The session with the given `session` ID must exist.
    ///
    /// # Effects
    /// - Returns the session's host and name.
    #[query]
    pub async fn _get_session(&self, tx: &Tx, session: Id<Session>) -> Result<Details, Error> {
        let Session { host, name, .. } = self.existing(tx, session).await?;
        Ok(Details { host, name })
    }

    async fn existing(&self, tx: &Tx, session: Id<Session>) -> Result<Session, Error> {
        self.sessions.get(tx, &session).await?.ok_or(Error::NoSuchSession { session })
    }
}
