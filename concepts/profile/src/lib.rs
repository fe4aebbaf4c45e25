//! Profiles: what users are called, and how to write to them.

use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// Characters of a name at most.
const LONGEST_NAME: usize = 200;

/// Bytes of an address at most, as mail has it.
const LONGEST_EMAIL: usize = 254;

/// What is known of a user. It has the user's id.
#[derive(State)]
pub struct Card {
    #[id]
    id: Id<Card>,
    name: String,
    email: Option<String>,
}

/// What is known of a user.
#[derive(Data)]
pub struct Details {
    name: String,
    email: Option<String>,
}

/// Why a profile refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The name says nothing.
    #[error("name must have between 1 and {LONGEST_NAME} characters")]
    #[code(invalid, "BAD_NAME")]
    BadName,
    /// The address cannot be one.
    #[error("email must be an address such as ada@example.com")]
    #[code(invalid, "BAD_EMAIL")]
    BadEmail,
    /// There is no profile of the user.
    #[error("user {user} has no profile")]
    #[code(not_found, "PROFILE_NOT_FOUND")]
    NoProfile {
        /// The user.
        user: Id<User>,
    },
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Profile {
    cards: Collection<Card>,
}

/// Know what users are called, and how to write to them.
///
/// # Principle
/// If a user's name is set, everyone who asks for it learns it, until another is set or the profile is removed.
#[concept]
impl Profile {
    /// Sets what a user is called, and how to write to them.
    ///
    /// # Requires
    /// - `name` must not be blank, and have 200 characters at most.
    /// - `email`, if given, must have something on both sides of one `@`, no spaces, and 254 bytes at most.
    ///
    /// # Effects
    /// - The `user` has this `name` and this `email`, or no email if none is given.
    #[action]
    pub async fn set(
        &self,
        tx: &mut Tx,
        user: Id<User>,
        name: String,
        email: Option<String>,
    ) -> Result<(), Error> {
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Error::BadName);
        }
        if email.as_deref().is_some_and(|email| !is_address(email)) {
            return Err(Error::BadEmail);
        }
        Ok(self.cards.put(tx, &Card { id: user.cast(), name, email }).await?)
    }

    /// Removes what is known of a user.
    ///
    /// # Requires
    /// - The `user` must have a profile.
    ///
    /// # Effects
    /// - Nothing is known of the `user` any more.
    #[action]
    pub async fn remove(&self, tx: &mut Tx, user: Id<User>) -> Result<(), Error> {
        if self.cards.delete(tx, &user.clone().cast()).await? {
            Ok(())
        } else {
            Err(Error::NoProfile { user })
        }
    }

    /// Tells what a user is called, and how to write to them.
    ///
    /// # Requires
    /// - `user` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns the profile; no row if there is none.
    #[query]
    pub async fn _get(&self, tx: &Tx, user: Id<User>) -> Result<Option<Details>, Error> {
        let card = self.cards.get(tx, &user.cast()).await?;
        Ok(card.map(|Card { id: _, name, email }| Details { name, email }))
    }
}

/// Whether mail could be sent there, as far as the text tells.
fn is_address(text: &str) -> bool {
    let plain = text.len() <= LONGEST_EMAIL && !text.contains(char::is_whitespace);
    let halves = text.split_once('@');
    plain && halves.is_some_and(|(who, at)| !who.is_empty() && !at.is_empty() && !at.contains('@'))
}
