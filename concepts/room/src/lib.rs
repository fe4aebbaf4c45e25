//! Rooms: places that calls happen in.
//!
//! A room knows whose it is, what it is about and how many fit in; who is in it is another concept's business, and so is
//! counting them against the capacity. A closed room stays, so that those who come late can be told; `remove` ends that.

mod state;

use concord::{Collection, ConceptError, Data, Id, IdStyle, Millis, StoreError, Tx, concept};
pub use state::Status;

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// What a room is about: an appointment, a chat, anything with an id.
pub enum Subject {}

/// How a room's id is spelt.
#[derive(Clone, Copy, Data)]
pub enum Style {
    /// A UUID.
    Uuid,
    /// 24 hexadecimal digits.
    Hex24,
    /// 8 hexadecimal digits, for links that people read out.
    Hex8,
    /// A UUID after `room-`.
    #[serde(rename = "room-uuid")]
    RoomUuid,
}

/// The id of a room.
#[derive(Data)]
pub struct Opened {
    room: Id<state::Room>,
}

/// What a room is.
#[derive(Data)]
pub struct Details {
    room: Id<state::Room>,
    owner: Id<User>,
    subject: Option<Id<Subject>>,
    capacity: Option<u32>,
    status: Status,
    created_at: Millis,
    updated_at: Millis,
}

impl From<state::Room> for Details {
    fn from(room: state::Room) -> Self {
        let state::Room { id, owner, subject, capacity, status, created_at, updated_at } = room;
        Self { room: id, owner, subject, capacity, status, created_at, updated_at }
    }
}

/// Why a room refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// There is no such room.
    #[error("room {room} does not exist")]
    #[code(not_found, "ROOM_NOT_FOUND")]
    NoSuchRoom {
        /// The id that was asked for.
        room: Id<state::Room>,
    },
    /// The room has been closed.
    #[error("room {room} is closed")]
    #[code(conflict, "ROOM_CLOSED")]
    Closed {
        /// The room.
        room: Id<state::Room>,
    },
    /// Nobody would fit in.
    #[error("capacity must be at least 1")]
    #[code(invalid, "NO_CAPACITY")]
    NoCapacity,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Room {
    rooms: Collection<state::Room>,
}

/// Provide places for calls to happen in, each with an owner, and close them for good.
///
/// # Principle
/// If a user opens a room, anyone who knows its ID can see whose it is and that it is open, until it is closed; then it
/// is seen to be closed, until it is removed.
#[concept]
impl Room {
    /// Opens a room.
    ///
    /// # Requires
    /// - `owner` must be a valid User ID.
    /// - `capacity`, if given, must be at least 1.
    ///
    /// # Effects
    /// - There is a new open room that belongs to the `owner`, with the `subject` and `capacity` that were given.
    /// - Its ID is new, spelt in the given `style` (a UUID if none is given), and returned.
    #[action]
    pub async fn open(
        &self,
        tx: &mut Tx,
        owner: Id<User>,
        style: Option<Style>,
        subject: Option<Id<Subject>>,
        capacity: Option<u32>,
    ) -> Result<Opened, Error> {
        if capacity == Some(0) {
            return Err(Error::NoCapacity);
        }
        let (id, now) = (self.free_id(tx, style.unwrap_or(Style::Uuid)).await?, tx.now());
        let status = Status::Open;
        let room = state::Room {
            id: Id::clone(&id),
            owner,
            subject,
            capacity,
            status,
            created_at: now,
            updated_at: now,
        };
        self.rooms.insert(tx, &room).await?;
        Ok(Opened { room: id })
    }

    /// Opens a room about a subject, unless there is one that is open: then it is that.
    ///
    /// # Requires
    /// - `owner` must be a valid User ID.
    /// - `capacity`, if given, must be at least 1.
    ///
    /// # Effects
    /// - There is an open room about the `subject`. If there was none, it is new, as with `open`.
    /// - Returns its ID.
    #[action]
    pub async fn ensure(
        &self,
        tx: &mut Tx,
        subject: Id<Subject>,
        owner: Id<User>,
        style: Option<Style>,
        capacity: Option<u32>,
    ) -> Result<Opened, Error> {
        let known = self.rooms.find(tx, state::Room::SUBJECT.is(&Some(subject.clone()))).await?;
        match known.into_iter().find(|room| room.status == Status::Open) {
            Some(room) => Ok(Opened { room: room.id }),
            None => self.open(tx, owner, style, Some(subject), capacity).await,
        }
    }

    /// Closes a room for good.
    ///
    /// # Requires
    /// - The room with the given `room` ID must exist.
    /// - The room must be open.
    ///
    /// # Effects
    /// - The room is closed.
    /// - It counts as updated now.
    #[action]
    pub async fn close(&self, tx: &mut Tx, room: Id<state::Room>) -> Result<(), Error> {
        let room = self.still_open(tx, room).await?;
        let room = state::Room { status: Status::Closed, updated_at: tx.now(), ..room };
        Ok(self.rooms.put(tx, &room).await?)
    }

    /// Notes that something happened in a room.
    ///
    /// # Requires
    /// - The room with the given `room` ID must exist.
    /// - The room must be open.
    ///
    /// # Effects
    /// - The room counts as updated now.
    #[action]
    pub async fn touch(&self, tx: &mut Tx, room: Id<state::Room>) -> Result<(), Error> {
        let room = self.still_open(tx, room).await?;
        Ok(self.rooms.put(tx, &state::Room { updated_at: tx.now(), ..room }).await?)
    }

    /// Forgets a room, open or closed.
    ///
    /// # Requires
    /// - The room with the given `room` ID must exist.
    ///
    /// # Effects
    /// - There is no such room any more.
    #[action]
    pub async fn remove(&self, tx: &mut Tx, room: Id<state::Room>) -> Result<(), Error> {
        if self.rooms.delete(tx, &room).await? { Ok(()) } else { Err(Error::NoSuchRoom { room }) }
    }

    /// Tells what a room is.
    ///
    /// # Requires
    /// - The room with the given `room` ID must exist.
    ///
    /// # Effects
    /// - Returns the room's owner, subject, capacity and status, and when it was opened and last updated.
    #[query]
    pub async fn _get(&self, tx: &Tx, room: Id<state::Room>) -> Result<Details, Error> {
        self.existing(tx, room).await.map(Details::from)
    }

    /// Lists the rooms of an owner, the newest first.
    ///
    /// # Requires
    /// - `owner` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns one row for each room that belongs to the `owner`, closed ones included; none if there are none.
    #[query]
    pub async fn _of_owner(&self, tx: &Tx, owner: Id<User>) -> Result<Vec<Details>, Error> {
        let rooms = self.rooms.find(tx, state::Room::OWNER_CREATED_AT.first_is(&owner).descending()).await?;
        Ok(rooms.into_iter().map(Details::from).collect())
    }

    /// Lists the rooms that are about a subject.
    ///
    /// # Requires
    /// - `subject` must be a valid ID.
    ///
    /// # Effects
    /// - Returns one row for each room about the `subject`, closed ones included; none if there are none.
    #[query]
    pub async fn _about(&self, tx: &Tx, subject: Id<Subject>) -> Result<Vec<Details>, Error> {
        let rooms = self.rooms.find(tx, state::Room::SUBJECT.is(&Some(subject))).await?;
        Ok(rooms.into_iter().map(Details::from).collect())
    }

    /// A short id may be taken, so it is drawn until it is not.
    async fn free_id(&self, tx: &mut Tx, style: Style) -> Result<Id<state::Room>, Error> {
        match style {
            Style::Uuid => Ok(tx.fresh_id()),
            Style::Hex24 => Ok(tx.fresh_id_in(IdStyle::Hex24)),
            Style::RoomUuid => {
                let uuid = tx.fresh_id::<state::Room>();
                Ok(Id::new(format!("room-{}", uuid.as_str())).unwrap_or(uuid))
            }
            Style::Hex8 => loop {
                let id = tx.fresh_id_in(IdStyle::Hex8);
                if self.rooms.get(tx, &id).await?.is_none() {
                    return Ok(id);
                }
            },
        }
    }

    async fn still_open(&self, tx: &Tx, room: Id<state::Room>) -> Result<state::Room, Error> {
        let room = self.existing(tx, room).await?;
        match room.status {
            Status::Open => Ok(room),
            Status::Closed => Err(Error::Closed { room: room.id }),
        }
    }

    async fn existing(&self, tx: &Tx, room: Id<state::Room>) -> Result<state::Room, Error> {
        self.rooms.get(tx, &room).await?.ok_or(Error::NoSuchRoom { room })
    }
}
