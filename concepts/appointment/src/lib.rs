//! Appointments: scheduled sessions of a client with a psychologist.
//!
//! An appointment is scheduled, confirmed, paid for, held and done, or cancelled before that. When it may be held, and by
//! whom it is asked for, is not known here.

use concord::{Collection, ConceptError, Data, Id, IdStyle, Millis, State, StoreError, Tx, concept};

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// How far an appointment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Data)]
pub enum Status {
    /// It is scheduled, and waits to be confirmed.
    Pending,
    /// It will take place.
    Confirmed,
    /// It takes place.
    #[serde(rename = "In Progress")]
    InProgress,
    /// It has taken place.
    #[serde(rename = "Completed")]
    Completed,
    /// It will not take place.
    Cancelled,
}

/// Whether an appointment has been paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Data)]
pub enum Payment {
    /// It has not.
    Pending,
    /// It has.
    Completed,
}

/// An appointment.
#[derive(State)]
pub struct Meeting {
    #[id]
    id: Id<Meeting>,
    #[index]
    client: Id<User>,
    #[index]
    psychologist: Id<User>,
    starts_at: Millis,
    session_type: String,
    status: Status,
    payment: Payment,
}

/// The id of an appointment.
#[derive(Data)]
pub struct Scheduled {
    appointment: Id<Meeting>,
}

/// What an appointment is.
#[derive(Data)]
pub struct Details {
    appointment: Id<Meeting>,
    client: Id<User>,
    psychologist: Id<User>,
    starts_at: Millis,
    session_type: String,
    status: Status,
    payment: Payment,
}

impl From<Meeting> for Details {
    fn from(meeting: Meeting) -> Self {
        let Meeting { id, client, psychologist, starts_at, session_type, status, payment } = meeting;
        Self { appointment: id, client, psychologist, starts_at, session_type, status, payment }
    }
}

/// Why an appointment refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// There is no such appointment.
    #[error("appointment {appointment} does not exist")]
    #[code(not_found, "APPOINTMENT_NOT_FOUND")]
    NoSuchAppointment {
        /// The id that was asked for.
        appointment: Id<Meeting>,
    },
    /// The id cannot be one of an appointment.
    #[error("an appointment's ID has 24 hexadecimal digits")]
    #[code(invalid, "BAD_APPOINTMENT_ID")]
    BadId,
    /// Nobody meets themselves.
    #[error("client and psychologist must be two people")]
    #[code(invalid, "SAME_PERSON")]
    SamePerson,
    /// The type says nothing.
    #[error("sessionType must not be blank")]
    #[code(invalid, "NO_SESSION_TYPE")]
    NoSessionType,
    /// It is past the point where this could be done.
    #[error("the appointment is {status} already")]
    #[code(conflict, "WRONG_STATUS")]
    WrongStatus {
        /// How far it has come.
        status: Status,
    },
    /// It has not been confirmed.
    #[error("the appointment is not confirmed")]
    #[code(unprocessable, "NOT_CONFIRMED")]
    NotConfirmed,
    /// It has not been paid for.
    #[error("the appointment has not been paid for")]
    #[code(unprocessable, "PAYMENT_PENDING")]
    NotPaid,
    /// It does not take place.
    #[error("the appointment is not in progress")]
    #[code(unprocessable, "NOT_IN_PROGRESS")]
    NotInProgress,
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::InProgress => "in progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        })
    }
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Appointment {
    meetings: Collection<Meeting>,
}

/// Arrange that two people meet, and know how far that has come.
///
/// # Principle
/// If an appointment is scheduled, confirmed and paid for, it can begin and be completed; one that is cancelled never
/// begins.
#[concept]
impl Appointment {
    /// Schedules an appointment.
    ///
    /// # Requires
    /// - `client` and `psychologist` must be two people.
    /// - `sessionType` must not be blank.
    ///
    /// # Effects
    /// - There is a new appointment that is pending and not paid for. It may start at any time, past or future.
    /// - Its ID is new, 24 hexadecimal digits, and returned.
    #[action]
    pub async fn schedule(
        &self,
        tx: &mut Tx,
        client: Id<User>,
        psychologist: Id<User>,
        starts_at: Millis,
        session_type: String,
    ) -> Result<Scheduled, Error> {
        if client == psychologist {
            return Err(Error::SamePerson);
        }
        if session_type.trim().is_empty() {
            return Err(Error::NoSessionType);
        }
        let (status, payment) = (Status::Pending, Payment::Pending);
        let id: Id<Meeting> = tx.fresh_id_in(IdStyle::Hex24);
        let meeting =
            Meeting { id: id.clone(), client, psychologist, starts_at, session_type, status, payment };
        self.meetings.insert(tx, &meeting).await?;
        Ok(Scheduled { appointment: id })
    }

    /// Confirms an appointment. One that is confirmed stays so.
    ///
    /// # Requires
    /// - The appointment with the given ID, 24 hexadecimal digits, must exist.
    /// - It must be pending or confirmed.
    ///
    /// # Effects
    /// - The appointment is confirmed.
    #[action]
    pub async fn confirm(&self, tx: &mut Tx, appointment: Id<Meeting>) -> Result<(), Error> {
        let meeting = self.found(tx, appointment).await?;
        match meeting.status {
            Status::Pending | Status::Confirmed => self.turn(tx, meeting, Status::Confirmed).await,
            status @ (Status::InProgress | Status::Completed | Status::Cancelled) => {
                Err(Error::WrongStatus { status })
            }
        }
    }

    /// Notes that an appointment has been paid for.
    ///
    /// # Requires
    /// - The appointment with the given ID, 24 hexadecimal digits, must exist.
    ///
    /// # Effects
    /// - The appointment has been paid for.
    #[action]
    pub async fn record_payment(&self, tx: &mut Tx, appointment: Id<Meeting>) -> Result<(), Error> {
        let meeting = self.found(tx, appointment).await?;
        Ok(self.meetings.put(tx, &Meeting { payment: Payment::Completed, ..meeting }).await?)
    }

    /// Cancels an appointment. One that is cancelled stays so.
    ///
    /// # Requires
    /// - The appointment with the given ID, 24 hexadecimal digits, must exist.
    /// - It must not have begun.
    ///
    /// # Effects
    /// - The appointment is cancelled.
    #[action]
    pub async fn cancel(&self, tx: &mut Tx, appointment: Id<Meeting>) -> Result<(), Error> {
        let meeting = self.found(tx, appointment).await?;
        match meeting.status {
            Status::Pending | Status::Confirmed | Status::Cancelled => {
                self.turn(tx, meeting, Status::Cancelled).await
            }
            status @ (Status::InProgress | Status::Completed) => Err(Error::WrongStatus { status }),
        }
    }

    /// Begins an appointment.
    ///
    /// # Requires
    /// - The appointment with the given ID, 24 hexadecimal digits, must exist.
    /// - It must be confirmed.
    /// - It must have been paid for.
    ///
    /// # Effects
    /// - The appointment is in progress.
    #[action]
    pub async fn begin(&self, tx: &mut Tx, appointment: Id<Meeting>) -> Result<(), Error> {
        let meeting = self.found(tx, appointment).await?;
        match (meeting.status, meeting.payment) {
            (Status::Confirmed, Payment::Completed) => self.turn(tx, meeting, Status::InProgress).await,
            (Status::Confirmed, Payment::Pending) => Err(Error::NotPaid),
            (Status::Pending | Status::InProgress | Status::Completed | Status::Cancelled, _) => {
                Err(Error::NotConfirmed)
            }
        }
    }

    /// Completes an appointment.
    ///
    /// # Requires
    /// - The appointment with the given ID, 24 hexadecimal digits, must exist.
    /// - It must be in progress.
    ///
    /// # Effects
    /// - The appointment is completed.
    #[action]
    pub async fn complete(&self, tx: &mut Tx, appointment: Id<Meeting>) -> Result<(), Error> {
        let meeting = self.found(tx, appointment).await?;
        match meeting.status {
            Status::InProgress => self.turn(tx, meeting, Status::Completed).await,
            Status::Pending | Status::Confirmed | Status::Completed | Status::Cancelled => {
                Err(Error::NotInProgress)
            }
        }
    }

    /// Shows an appointment.
    ///
    /// # Requires
    /// - `appointment` must be 24 hexadecimal digits.
    ///
    /// # Effects
    /// - Returns the appointment; no row if there is none.
    #[query]
    pub async fn _get(&self, tx: &Tx, appointment: Id<Meeting>) -> Result<Option<Details>, Error> {
        well_formed(&appointment)?;
        Ok(self.meetings.get(tx, &appointment).await?.map(Details::from))
    }

    /// Lists the appointments of a user, the earliest first.
    ///
    /// # Requires
    /// - `user` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns one row for each appointment in which the `user` is client or psychologist.
    #[query]
    pub async fn _of_user(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Details>, Error> {
        let mut meetings = self.meetings.find(tx, Meeting::CLIENT.is(&user)).await?;
        meetings.extend(self.meetings.find(tx, Meeting::PSYCHOLOGIST.is(&user)).await?);
        meetings.sort_by_key(|meeting| meeting.starts_at);
        Ok(meetings.into_iter().map(Details::from).collect())
    }

    async fn found(&self, tx: &Tx, appointment: Id<Meeting>) -> Result<Meeting, Error> {
        well_formed(&appointment)?;
        let meeting = self.meetings.get(tx, &appointment).await?;
        meeting.ok_or(Error::NoSuchAppointment { appointment })
    }

    async fn turn(&self, tx: &mut Tx, meeting: Meeting, status: Status) -> Result<(), Error> {
        Ok(self.meetings.put(tx, &Meeting { status, ..meeting }).await?)
    }
}

fn well_formed(appointment: &Id<Meeting>) -> Result<(), Error> {
    let text = appointment.as_str();
    let is_id = text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(()) } else { Err(Error::BadId) }
}
