//! Tokens: who is an admin, and the secret that all are signed with.

mod secret;

use concept_authenticating::Tokens;
use concord::{Kind, Refusal};
use concord_runtime::{Clock, SystemClock};

pub use self::secret::{Secret, SecretError, VARIABLE};

/// Knows an admin's token.
pub struct Admins {
    tokens: Tokens,
}

impl Admins {
    /// Those whose tokens are signed with this secret.
    pub fn new(secret: &Secret) -> Self {
        Self { tokens: Tokens::new(secret.bytes()) }
    }

    /// Lets an admin pass.
    pub(crate) fn check(&self, token: Option<&str>) -> Result<(), Refusal> {
        let unauthorized = |message: &'static str| Refusal::new(Kind::Unauthorized, "UNAUTHORIZED", message);
        let token = token
            .ok_or_else(|| unauthorized("this wants an admin's token: Authorization: Bearer <token>"))?;
        let claims = self.tokens.verify(token, SystemClock.now());
        let claims = claims.ok_or_else(|| unauthorized("the token is not valid, or not any more"))?;
        if claims.role.as_deref() != Some("admin") {
            return Err(Refusal::new(Kind::Forbidden, "FORBIDDEN", "this is for admins"));
        }
        Ok(())
    }
}
