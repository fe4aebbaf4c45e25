//! Participants: who is in a place, and how they take part.
//!
//! One seat for each user and place, however often they join; the unique index over both sees to it. Whether a place
//! exists and how many fit in is not known here.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// A place that users can be in, known by its id alone.
pub enum Place {}

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// A user in a place.
#[derive(State)]
#[state(unique(room, user))]
pub struct Seat {
    #[id]
    id: Id<Seat>,
    room: Id<Place>,
    #[index]
    user: Id<User>,
    name: Option<String>,
    role: Option<String>,
    color: Option<String>,
    online: bool,
    muted: bool,
    camera: bool,
    sharing: bool,
    quality: Option<Quality>,
    joined_at: Millis,
}

/// How good a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Data)]
pub enum Quality {
    /// No trouble.
    Good,
    /// Trouble now and then.
    Fair,
    /// Trouble all the time.
    Poor,
}

/// What came of joining.
#[derive(Data)]
pub struct Joined {
    participant: Id<Seat>,
    first: bool,
}

/// How many were taken out.
#[derive(Data)]
pub struct Cleared {
    count: u64,
}

/// A participant.
#[derive(Data)]
pub struct Details {
    user: Id<User>,
    name: Option<String>,
    role: Option<String>,
    color: Option<String>,
    online: bool,
    muted: bool,
    camera: bool,
    sharing: bool,
    quality: Option<Quality>,
    joined_at: Millis,
}

/// A place that a user is in.
#[derive(Data)]
pub struct Whereabouts {
    room: Id<Place>,
    joined_at: Millis,
}

impl From<Seat> for Details {
    fn from(seat: Seat) -> Self {
        let Seat {
            id: _,
            room: _,
            user,
            name,
            role,
            color,
            online,
            muted,
            camera,
            sharing,
            quality,
            joined_at,
        } = seat;
        Self { user, name, role, color, online, muted, camera, sharing, quality, joined_at }
    }
}

/// Why a participant refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The user is not in the place.
    #[error("user {user} is not in room {room}")]
    #[code(not_found, "NOT_IN_ROOM")]
    NotIn {
        /// The user.
        user: Id<User>,
        /// The place.
        room: Id<Place>,
    },
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Participant {
    seats: Collection<Seat>,
}

/// Keep track of who is in a place and how they take part: in which role, seen and heard or not, there or away.
///
/// # Principle
/// If a user joins a room, they are listed in it once, however often they join, with the role they first came in, until
/// they leave or the room is cleared.
#[concept]
impl Participant {
    /// Puts a user into a room, or brings them back.
    ///
    /// # Requires
    /// - `room` and `user` must be valid IDs.
    ///
    /// # Effects
    /// - The `user` is in the room, online, with the `name` and `color` that were given.
    /// - A user who was in it already keeps their role, their time of joining, and the name and color they had if no
    ///   others are given.
    /// - Returns the participant, and whether this was the first time.
    #[action]
    pub async fn join(
        &self,
        tx: &mut Tx,
        room: Id<Place>,
        user: Id<User>,
        name: Option<String>,
        role: Option<String>,
        color: Option<String>,
    ) -> Result<Joined, Error> {
        let known = self.seat(tx, &room, &user).await?;
        let first = known.is_none();
        let seat = match known {
            Some(seat) => {
                Seat { name: name.or(seat.name), color: color.or(seat.color), online: true, ..seat }
            }
            None => Seat {
                id: tx.fresh_id(),
                room,
                user,
                name,
                role,
                color,
                online: true,
                muted: false,
                camera: false,
                sharing: false,
                quality: None,
                joined_at: tx.now(),
            },
        };
        self.seats.put(tx, &seat).await?;
        Ok(Joined { participant: seat.id, first })
    }

    /// Takes a user out of a room.
    ///
    /// # Requires
    /// - The `user` must be in the room.
    ///
    /// # Effects
    /// - The `user` is not in the room any more.
    #[action]
    pub async fn leave(&self, tx: &mut Tx, room: Id<Place>, user: Id<User>) -> Result<(), Error> {
        let seat = self.taken(tx, room, user).await?;
        self.seats.delete(tx, &seat.id).await?;
        Ok(())
    }

    /// Takes everyone out of a room.
    ///
    /// # Requires
    /// - `room` must be a valid ID.
    ///
    /// # Effects
    /// - Nobody is in the room any more.
    /// - Returns how many were.
    #[action]
    pub async fn clear(&self, tx: &mut Tx, room: Id<Place>) -> Result<Cleared, Error> {
        let mut count = 0;
        for seat in self.seats.find(tx, Seat::ROOM_USER.first_is(&room)).await? {
            self.seats.delete(tx, &seat.id).await?;
            count += 1;
        }
        Ok(Cleared { count })
    }

    /// Changes how a user takes part. What is not given stays as it is.
    ///
    /// # Requires
    /// - The `user` must be in the room.
    ///
    /// # Effects
    /// - The participant has the values that were given.
    #[action]
    #[expect(clippy::too_many_arguments, reason = "one for each thing that can be changed")]
    pub async fn update(
        &self,
        tx: &mut Tx,
        room: Id<Place>,
        user: Id<User>,
        online: Option<bool>,
        muted: Option<bool>,
        camera: Option<bool>,
        sharing: Option<bool>,
        quality: Option<Quality>,
        name: Option<String>,
        color: Option<String>,
    ) -> Result<(), Error> {
        let seat = self.taken(tx, room, user).await?;
        let seat = Seat {
            name: name.or(seat.name),
            color: color.or(seat.color),
            online: online.unwrap_or(seat.online),
            muted: muted.unwrap_or(seat.muted),
            camera: camera.unwrap_or(seat.camera),
            sharing: sharing.unwrap_or(seat.sharing),
            quality: quality.or(seat.quality),
            ..seat
        };
        Ok(self.seats.put(tx, &seat).await?)
    }

    /// Lists who is in a room, in the order in which they joined.
    ///
    /// # Requires
    /// - `room` must be a valid ID.
    ///
    /// # Effects
    /// - Returns one row for each participant; none if nobody is in the room.
    #[query]
    pub async fn _in(&self, tx: &Tx, room: Id<Place>) -> Result<Vec<Details>, Error> {
        let mut seats = self.seats.find(tx, Seat::ROOM_USER.first_is(&room)).await?;
        seats.sort_by(|one, other| (one.joined_at, &one.id).cmp(&(other.joined_at, &other.id)));
        Ok(seats.into_iter().map(Details::from).collect())
    }

    /// Tells how a user takes part in a room.
    ///
    /// # Requires
    /// - `room` and `user` must be valid IDs.
    ///
    /// # Effects
    /// - Returns the participant; no row if the `user` is not in the room.
    #[query]
    pub async fn _get(&self, tx: &Tx, room: Id<Place>, user: Id<User>) -> Result<Option<Details>, Error> {
        Ok(self.seat(tx, &room, &user).await?.map(Details::from))
    }

    /// Lists the rooms that a user is in.
    ///
    /// # Requires
    /// - `user` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns one row for each room; none if the `user` is in none.
    #[query]
    pub async fn _of_user(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Whereabouts>, Error> {
        let seats = self.seats.find(tx, Seat::USER.is(&user)).await?;
        Ok(seats.into_iter().map(|Seat { room, joined_at, .. }| Whereabouts { room, joined_at }).collect())
    }

    async fn taken(&self, tx: &Tx, room: Id<Place>, user: Id<User>) -> Result<Seat, Error> {
        self.seat(tx, &room, &user).await?.ok_or(Error::NotIn { user, room })
    }

    async fn seat(&self, tx: &Tx, room: &Id<Place>, user: &Id<User>) -> Result<Option<Seat>, Error> {
        Ok(self.seats.first(tx, Seat::ROOM_USER.are(room, user)).await?)
    }
}
