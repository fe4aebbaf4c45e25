//! Packets of Socket.IO 5 within those of Engine.IO 4: what a text says.

use concord::{Text, Value};

/// A packet that came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// A client asks to be let in, and says this of itself as JSON, or nothing.
    Connect(&'a str),
    /// A client asks to be let in elsewhere, where nothing is.
    ConnectElsewhere(&'a str),
    /// A client leaves; the whole connection, too.
    Leave,
    /// An event as JSON, and the number by which its sender wants to hear that it was taken in.
    Event(&'a str, Option<&'a str>),
    /// An event to which so many messages of bytes belong.
    Binary(usize),
    /// A sign of life, or what is of no interest.
    Other,
}

/// Reads a packet; None if it is none, or one that no client may send.
pub(super) fn read(text: &str) -> Option<Packet<'_>> {
    match text.as_bytes() {
        [b'4', kind, ..] => message(*kind, &text[2..]),
        [b'1'] => Some(Packet::Leave),
        [b'3', ..] | [b'6'] => Some(Packet::Other),
        _ => None,
    }
}

fn message(kind: u8, rest: &str) -> Option<Packet<'_>> {
    if !kind.is_ascii_digit() {
        return None;
    }
    // The count of messages of bytes comes before the place.
    let (count, rest) = match kind {
        b'5' | b'6' => {
            let (count, rest) = rest.split_once('-')?;
            (count.parse().ok()?, rest)
        }
        _ => (0, rest),
    };
    let (place, rest) =
        if rest.starts_with('/') { rest.split_once(',').unwrap_or((rest, "")) } else { ("/", rest) };
    let is_here = place.split('?').next() == Some("/");
    match kind {
        b'0' if is_here => Some(Packet::Connect(rest)),
        b'0' => Some(Packet::ConnectElsewhere(place)),
        b'1' if is_here => Some(Packet::Leave),
        b'2' if is_here => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, event) = rest.split_at(digits);
            Some(Packet::Event(event, (digits > 0).then_some(number)))
        }
        b'5' if is_here => Some(Packet::Binary(count)),
        // We ask for no answers, so whatever they are they are nobody's; and nobody is elsewhere.
        b'1' | b'2' | b'3' | b'5' | b'6' => Some(Packet::Other),
        _ => None,
    }
}

/// An event's name and data, of `["event", data]`; what else there is in it is not ours. Or what is wrong with it.
pub(super) fn event(text: &str) -> Result<(Text, Value), String> {
    match Value::of_json(text) {
        Ok(Value::List(parts)) => match &*parts {
            [Value::Text(name), rest @ ..] => Ok((name.clone(), rest.first().cloned().unwrap_or_default())),
            _ => Err("a list that begins with no name".into()),
        },
        Ok(other) => Err(format!("{}, not a list", other.kind())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_what_the_protocol_says() {
        let packets = [
            ("40", Packet::Connect("")),
            (r#"40{"token":"x"}"#, Packet::Connect(r#"{"token":"x"}"#)),
            ("40/,{}", Packet::Connect("{}")),
            ("40/?a=b,{}", Packet::Connect("{}")),
            ("40/admin,{}", Packet::ConnectElsewhere("/admin")),
            ("40/admin", Packet::ConnectElsewhere("/admin")),
            ("41", Packet::Leave),
            ("41/admin,", Packet::Other),
            ("1", Packet::Leave),
            (r#"42["a",1]"#, Packet::Event(r#"["a",1]"#, None)),
            (r#"4217["a"]"#, Packet::Event(r#"["a"]"#, Some("17"))),
            (r#"42/admin,["a"]"#, Packet::Other),
            ("431[]", Packet::Other),
            (r#"452-["a",{"_placeholder":true,"num":0}]"#, Packet::Binary(2)),
            ("461-1[]", Packet::Other),
            ("3", Packet::Other),
            ("6", Packet::Other),
        ];
        for (text, packet) in packets {
            assert_eq!(read(text), Some(packet), "{text}");
        }
    }

    #[test]
    fn what_no_client_may_send_is_no_packet() {
        for text in ["", "0{}", "2", "2probe", "4", "4x", "44{}", "47", "45", "45x-", "5", "7", "hello", "é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_event_is_read_with_its_first_value_alone() {
        let data = serde_json::json!({"x":1}).into();
        assert_eq!(event(r#"["a\u0062",{"x":1},2]"#).unwrap(), ("ab".into(), data));
        assert_eq!(event(r#"["a"]"#).unwrap(), ("a".into(), Value::Null));
        let faults = [
            ("[]", "a list that begins with no name"),
            ("[1]", "a list that begins with no name"),
            (r#"{"a":1}"#, "an object, not a list"),
            (r#"["a""#, "EOF while parsing a list at line 1 column 4"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ];
        for (text, fault) in faults {
            assert_eq!(event(text).unwrap_err(), fault, "{text}");
        }
    }
}
