//! Identity: a string newtype that remembers what it names.
//!
//! An id is opaque text, so that ids from outside (a user of another system) and ids of our own are one type. The tag
//! costs nothing at run time and keeps an `Id<Session>` out of a place for an `Id<Window>`. What an id may hold is
//! checked where it enters, here, so no concept has to ask again. The text is shared, as the id of a new document goes
//! into the document, the result, the store's keys and its indexes.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest id that is let in, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// The id of a `T`.
///
/// `T` is a document type of the concept itself, or an empty type that stands for something the concept knows only by
/// its id.
///
/// ```
/// use concord::Id;
///
/// pub enum User {}
///
/// let ada: Id<User> = "ada".parse()?;
/// assert_eq!(ada.as_str(), "ada");
/// assert!("a\0b".parse::<Id<User>>().is_err());
/// # Ok::<(), concord::BadId>(())
/// ```
pub struct Id<T: ?Sized> {
    text: Arc<str>,
    tag: PhantomData<fn() -> T>,
}

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// The text has no characters.
    #[error("an id must not be empty")]
    Empty,
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("an id must not be longer than {MAX_ID_BYTES} bytes")]
    TooLong,
    /// The text holds a control character, NUL among them.
    #[error("an id must not hold control characters")]
    Control,
}

impl<T: ?Sized> Id<T> {
    /// The same id, as that of something else: for a concept whose documents go by ids from outside.
    #[must_use]
    pub fn cast<U: ?Sized>(&self) -> Id<U> {
        Id::trusted(Arc::clone(&self.text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Checks a text and takes it for an id.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, BadId> {
        let text = text.into();
        check(&text)?;
        Ok(Self::trusted(text))
    }

    /// For texts that are ids by construction.
    pub(crate) fn trusted(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), tag: PhantomData }
    }

    /// The text, to be shared.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

fn check(text: &str) -> Result<(), BadId> {
    if text.is_empty() {
        Err(BadId::Empty)
    } else if text.len() > MAX_ID_BYTES {
        Err(BadId::TooLong)
    } else if has_control(text) {
        Err(BadId::Control)
    } else {
        Ok(())
    }
}

/// Nearly all ids are ASCII, in which it takes no decoding to tell.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |found, byte| found | byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

impl<T: ?Sized> FromStr for Id<T> {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl<T: ?Sized> From<Id<T>> for Arc<str> {
    fn from(id: Id<T>) -> Self {
        id.text
    }
}

// Written out because a derive would ask the tag for the same trait.
impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), tag: PhantomData }
    }
}

impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T: ?Sized> Eq for Id<T> {}

impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T: ?Sized>(PhantomData<fn() -> T>);

        impl<T: ?Sized> de::Visitor<'_> for Text<T> {
            type Value = Id<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id (a string)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id<T>, E> {
                Id::new(text).map_err(E::custom)
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Id<T>, E> {
                Id::new(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}

impl<T: ?Sized + 'static> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Id_{}", tag_name::<T>()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "id",
            "minLength": 1,
            "maxLength": MAX_ID_BYTES,
            "x-entity": tag_name::<T>(),
        })
    }
}

/// The tag's own name, without its path. Within a concept it names a document type of that concept, or a key from
/// outside; the checker of syncs tells the two apart by the concept's list of documents.
fn tag_name<T: ?Sized>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    enum User {}

    #[test]
    fn an_id_is_checked_where_it_enters() {
        let parse = |text: &str| serde_json::from_value::<Id<User>>(text.into());
        assert_eq!(parse("ada").unwrap().as_str(), "ada");
        assert!(parse("").unwrap_err().to_string().contains("empty"));
        assert!(parse("a\0b").unwrap_err().to_string().contains("control"));
        assert!(parse("a\nb").unwrap_err().to_string().contains("control"));
        assert!(parse(&"x".repeat(256)).is_ok());
        assert!(parse(&"é".repeat(129)).unwrap_err().to_string().contains("256"));
    }

    #[test]
    fn the_schema_names_the_entity() {
        let schema = schemars::schema_for!(Id<User>);
        assert_eq!(schema.get("x-entity").and_then(|tag| tag.as_str()), Some("User"));
    }
}
