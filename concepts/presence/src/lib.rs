//! Presence: who is where, over which connections.
//!
//! Someone with two windows open is at a place twice and is one person: they are there from the first window on until the
//! last is closed. A connection is at one place at a time. What a connection is, and when it ends, others say.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// A connection, known by its id alone.
pub enum Connection {}

/// A place, known by its id alone.
pub enum Place {}

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// A connection at a place. It has the connection's id.
#[derive(State)]
#[state(index(place, user))]
pub struct Stay {
    #[id]
    id: Id<Stay>,
    place: Id<Place>,
    user: Id<User>,
    since: Millis,
}

/// Whether somebody was not there before.
#[derive(Data)]
pub struct Entered {
    first: bool,
}

/// What a connection has left, and whether its user is still there.
#[derive(Data)]
pub struct Exited {
    place: Id<Place>,
    user: Id<User>,
    last: bool,
}

/// Where a connection is, and whose it is.
#[derive(Data)]
pub struct Whereabouts {
    place: Id<Place>,
    user: Id<User>,
}

/// A connection at a place.
#[derive(Data)]
pub struct Present {
    connection: Id<Connection>,
    user: Id<User>,
    since: Millis,
}

/// Somebody who is at a place.
#[derive(Data)]
pub struct Person {
    user: Id<User>,
    since: Millis,
}

impl From<Stay> for Present {
    fn from(Stay { id, user, since, .. }: Stay) -> Self {
        Self { connection: id.cast(), user, since }
    }
}

/// Why presence refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The connection is nowhere.
    #[error("connection {connection} is nowhere")]
    #[code(not_found, "NOT_PRESENT")]
    NotPresent {
        /// The connection.
        connection: Id<Connection>,
    },
    /// The connection is somewhere else, or somebody else's.
    #[error("connection {connection} is at {place} already")]
    #[code(conflict, "PRESENT_ELSEWHERE")]
    Elsewhere {
        /// The connection.
        connection: Id<Connection>,
        /// Where it is.
        place: Id<Place>,
    },
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Presence {
    stays: Collection<Stay>,
}

/// Know who is at a place: everyone who has at least one connection there.
///
/// # Principle
/// If a user enters a place over two connections, they are there once; when one connection exits they still are, and when
/// the other does they are not.
#[concept]
impl Presence {
    /// Brings a connection to a place.
    ///
    /// # Requires
    /// - The `connection` must not be at another place, nor be another user's.
    ///
    /// # Effects
    /// - The `connection` is at the `place`, for the `user`. If it was already, nothing changes.
    /// - Returns whether the `user` was not there before.
    #[action]
    pub async fn enter(
        &self,
        tx: &mut Tx,
        connection: Id<Connection>,
        place: Id<Place>,
        user: Id<User>,
    ) -> Result<Entered, Error> {
        let id = connection.clone().cast();
        if let Some(stay) = self.stays.get(tx, &id).await? {
            if stay.place == place && stay.user == user {
                return Ok(Entered { first: false });
            }
            return Err(Error::Elsewhere { connection, place: stay.place });
        }
        let first = self.stays.first(tx, Stay::PLACE_USER.are(&place, &user)).await?.is_none();
        self.stays.insert(tx, &Stay { id, place, user, since: tx.now() }).await?;
        Ok(Entered { first })
    }

    /// Takes a connection away from where it is.
    ///
    /// # Requires
    /// - The `connection` must be at a place.
    ///
    /// # Effects
    /// - The `connection` is nowhere.
    /// - Returns where it was, whose it was, and whether it was the user's last connection there.
    #[action]
    pub async fn exit(&self, tx: &mut Tx, connection: Id<Connection>) -> Result<Exited, Error> {
        let id = connection.clone().cast();
        let Stay { place, user, .. } =
            self.stays.get(tx, &id).await?.ok_or(Error::NotPresent { connection })?;
        self.stays.delete(tx, &id).await?;
        let last = self.stays.first(tx, Stay::PLACE_USER.are(&place, &user)).await?.is_none();
        Ok(Exited { place, user, last })
    }

    /// Tells where a connection is.
    ///
    /// # Requires
    /// - `connection` must be a valid ID.
    ///
    /// # Effects
    /// - Returns the place and whose the connection is; no row if it is nowhere.
    #[query]
    pub async fn _at(&self, tx: &Tx, connection: Id<Connection>) -> Result<Option<Whereabouts>, Error> {
        let stay = self.stays.get(tx, &connection.cast()).await?;
        Ok(stay.map(|Stay { place, user, .. }| Whereabouts { place, user }))
    }

    /// Lists the connections at a place, in the order in which they came.
    ///
    /// # Requires
    /// - `place` must be a valid ID.
    ///
    /// # Effects
    /// - Returns one row for each connection; none if there is none.
    #[query]
    pub async fn _in(&self, tx: &Tx, place: Id<Place>) -> Result<Vec<Present>, Error> {
        Ok(self.arrivals(tx, &place).await?.into_iter().map(Present::from).collect())
    }

    /// Lists who is at a place, in the order in which they came.
    ///
    /// # Requires
    /// - `place` must be a valid ID.
    ///
    /// # Effects
    /// - Returns one row for each user, however many connections they have.
    #[query]
    pub async fn _users(&self, tx: &Tx, place: Id<Place>) -> Result<Vec<Person>, Error> {
        let mut people: Vec<Person> = Vec::new();
        for Stay { user, since, .. } in self.arrivals(tx, &place).await? {
            if !people.iter().any(|person| person.user == user) {
                people.push(Person { user, since });
            }
        }
        Ok(people)
    }

    /// Lists the connections of a user at a place, in the order in which they came.
    ///
    /// # Requires
    /// - `place` and `user` must be valid IDs.
    ///
    /// # Effects
    /// - Returns one row for each connection; none if the `user` is not there.
    #[query]
    pub async fn _of(&self, tx: &Tx, place: Id<Place>, user: Id<User>) -> Result<Vec<Present>, Error> {
        let mut stays = self.stays.find(tx, Stay::PLACE_USER.are(&place, &user)).await?;
        stays.sort_by_key(|stay| stay.since);
        Ok(stays.into_iter().map(Present::from).collect())
    }

    /// The connections at a place, in the order in which they came.
    async fn arrivals(&self, tx: &Tx, place: &Id<Place>) -> Result<Vec<Stay>, StoreError> {
        let mut stays = self.stays.find(tx, Stay::PLACE_USER.first_is(place)).await?;
        stays.sort_by_key(|stay| stay.since);
        Ok(stays)
    }
}
