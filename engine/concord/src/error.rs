//! Errors as they leave a concept.
//!
//! A concept's own errors are an enum; [`ConceptError`] says of each variant what kind of refusal it is and under which
//! stable code clients know it. [`Refusal`] is the form without the type, in which errors travel through the engine. It
//! keeps what a client may read apart from what only the log gets.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::storage::StorageFault;

/// What sort of refusal an error is. Transports map it to their own terms, HTTP to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input makes no sense.
    Invalid,
    /// Nobody knows who asks.
    Unauthorized,
    /// Who asks may not.
    Forbidden,
    /// What was named does not exist.
    NotFound,
    /// It does not fit what is there already.
    Conflict,
    /// It was there, and its time is over.
    Expired,
    /// More than is taken.
    TooLarge,
    /// Well formed, and against a rule.
    Unprocessable,
    /// Too often.
    Limited,
    /// A bug of ours. Clients are not told what.
    Internal,
    /// Somebody else's service failed.
    Upstream,
    /// The store fails. Concepts never choose this one.
    Unavailable,
}

impl Kind {
    /// The kind's name as it stands in `#[code(…)]`, in logs and in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::TooLarge => "too_large",
            Self::Unprocessable => "unprocessable",
            Self::Limited => "limited",
            Self::Internal => "internal",
            Self::Upstream => "upstream",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Invalid,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Expired,
        Self::TooLarge,
        Self::Unprocessable,
        Self::Limited,
        Self::Internal,
        Self::Upstream,
        Self::Unavailable,
    ];

    /// The status that says this over HTTP.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Expired => 410,
            Self::TooLarge => 413,
            Self::Unprocessable => 422,
            Self::Limited => 429,
            Self::Internal => 500,
            Self::Upstream => 502,
            Self::Unavailable => 503,
        }
    }

    /// The kind of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One variant of a concept's errors, for documents and for the checker of syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorSpec {
    /// Its kind.
    pub kind: Kind,
    /// Its code.
    pub code: &'static str,
    /// Its message, with the placeholders as written.
    pub message: &'static str,
}

/// What `#[derive(ConceptError)]` implements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error of a concept",
    note = "put `#[derive(Debug, thiserror::Error, ConceptError)]` on the enum"
)]
pub trait ConceptError: Error + Send + Sync + 'static {
    /// All variants but the transparent ones.
    const ERRORS: &'static [ErrorSpec];

    /// What sort of refusal this is.
    fn kind(&self) -> Kind;

    /// The stable code.
    fn code(&self) -> &'static str;

    /// The variant's named fields.
    fn details(&self) -> Option<Map<String, Value>> {
        None
    }
}

/// What reading or writing documents can meet. Make room for it in the concept's error:
/// `#[error(transparent)] Store(#[from] StoreError)`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A document with this id, or with these values of a unique index, is there already.
    #[error("{collection} has a document with this {index} already")]
    Duplicate {
        /// The collection.
        collection: Arc<str>,
        /// `id`, or the fields of the index.
        index: &'static str,
    },
    /// A document does not parse as its type: it was written by another version of the concept.
    #[error("document {id:?} of {collection} cannot be read")]
    Unreadable {
        /// The collection.
        collection: Arc<str>,
        /// The document.
        id: Arc<str>,
        /// Which field, and what is wrong with it.
        #[source]
        cause: Arc<dyn Error + Send + Sync>,
    },
    /// A document does not turn into JSON, or the concept is not registered.
    #[error("{0}")]
    Misuse(Cow<'static, str>),
    /// The store itself failed.
    #[error(transparent)]
    Failed(#[from] StorageFault),
}

impl ConceptError for StoreError {
    const ERRORS: &'static [ErrorSpec] = &[];

    fn kind(&self) -> Kind {
        match self {
            Self::Duplicate { .. } => Kind::Conflict,
            Self::Unreadable { .. } | Self::Misuse(_) => Kind::Internal,
            Self::Failed(_) => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "DUPLICATE",
            Self::Unreadable { .. } => "UNREADABLE_DOCUMENT",
            Self::Misuse(_) => "INTERNAL",
            Self::Failed(_) => "UNAVAILABLE",
        }
    }
}

/// An error without its type: what the engine passes on and a transport answers with.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What sort of refusal.
    pub kind: Kind,
    /// The stable code.
    pub code: Cow<'static, str>,
    /// For the client.
    pub message: Cow<'static, str>,
    /// For the client, in named parts.
    pub details: Option<Box<Map<String, Value>>>,
    /// For the log alone.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// A refusal that says all there is to say.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code: code.into(), message: message.into(), details: None, cause: None }
    }

    /// Adds one named part for the client.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.get_or_insert_default().insert(name.into(), value.into());
        self
    }

    /// A bug: clients learn that there was one, the log learns which.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(Arc::from(cause.into())),
            ..Self::new(Kind::Internal, "INTERNAL", "an internal error")
        }
    }

    /// The store fails: clients may try again.
    pub fn unavailable(cause: StorageFault) -> Self {
        let message = "the store is not available; try again";
        Self { cause: Some(Arc::new(cause)), ..Self::new(Kind::Unavailable, "UNAVAILABLE", message) }
    }

    /// The cause and what lies behind it, in one line for the log.
    pub fn chain(&self) -> Option<String> {
        let first = self.cause.as_deref()?;
        let mut text = first.to_string();
        let mut next = first.source();
        while let Some(cause) = next {
            let said = cause.to_string();
            if !text.ends_with(&said) {
                text.push_str(": ");
                text.push_str(&said);
            }
            next = cause.source();
        }
        Some(text)
    }
}

impl<E: ConceptError> From<E> for Refusal {
    fn from(error: E) -> Self {
        let kind = error.kind();
        let code = error.code();
        match kind {
            Kind::Internal => Self { code: code.into(), ..Self::internal(error) },
            Kind::Unavailable => {
                let message = "the store is not available; try again";
                Self { cause: Some(Arc::new(error)), ..Self::new(kind, code, message) }
            }
            Kind::Invalid
            | Kind::Unauthorized
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict
            | Kind::Expired
            | Kind::TooLarge
            | Kind::Unprocessable
            | Kind::Limited
            | Kind::Upstream => Self {
                kind,
                code: code.into(),
                message: error.to_string().into(),
                details: error.details().map(Box::new),
                cause: None,
            },
        }
    }
}
