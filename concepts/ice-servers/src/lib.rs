//! ICE servers: what helps two browsers to reach each other through their networks.
//!
//! STUN servers tell a browser its own address and are open to all; TURN servers carry the call when nothing else does, and
//! ask for credentials. Those are either fixed or made for each user and a while, as coturn's `use-auth-secret` wants
//! them. Nothing is kept: the list is the operator's.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord::{ConceptError, Data, Id, Millis, Tx, concept};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A user, known by the id that the rest of the world gives them.
pub enum User {}

/// The servers, and how TURN lets users in. The secrets among it do not print.
#[derive(Clone, Default)]
pub struct Settings {
    /// STUN servers: `stun:host:port`.
    pub stun: Vec<String>,
    /// TURN servers: `turn:host:port`.
    pub turn: Vec<String>,
    /// How TURN servers know users.
    pub credentials: Credentials,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("stun", &self.stun).field("turn", &self.turn).finish_non_exhaustive()
    }
}

/// How TURN servers know users.
#[derive(Clone, Default)]
pub enum Credentials {
    /// They let everyone in.
    #[default]
    None,
    /// By one name and password.
    Fixed {
        /// The name.
        username: String,
        /// The password.
        credential: String,
    },
    /// By names that hold until they expire, signed with a secret that the servers share.
    Timed {
        /// The secret.
        secret: Vec<u8>,
        /// How long a name holds.
        ttl: Duration,
    },
}

/// A server, or several that are let into in the same way.
#[derive(Data)]
pub struct Server {
    urls: String,
    username: Option<String>,
    credential: Option<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The secret is no key.
    #[error("the secret of the TURN servers cannot be used")]
    #[code(internal, "BAD_TURN_SECRET")]
    BadSecret,
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct IceServers {
    settings: Settings,
}

impl IceServers {
    /// Knows these servers.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

/// Tell browsers which servers help them to reach each other.
///
/// # Principle
/// If a user asks for the servers, they learn all that there are, with credentials that the TURN servers accept from them
/// for a while.
#[concept]
impl IceServers {
    /// Lists the servers, those without credentials first.
    ///
    /// # Requires
    /// - `user` must be a valid User ID.
    ///
    /// # Effects
    /// - Returns one row for each STUN server, then one for each TURN server with a name and a credential that hold for
    ///   the `user`.
    #[query]
    pub async fn _servers(&self, tx: &Tx, user: Id<User>) -> Result<Vec<Server>, Error> {
        let Settings { stun, turn, credentials } = &self.settings;
        let (username, credential) = match credentials {
            Credentials::None => (None, None),
            Credentials::Fixed { username, credential } => (Some(username.clone()), Some(credential.clone())),
            Credentials::Timed { secret, ttl } => {
                let username = timed(tx.now() + *ttl, &user);
                let credential = signed(secret, &username)?;
                (Some(username), Some(credential))
            }
        };
        let open = stun.iter().map(|urls| Server { urls: urls.clone(), username: None, credential: None });
        let closed = turn.iter().map(|urls| Server {
            urls: urls.clone(),
            username: username.clone(),
            credential: credential.clone(),
        });
        Ok(open.chain(closed).collect())
    }
}

/// A name that holds until then, in seconds.
fn timed(until: Millis, user: &Id<User>) -> String {
    format!("{}:{}", until.0.div_euclid(1_000), user.as_str())
}

fn signed(secret: &[u8], username: &str) -> Result<String, Error> {
    let key = Hmac::<Sha1>::new_from_slice(secret).map_err(|_| Error::BadSecret)?;
    Ok(STANDARD.encode(key.chain_update(username).finalize().into_bytes()))
}
