//! Records as bytes, without a type around them.
//!
//! The ring has thousands of flows, nearly all of which nobody asks for. As they came, each would be a dozen allocations
//! that are cold by the time they are freed; packed, they lie one behind the other. The form is the process's own and never
//! leaves it: what it says is what was put in, so a reader that finds anything else gives nothing.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use concord::{Json, Kind, Millis, Name, Value};
use concord_lang::ActionId;

use super::{Cause, Failure, Record};

/// Appends records.
pub(crate) fn pack<'r>(records: impl ExactSizeIterator<Item = &'r Record>, into: &mut Vec<u8>) {
    let mut packer = Packer { into, quoted: Vec::new() };
    packer.count(records.len());
    records.for_each(|record| packer.record(record));
}

/// Takes records off the front.
pub(crate) fn unpack(from: &mut &[u8]) -> Option<Vec<Record>> {
    let mut unpacker = Unpacker { from, quoted: Vec::new() };
    unpacker.many(Unpacker::record)
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
/// A text as JSON has it.
const QUOTED: u8 = 6;
/// One of those that came before, by its number: what is relayed stands in a flow at least twice.
const AGAIN: u8 = 7;
const LIST: u8 = 8;
const OBJECT: u8 = 9;
/// JSON text, in place of a value.
const JSON: u8 = 10;
/// A refusal, in place of a value.
const FAILURE: u8 = 11;
const NONE: u8 = 0;
const SOME: u8 = 1;

struct Packer<'r, 'i> {
    into: &'i mut Vec<u8>,
    quoted: Vec<&'r str>,
}

impl<'r> Packer<'r, '_> {
    /// Lengths take four bytes: what is longer does not fit in a request.
    fn count(&mut self, length: usize) {
        self.into.put_u32_le(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.into.put_slice(bytes);
    }

    fn record(&mut self, record: &'r Record) {
        let ActionId(action) = record.action.into();
        self.into.put_i32_le(record.number);
        self.into.put_u32_le(action);
        self.into.put_i64_le(record.at.0);
        self.json(&record.input);
        match &record.outcome {
            Ok(output) => self.json(output),
            Err(Failure { kind, code, message }) => {
                self.into.put_u8(FAILURE);
                for part in [kind.name(), code, message] {
                    self.bytes(part.as_bytes());
                }
            }
        }
        match &record.cause {
            None => self.into.put_u8(NONE),
            Some(Cause { sync, records }) => {
                self.into.put_u8(SOME);
                self.bytes(sync.as_bytes());
                self.count(records.len());
                records.iter().for_each(|record| self.into.put_u32_le(*record));
            }
        }
    }

    fn json(&mut self, json: &'r Json) {
        match json {
            Json::Value(of) => self.value(of),
            Json::Text(text) => {
                self.into.put_u8(JSON);
                self.bytes(text);
            }
        }
    }

    fn value(&mut self, of: &'r Value) {
        match of {
            Value::Null => self.into.put_u8(NULL),
            Value::Bool(false) => self.into.put_u8(FALSE),
            Value::Bool(true) => self.into.put_u8(TRUE),
            Value::Int(number) => {
                self.into.put_u8(INT);
                self.into.put_i64_le(*number);
            }
            Value::Float(number) => {
                self.into.put_u8(FLOAT);
                self.into.put_f64_le(*number);
            }
            Value::Text(of) => match of.json() {
                None => {
                    self.into.put_u8(TEXT);
                    self.bytes(of.as_bytes());
                }
                Some(json) => self.quoted(json),
            },
            Value::List(items) => {
                self.into.put_u8(LIST);
                self.count(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(fields) => {
                self.into.put_u8(OBJECT);
                self.count(fields.len());
                for (name, of) in fields.iter() {
                    self.bytes(name.as_bytes());
                    self.value(of);
                }
            }
        }
    }

    fn quoted(&mut self, json: &'r str) {
        if let Some(earlier) = self.quoted.iter().position(|earlier| std::ptr::eq(*earlier, json)) {
            self.into.put_u8(AGAIN);
            self.count(earlier);
        } else {
            self.into.put_u8(QUOTED);
            self.bytes(json.as_bytes());
            self.quoted.push(json);
        }
    }
}

struct Unpacker<'f, 'b> {
    from: &'f mut &'b [u8],
    quoted: Vec<Value>,
}

impl<'b> Unpacker<'_, 'b> {
    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.from.try_get_u32_le().ok()?).ok()
    }

    fn many<T, A: FromIterator<T>>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<A> {
        (0..self.length()?).map(|_| one(self)).collect()
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.from.split_at_checked(length)?;
        *self.from = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'b str> {
        str::from_utf8(self.bytes()?).ok()
    }

    fn record(&mut self) -> Option<Record> {
        let number = self.from.try_get_i32_le().ok()?;
        let action = ActionId(self.from.try_get_u32_le().ok()?).into();
        let at = Millis(self.from.try_get_i64_le().ok()?);
        let input = self.json()?;
        let outcome =
            if self.from.first() == Some(&FAILURE) { Err(self.failure()?) } else { Ok(self.json()?) };
        let cause = match self.from.try_get_u8().ok()? {
            NONE => None,
            _ => Some(Cause {
                sync: self.text()?.into(),
                records: self.many(|unpacker| unpacker.from.try_get_u32_le().ok())?,
            }),
        };
        Some(Record { number, action, at, input, outcome, cause })
    }

    fn failure(&mut self) -> Option<Failure> {
        self.from.advance(1);
        let kind = Kind::of_name(self.text()?)?;
        Some(Failure { kind, code: self.text()?.into(), message: self.text()?.into() })
    }

    fn json(&mut self) -> Option<Json> {
        if self.from.first() == Some(&JSON) {
            self.from.advance(1);
            return Some(Json::Text(Bytes::copy_from_slice(self.bytes()?)));
        }
        self.value().map(Json::Value)
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.from.try_get_u8().ok()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.from.try_get_i64_le().ok()?),
            FLOAT => Value::Float(self.from.try_get_f64_le().ok()?),
            TEXT => Value::text(self.text()?),
            QUOTED => {
                let text = Value::of_json(self.text()?).ok()?;
                self.quoted.push(text.clone());
                text
            }
            AGAIN => {
                let earlier = self.length()?;
                self.quoted.get(earlier)?.clone()
            }
            LIST => Value::List(self.many::<Value, Arc<[Value]>>(Self::value)?),
            OBJECT => Value::Object(self.many::<_, Arc<[(Name, Value)]>>(Self::field)?),
            _ => return None,
        })
    }

    fn field(&mut self) -> Option<(Name, Value)> {
        Some((Name::shared(self.text()?), self.value()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_as_they_went_in() {
        let value = |text: &str| Json::Value(serde_json::from_str(text).unwrap());
        let failure =
            Failure { kind: Kind::Conflict, code: "TAKEN".into(), message: "it is \u{1f600}".into() };
        let cause = Cause { sync: "rooms/Close".into(), records: [0, 70_000].into() };
        let record = |input, outcome, cause| Record {
            number: -1,
            action: ActionId(0x0002_0003).into(),
            at: Millis(1_700_000_000_000),
            input,
            outcome,
            cause,
        };
        let long = format!(r#"{{"sdp":"{}"}}"#, r"v=0\r\n".repeat(100));
        let relayed = Json::Value(Value::of_json(&long).unwrap());
        let records = [
            record(Json::NOTHING, Err(failure), None),
            record(relayed.clone(), Ok(relayed), None),
            record(
                Json::from_static("{}"),
                Ok(value(r#"[null,true,false,-7,0.5,"","a\"b",{"x":{"y":[]}}]"#)),
                Some(cause),
            ),
        ];
        let mut packed = Vec::new();
        pack(records.iter(), &mut packed);
        let mut rest = &packed[..];
        assert_eq!(format!("{:?}", unpack(&mut rest).unwrap()), format!("{records:?}"));
        assert!(rest.is_empty());
        assert!(packed.len() < 2 * long.len(), "what is relayed is kept once");
        for length in 0..packed.len() {
            assert!(unpack(&mut &packed[..length]).is_none());
        }
    }
}
