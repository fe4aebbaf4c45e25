//! Values from JSON text.
//!
//! By hand and not by serde_json, for the sake of long texts: it reads them into memory of their own, and whoever passes
//! them on has to escape them again. Here one that has to be escaped is looked through, many bytes at a time, and kept as
//! it came. What is rare (odd numbers, deep nesting) and what is wrong is left to serde_json, so there is one opinion on
//! what is JSON and one wording of what is wrong with it; a property test holds the two together.

use super::to_json::plain;
use super::{Name, Text, Value};

/// How deep lists and objects may be within each other, here.
const DEEPEST: usize = 64;

/// A text of so many bytes is kept as it came, if it has escapes.
const LONG: usize = 256;

impl Value {
    /// The value that a JSON text stands for.
    ///
    /// ```
    /// use concord::Value;
    ///
    /// let value = Value::of_json(r#"{"host":"ada","seats":2}"#).unwrap();
    /// assert_eq!(value.get("host").as_text(), Some("ada"));
    /// assert!(Value::of_json("{").is_err());
    /// ```
    pub fn of_json(text: &str) -> Result<Self, serde_json::Error> {
        Reader { text, at: 0 }.whole().map_or_else(|| serde_json::from_str(text), Ok)
    }
}

/// Reads from the front; whatever it does not take for JSON gives nothing.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn whole(mut self) -> Option<Value> {
        let value = self.value(DEEPEST)?;
        self.space();
        (self.at == self.text.len()).then_some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        match self.byte()? {
            b'"' => self.string().map(Value::Text),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut fields = Vec::new();
        self.at += 1;
        if self.skips(b'}') {
            return Some(Value::Object(fields.into()));
        }
        loop {
            self.space();
            if self.byte()? != b'"' {
                return None;
            }
            let name = Name::shared(self.string()?.share());
            if !self.skips(b':') {
                return None;
            }
            fields.push((name, self.value(depth)?));
            if self.skips(b'}') {
                return Some(Value::Object(fields.into()));
            }
            if !self.skips(b',') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        if self.skips(b']') {
            return Some(Value::List(items.into()));
        }
        loop {
            items.push(self.value(depth)?);
            if self.skips(b']') {
                return Some(Value::List(items.into()));
            }
            if !self.skips(b',') {
                return None;
            }
        }
    }

    /// A text, from its first quote to its last.
    fn string(&mut self) -> Option<Text> {
        let (first, bytes) = (self.at, self.text.as_bytes());
        let mut at = first + 1;
        let mut is_plain = true;
        loop {
            match bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    is_plain = false;
                    at += match bytes.get(at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        b'u' => character(bytes.get(at..)?)?,
                        _ => return None,
                    }
                }
                ..0x20 => return None, // JSON has to escape it
                _ => at += plain(&bytes[at..]),
            }
        }
        self.at = at + 1;
        if is_plain {
            Some(self.text[first + 1..at].into())
        } else if at - first > LONG {
            Some(Text::quoted(&self.text[first..=at]))
        } else {
            serde_json::from_str::<String>(&self.text[first..=at]).ok().map(Text::from)
        }
    }

    fn number(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let digits = &rest[..rest.bytes().take_while(is_part).count()];
        self.at += digits.len();
        let is_simple = digits.len() <= 18
            && matches!(digits.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
        if is_simple { digits.parse().ok().map(Value::Int) } else { serde_json::from_str(digits).ok() }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        let is_here = self.text[self.at..].starts_with(word);
        self.at += word.len();
        is_here.then_some(value)
    }

    /// Passes over this byte, with the space before it, if it is next.
    fn skips(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// How long the character is that is escaped here by its number: one unit, or the two halves of one.
fn character(escaped: &[u8]) -> Option<usize> {
    match unit(escaped)? {
        0xd800..0xdc00 => matches!(unit(escaped.get(6..)?)?, 0xdc00..0xe000).then_some(12),
        0xdc00..0xe000 => None,
        _ => Some(6),
    }
}

/// The four hexadecimal digits of `\u`.
fn unit(escaped: &[u8]) -> Option<u16> {
    let digits = escaped.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads both ways: by hand alone, and by serde_json.
    fn both(text: &str) -> (Option<Value>, Option<Value>) {
        (Reader { text, at: 0 }.whole(), serde_json::from_str(text).ok())
    }

    #[test]
    fn a_long_text_stays_as_it_came_and_is_read_when_somebody_looks() {
        let json = format!(r#"["{}\u00e9\/"]"#, r"v=0\r\n".repeat(64));
        let value = Value::of_json(&json).unwrap();
        assert_eq!(value.to_json(), json);
        assert_eq!(value, serde_json::from_str(&json).unwrap());
        let Value::List(items) = &value else { panic!("{value}") };
        let Value::Text(text) = &items[0] else { panic!("{value}") };
        for (prefix, is_so) in
            [("v=0", true), ("", true), ("v=0\r\nv", true), (r"v=0\r", false), ("w", false)]
        {
            assert_eq!(text.starts_with(prefix), is_so, "{prefix}");
        }
        assert_eq!(items[0].as_text().unwrap(), format!("{}é/", "v=0\r\n".repeat(64)));
    }

    #[test]
    fn what_serde_json_refuses_is_never_taken() {
        let long = "x".repeat(LONG);
        let texts = [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "[,]",
            "{,}",
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            "{1:2}",
            "nul",
            "truex",
            "01",
            "-",
            "1.",
            "+1",
            "--1",
            "1e",
            "1e999",
            "[1 2]",
            "1 2",
            "\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\u0041""#,
            r#""\ud800\n""#,
            r#""\u00é""#,
            r#""\"#,
        ];
        for text in texts {
            for text in [text.to_owned(), text.replacen('"', &format!("\"{long}"), 1)] {
                let (ours, theirs) = both(&text);
                assert_eq!((&ours, &theirs), (&None, &None), "{text}");
                assert!(Value::of_json(&text).is_err());
            }
        }
    }

    #[test]
    fn what_is_deep_is_left_to_serde_json() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(both(&deep(DEEPEST)).0.is_some());
        assert_eq!(Value::of_json(&deep(DEEPEST + 1)).unwrap().to_json(), deep(DEEPEST + 1));
        assert!(Value::of_json(&deep(10_000)).is_err());
    }

    /// JSON, or nearly: pieces in any order, with texts of all kinds.
    fn nearly_json() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just(" "),
            Just("\""),
            Just("\\"),
            Just("n"),
            Just("\\n"),
            Just("\\u00e9"),
            Just("\\ud83d\\ude00"),
            Just("\\ud83d"),
            Just("é"),
            Just("1"),
            Just("-0"),
            Just("2.50"),
            Just("9007199254740993"),
            Just("99999999999999999999"),
            Just("1E5"),
            Just("true"),
            Just("null"),
            Just("\"a\""),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<Option<bool>>().prop_map(|it| it.map_or(serde_json::Value::Null, Into::into)),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,20}".prop_map(Into::into),
            "(\\PC|[\r\n\"\\\\]){200,400}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let items = proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into);
            let fields = proptest::collection::vec((".{0,8}", inner), 0..6);
            prop_oneof![items, fields.prop_map(|fields| fields.into_iter().collect())]
        })
    }

    proptest! {
        #[test]
        fn json_is_read_as_serde_json_reads_it(json in json(), is_spread in any::<bool>()) {
            let text = if is_spread { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
            let (ours, theirs) = both(&text);
            prop_assert_eq!(&ours, &theirs);
            let ours = ours.unwrap();
            let written = ours.to_json();
            prop_assert_eq!(Value::of_json(&written).unwrap(), serde_json::from_str(&written).unwrap());
            prop_assert_eq!(serde_json::to_value(&ours).unwrap(), serde_json::to_value(theirs).unwrap());
        }

        #[test]
        fn what_is_nearly_json_is_taken_only_if_serde_json_takes_it(text in nearly_json()) {
            let (ours, theirs) = both(&text);
            if ours.is_some() {
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}
