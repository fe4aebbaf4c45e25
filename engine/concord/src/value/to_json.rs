//! Values as JSON text.
//!
//! By hand and not by serde_json, which looks at a text one byte at a time. Nearly all of a text stands in JSON as it is, so
//! it is copied in runs, and what has to be escaped is looked for many bytes at a time; one that came as JSON is copied
//! whole. Numbers are serde_json's, and a test holds the rest against it.

use std::io::Write;

use super::Value;

impl Value {
    /// How many bytes the value takes as JSON text, if nothing has to be escaped and numbers are short.
    ///
    /// ```
    /// assert_eq!(concord::Value::text("a word").json_size(), r#""a word""#.len());
    /// ```
    pub fn json_size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 8,
            Self::Text(text) => text.json().map_or_else(|| text.len() + 2, str::len),
            Self::List(items) => items.iter().map(|item| item.json_size() + 1).sum::<usize>() + 2,
            Self::Object(fields) => {
                fields.iter().map(|(name, value)| name.len() + value.json_size() + 4).sum::<usize>() + 2
            }
        }
    }

    /// Appends the value as JSON text.
    ///
    /// ```
    /// let value = concord::Value::text("a \"word\"");
    /// let mut text = Vec::new();
    /// value.write_json(&mut text);
    /// assert_eq!(text, br#""a \"word\"""#);
    /// ```
    pub fn write_json(&self, into: &mut Vec<u8>) {
        match self {
            Self::Null => into.extend_from_slice(b"null"),
            Self::Bool(true) => into.extend_from_slice(b"true"),
            Self::Bool(false) => into.extend_from_slice(b"false"),
            // Numbers are finite and writing to memory does not fail.
            Self::Int(number) => drop(serde_json::to_writer(into, number)),
            Self::Float(number) => drop(serde_json::to_writer(into, number)),
            Self::Text(text) => match text.json() {
                Some(json) => into.extend_from_slice(json.as_bytes()),
                None => write_text(text, into),
            },
            Self::List(items) => {
                into.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        into.push(b',');
                    }
                    item.write_json(into);
                }
                into.push(b']');
            }
            Self::Object(fields) => {
                into.push(b'{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        into.push(b',');
                    }
                    write_text(name, into);
                    into.push(b':');
                    value.write_json(into);
                }
                into.push(b'}');
            }
        }
    }
}

/// Appends a text in quotes, as JSON has it.
fn write_text(text: &str, into: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    into.reserve(rest.len() + 2); // nearly always all that it takes
    into.push(b'"');
    loop {
        let plain = plain(rest);
        into.extend_from_slice(&rest[..plain]);
        let Some(byte) = rest.get(plain) else { break };
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => b'u',
        };
        into.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let _ = write!(into, "{byte:04x}");
        }
        rest = &rest[plain + 1..];
    }
    into.push(b'"');
}

/// How many bytes from the first on stand in JSON as they are.
pub(super) fn plain(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return at * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let from = words.len() * 8;
    let is_special = |byte: &u8| matches!(byte, ..0x20 | b'"' | b'\\');
    rest.iter().position(is_special).map_or(text.len(), |at| from + at)
}

/// Eight bytes at a time: the lowest bit that is set is the highest one of the first byte that has to be escaped.
///
/// A subtraction from each byte borrows where the byte is too small, which says so in its highest bit; what a borrow does
/// to the bytes above it does not matter, as only the first is asked for.
fn special(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = EACH << 7;
    let below = |word: u64, byte: u8| word.wrapping_sub(EACH * u64::from(byte)) & !word;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_serde_json_writes_them() {
        let mut texts: Vec<String> = (0..=0x250_u32).filter_map(char::from_u32).map(String::from).collect();
        texts.push("v=0\r\no=- 123 \"quoted\" back\\slash\u{1f600} é\u{7f}\u{80}\u{ff}".repeat(3));
        let whole: String = texts.concat();
        texts.push(whole.clone());
        // Every special byte at every place of a word.
        for at in 0..24 {
            for special in ['"', '\\', '\n', '\u{0}', '\u{1f}', ' ', '!', '#', '[', ']', 'é'] {
                let mut text = "x".repeat(24);
                text.replace_range(at..=at, &special.to_string());
                texts.push(text);
            }
        }
        for text in texts {
            let mut written = Vec::new();
            write_text(&text, &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn values_are_written_as_serde_json_writes_them() {
        let json = r#"{"a":[null,true,false,-5,9007199254740993,1.5,1e300,"x"],"":{},"b":[],"c":{"d":[{}]}}"#;
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(value.to_json(), serde_json::to_string(&value).unwrap());
        assert_eq!(serde_json::from_str::<Value>(&value.to_json()).unwrap(), value);
    }
}
