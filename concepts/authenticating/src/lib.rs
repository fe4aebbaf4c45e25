//! Authenticating: who somebody is, by the token they bring.
//!
//! A token is a JWT signed with HS256 and nothing else, and it ends: `exp` is required. Time is the transaction's. The
//! concept keeps no state, so a token cannot be taken back before it ends; who needs that issues short ones.

mod hs256;
mod tokens;

use concord::{ConceptError, Data, Id, Tx, concept};

pub use self::tokens::{Bearer, Claims, IssueError, Tokens};

/// A user, known by the id that the token gives them.
pub enum User {}

/// Whose token it is.
#[derive(Data)]
pub struct Known {
    user: Id<User>,
    role: Option<String>,
}

/// Why somebody is not known. What exactly is wrong with a token is nobody's business but its issuer's.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// No token, or none that counts.
    #[error("the token is missing, not valid, or not any more")]
    #[code(unauthorized, "TOKEN_INVALID")]
    Invalid,
}

/// The concept.
#[concept]
pub struct Authenticating {
    tokens: Tokens,
}

impl Authenticating {
    /// Knows the tokens that are signed with this secret.
    pub fn new(secret: &[u8]) -> Self {
        Self { tokens: Tokens::new(secret) }
    }
}

/// Know who somebody is by a token that they bring.
///
/// # Principle
/// If somebody brings a token that was signed with the secret and has not ended, they are known by the user and the role
/// that it names; anybody else is refused, and all in the same way.
#[concept]
impl Authenticating {
    /// Tells whose token this is.
    ///
    /// # Requires
    /// - There must be a `token`; `Bearer` may stand before it.
    /// - It must be signed with the secret, by HS256.
    /// - It must say when it ends (`exp`), and not have ended: clocks may differ by 30 seconds.
    /// - It must not be for later (`nbf`), by the same clocks.
    /// - It must name a user, as `sub` or as `user.id`.
    ///
    /// # Effects
    /// - Returns the `user`, and their `role` (`role` or `user.role`) if the token names one.
    #[action(transient)]
    pub async fn verify(&self, tx: &mut Tx, #[secret] token: Option<String>) -> Result<Known, Error> {
        let Claims { user, role } =
            token.and_then(|token| self.tokens.verify(&token, tx.now())).ok_or(Error::Invalid)?;
        let user = Id::new(user).map_err(|_| Error::Invalid)?;
        Ok(Known { user, role })
    }
}
