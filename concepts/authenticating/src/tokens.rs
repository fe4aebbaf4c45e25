//! Tokens: issued and verified in one place.

use std::time::Duration;

use concord::Millis;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use serde::{Deserialize, Serialize};

use crate::hs256;

/// Seconds by which clocks may differ.
const LEEWAY: f64 = 30.0;

/// What is to be found in a token. Users and roles may also stand in a `user` of their own, as some issuers have it.
#[derive(Deserialize)]
struct Found {
    sub: Option<String>,
    role: Option<String>,
    /// Seconds; a fraction is allowed.
    exp: f64,
    nbf: Option<f64>,
    user: Option<FoundUser>,
}

#[derive(Deserialize)]
struct FoundUser {
    id: Option<String>,
    role: Option<String>,
}

/// What stands in a token of ours.
#[derive(Serialize)]
struct Issued {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    iat: i64,
    exp: i64,
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

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user.
    pub user: String,
    /// Their role.
    pub role: Option<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[error("the token cannot be signed")]
pub struct IssueError(#[source] jsonwebtoken::errors::Error);

/// Signs tokens with a secret, and knows them again. It does not print.
#[derive(Clone)]
pub struct Tokens {
    signs: EncodingKey,
    knows: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Tokens with this secret. With an empty one none is signed, and none counts.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use concept_authenticating::{Bearer, Tokens};
    /// use concord::Millis;
    ///
    /// let tokens = Tokens::new(b"a secret");
    /// let bearer = Bearer { user: "ada".into(), role: None, name: None };
    /// let token = tokens.issue(bearer, Millis(0), Duration::from_mins(1))?;
    /// assert_eq!(tokens.verify(&token, Millis(60_000)).unwrap().user, "ada");
    /// assert!(tokens.verify(&token, Millis(91_000)).is_none());
    /// # Ok::<(), concept_authenticating::IssueError>(())
    /// ```
    pub fn new(secret: &[u8]) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // Time is handed in, so these are checked below, and `Found` asks for `exp`: the crate takes no negative one.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        Self { signs: EncodingKey::from_secret(secret), knows: DecodingKey::from_secret(secret), validation }
    }

    /// A token for somebody, from now on for so long.
    pub fn issue(&self, bearer: Bearer, now: Millis, ttl: Duration) -> Result<String, IssueError> {
        let Bearer { user, role, name } = bearer;
        let seconds = |at: Millis| at.0.div_euclid(1_000);
        let claims = Issued { sub: user, role, name, iat: seconds(now), exp: seconds(now + ttl) };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signs).map_err(IssueError)
    }

    /// What a token says, if it counts at this time.
    pub fn verify(&self, token: &str, now: Millis) -> Option<Claims> {
        let token = token.trim();
        let bare = token.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = bare.map_or(token, |(_, token)| token.trim());
        let TokenData { header, claims } = jsonwebtoken::decode(token, &self.knows, &self.validation).ok()?;
        if header.crit.is_some() {
            return None; // who does not understand what is critical must refuse, says RFC 7515
        }
        let Found { sub, role, exp, nbf, user } = claims;
        #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52 milliseconds")]
        let now = now.0 as f64 / 1_000.0;
        if exp + LEEWAY < now || nbf.is_some_and(|nbf| nbf - LEEWAY > now) {
            return None;
        }
        let (id, user_role) = user.map_or((None, None), |user| (user.id, user.role));
        Some(Claims { user: sub.or(id)?, role: role.or(user_role) })
    }
}
