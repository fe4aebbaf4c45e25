//! Tokens: who is an admin, and tokens to hand out.
//!
//! HS256 with the data folder's secret. `exp` is required; a clock may be off by half a minute.

mod hs256;
mod secret;

use std::time::Duration;

use concord::{Kind, Millis, Refusal};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

pub use self::secret::{Secret, SecretError, VARIABLE};

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 30;

/// What a token says. Users and roles may also stand in a `user` of their own, as some issuers have it.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User>,
}

#[derive(Debug, Serialize, Deserialize)]
struct User {
    id: Option<String>,
    role: Option<String>,
}

/// Whom a token is for.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The user.
    pub user: String,
    /// Their role.
    pub role: Option<String>,
    /// What they are called.
    pub name: Option<String>,
}

/// A token for somebody, from now on for so long.
pub fn issue(
    secret: &Secret,
    bearer: Bearer,
    now: Millis,
    ttl: Duration,
) -> Result<String, jsonwebtoken::errors::Error> {
    hs256::install();
    let Bearer { user, role, name } = bearer;
    let claims = Claims {
        sub: Some(user),
        role,
        name,
        iat: Some(now.0.div_euclid(1_000)),
        exp: (now + ttl).0.div_euclid(1_000),
        user: None,
    };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret.bytes()))
}

/// Knows an admin's token.
pub struct Admins {
    key: DecodingKey,
    validation: Validation,
}

impl Admins {
    /// Those whose tokens are signed with this secret.
    pub fn new(secret: &Secret) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_aud = false;
        Self { key: DecodingKey::from_secret(secret.bytes()), validation }
    }

    /// Lets an admin pass.
    pub(crate) fn check(&self, token: Option<&str>) -> Result<(), Refusal> {
        let unauthorized = |message: &'static str| Refusal::new(Kind::Unauthorized, "UNAUTHORIZED", message);
        let token = token
            .ok_or_else(|| unauthorized("this wants an admin's token: Authorization: Bearer <token>"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
        let Claims { sub, role, user, .. } =
            claims.map_err(|_| unauthorized("the token is not valid, or not any more"))?.claims;
        let (id, user_role) = user.map_or((None, None), |user| (user.id, user.role));
        if sub.or(id).is_none() {
            return Err(unauthorized("the token does not say whose it is"));
        }
        if role.or(user_role).as_deref() != Some("admin") {
            return Err(Refusal::new(Kind::Forbidden, "FORBIDDEN", "this is for admins"));
        }
        Ok(())
    }
}
