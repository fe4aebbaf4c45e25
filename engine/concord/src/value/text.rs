//! Texts, cheap to copy.
//!
//! Most long texts only pass through: they come in as JSON and go out as JSON, and nobody looks at them in between. Such a
//! text stays as JSON has it, escapes and all, and is read when somebody does look. Short ones, and those without escapes,
//! are read at once, as that costs no more than keeping them.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::to_json::plain;

/// A text: what [`Value::Text`](super::Value::Text) holds. It is used as a `str`.
///
/// ```
/// use concord::Value;
///
/// let Value::Text(name) = Value::text("Ada") else { unreachable!() };
/// assert_eq!(name.len(), 3);
/// assert_eq!(*name.share(), *"Ada");
/// ```
#[derive(Clone)]
pub struct Text(Form);

#[derive(Clone)]
enum Form {
    Plain(Arc<str>),
    Quoted(Arc<Quoted>),
}

struct Quoted {
    /// As it came, within its quotes. It has been checked.
    json: Box<str>,
    /// What it says, once somebody wanted to know.
    plain: OnceLock<Arc<str>>,
}

impl Text {
    /// One that JSON has so, within its quotes; it must be whole.
    pub(super) fn quoted(json: &str) -> Self {
        Self(Form::Quoted(Arc::new(Quoted { json: json.into(), plain: OnceLock::new() })))
    }

    /// The text, to be kept.
    pub fn share(&self) -> Arc<str> {
        Arc::clone(self.plain())
    }

    fn plain(&self) -> &Arc<str> {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Quoted(quoted) => quoted.plain.get_or_init(|| {
                let text: String = serde_json::from_str(&quoted.json).expect("checked as it came");
                text.into()
            }),
        }
    }

    /// The text as JSON has it, within its quotes, if that is at hand.
    pub fn json(&self) -> Option<&str> {
        match &self.0 {
            Form::Plain(_) => None,
            Form::Quoted(quoted) => Some(&quoted.json),
        }
    }

    /// Whether it begins so. A text that passes through need not be read for that.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let begins_in_json = self.json().is_some_and(|json| json[1..].starts_with(prefix));
        let is_plain = plain(prefix.as_bytes()) == prefix.len();
        (begins_in_json && is_plain) || (**self).starts_with(prefix)
    }

    /// Bytes that it holds on to, roughly.
    pub(super) fn weight(&self) -> usize {
        match &self.0 {
            Form::Plain(text) => text.len(),
            // Whoever looks makes it so much heavier.
            Form::Quoted(quoted) => size_of::<Quoted>() + 2 * quoted.json.len(),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.plain()
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(Form::Plain(text.into()))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
