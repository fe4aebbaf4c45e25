//! Values as JSON text.
//!
//! By hand and not by serde_json, which looks at a text one byte at a time: a relay on a socket writes the same 2 kB three
//! times. Nearly all of a long text stands in JSON as it is, so it is copied in runs, and what has to be escaped is looked
//! for many bytes at a time. Numbers are serde_json's, and a test holds the rest against it.

use std::io::Write;

use super::Value;

impl Value {
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
            Self::Text(text) => write_text(text, into),
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
fn plain(text: &[u8]) -> usize {
    let (blocks, _) = text.as_chunks::<16>();
    let from = blocks.iter().take_while(|block| is_plain(block)).count() * 16;
    // The last block overlaps the one before it, so that few texts end byte by byte.
    if from == blocks.len() * 16 && text.last_chunk::<16>().is_some_and(is_plain) {
        return text.len();
    }
    text[from..].iter().position(|byte| SPECIAL[usize::from(*byte)]).map_or(text.len(), |at| from + at)
}

/// Without a way out in the middle, the compiler looks at all bytes of a block at once.
fn is_plain(block: &[u8; 16]) -> bool {
    !block.iter().fold(false, |found, byte| found | is_special(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "a choice in the middle keeps it to one byte at a time")]
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// By byte, whether it is.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x80 {
        special[byte as usize] = is_special(byte);
        byte += 1;
    }
    special
};

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
