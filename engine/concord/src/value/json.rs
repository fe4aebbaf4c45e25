//! JSON as it came: a text or a value.
//!
//! What goes from a sync to an action and back is a value; what comes from outside and what goes there is a text. Either is
//! kept as it is, and the other made when somebody asks.

use bytes::Bytes;

use super::Value;

/// The input of an action, or what it gave back.
///
/// ```
/// use concord::Json;
///
/// let output = Json::from_static(r#"{"session":"s1"}"#);
/// assert_eq!(output.value().field("session").as_text(), Some("s1"));
/// assert_eq!(Json::Value(output.value()).text(), output.text());
/// ```
#[derive(Debug, Clone)]
pub enum Json {
    /// A text.
    Text(Bytes),
    /// A value.
    Value(Value),
}

impl Default for Json {
    fn default() -> Self {
        Self::NOTHING
    }
}

impl Json {
    /// No text at all: there is nothing to tell.
    pub const NOTHING: Self = Self::Text(Bytes::new());

    /// A text that is part of the program.
    pub const fn from_static(text: &'static str) -> Self {
        Self::Text(Bytes::from_static(text.as_bytes()))
    }

    /// An object without fields.
    pub fn empty() -> Self {
        Self::Value(Value::Object(std::sync::Arc::default()))
    }

    /// Whether there is nothing, not even a null.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// As a text.
    pub fn text(&self) -> Bytes {
        match self {
            Self::Text(text) => text.clone(),
            Self::Value(value) => value.to_text(),
        }
    }

    /// As a value. A text that is no JSON is null.
    pub fn value(&self) -> Value {
        match self {
            Self::Text(text) => {
                str::from_utf8(text).ok().and_then(|text| Value::of_json(text).ok()).unwrap_or_default()
            }
            Self::Value(value) => value.clone(),
        }
    }

    /// How many bytes it takes as a text, roughly.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Value(value) => value.json_size(),
        }
    }

    /// Adds the text to others.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => out.extend_from_slice(text),
            Self::Value(value) => value.write_json(out),
        }
    }
}
