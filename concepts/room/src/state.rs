//! What a room is, on disk. A module of its own because the concept has the same name.

use concord::{Data, Id, Millis, State};

use crate::{Subject, User};

/// A room.
#[derive(State)]
#[state(index(owner, created_at))]
pub struct Room {
    #[id]
    pub(crate) id: Id<Room>,
    pub(crate) owner: Id<User>,
    #[index]
    pub(crate) subject: Option<Id<Subject>>,
    pub(crate) capacity: Option<u32>,
    pub(crate) status: Status,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

/// Whether a room can be entered.
#[derive(Clone, Copy, PartialEq, Eq, Data)]
pub enum Status {
    /// It can.
    Open,
    /// It cannot, and never can again.
    Closed,
}
