//! Points in time, in milliseconds since the Unix epoch, as the concept API speaks of them.
//!
//! Whole numbers only: a fraction of a millisecond is refused rather than rounded. A number written `1e3` or `1000.0` is
//! the whole number it means.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

mod iso;

/// Milliseconds since the Unix epoch.
///
/// ```
/// use std::time::Duration;
/// use concord::Millis;
///
/// let start = Millis(1_000);
/// assert_eq!(start + Duration::from_secs(2), Millis(3_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// Beyond this a double no longer tells whole numbers apart (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

impl std::ops::Add<Duration> for Millis {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Millis {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Millis {
    /// The time as ISO 8601 has it, in UTC.
    ///
    /// ```
    /// use concord::Millis;
    ///
    /// assert_eq!(Millis(1_767_225_600_123).to_iso(), "2026-01-01T00:00:00.123Z");
    /// assert_eq!(Millis::of_iso("2026-01-01T01:00:00+01:00"), Some(Millis(1_767_225_600_000)));
    /// ```
    pub fn to_iso(self) -> String {
        iso::text(self.0)
    }

    /// The time of such a text, in any offset; the time of day may be absent.
    pub fn of_iso(text: &str) -> Option<Self> {
        iso::read(text).map(Self)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl de::Visitor<'_> for Number {
            type Value = Millis;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number (whole milliseconds)")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Millis, E> {
                Ok(Millis(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Millis, E> {
                i64::try_from(value)
                    .map(Millis)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Millis, E> {
                if value.fract() == 0.0 && value.abs() <= EXACT {
                    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
                    return Ok(Millis(value as i64));
                }
                Err(E::invalid_value(de::Unexpected::Float(value), &self))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

impl JsonSchema for Millis {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "format": "unix-ms" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_any_spelling_are_read() {
        for (text, expected) in [("5", 5), ("-5", -5), ("5.0", 5), ("1.7e12", 1_700_000_000_000)] {
            assert_eq!(serde_json::from_str::<Millis>(text).unwrap(), Millis(expected));
        }
        for text in ["0.5", "1e300", "18446744073709551615", "\"5\"", "null"] {
            assert!(serde_json::from_str::<Millis>(text).is_err(), "{text}");
        }
    }
}
