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
    count(records.len(), into);
    for record in records {
        let ActionId(action) = record.action.into();
        into.put_i32_le(record.number);
        into.put_u32_le(action);
        into.put_i64_le(record.at.0);
        json(&record.input, into);
        match &record.outcome {
            Ok(output) => json(output, into),
            Err(Failure { kind, code, message }) => {
                into.put_u8(FAILURE);
                for part in [kind.name(), code, message] {
                    text(part, into);
                }
            }
        }
        match &record.cause {
            None => into.put_u8(NONE),
            Some(Cause { sync, records }) => {
                into.put_u8(SOME);
                text(sync, into);
                count(records.len(), into);
                records.iter().for_each(|record| into.put_u32_le(*record));
            }
        }
    }
}

/// Takes records off the front.
pub(crate) fn unpack(from: &mut &[u8]) -> Option<Vec<Record>> {
    (0..length(from)?).map(|_| record(from)).collect()
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
/// A text as JSON has it.
const QUOTED: u8 = 6;
const LIST: u8 = 7;
const OBJECT: u8 = 8;
/// JSON text, in place of a value.
const JSON: u8 = 9;
/// A refusal, in place of a value.
const FAILURE: u8 = 10;
const NONE: u8 = 0;
const SOME: u8 = 1;

/// Lengths take four bytes: what is longer does not fit in a request.
fn count(length: usize, into: &mut Vec<u8>) {
    into.put_u32_le(u32::try_from(length).unwrap_or(u32::MAX));
}

fn text(text: &str, into: &mut Vec<u8>) {
    count(text.len(), into);
    into.put_slice(text.as_bytes());
}

fn json(json: &Json, into: &mut Vec<u8>) {
    match json {
        Json::Value(of) => value(of, into),
        Json::Text(text) => {
            into.put_u8(JSON);
            count(text.len(), into);
            into.put_slice(text);
        }
    }
}

fn value(of: &Value, into: &mut Vec<u8>) {
    match of {
        Value::Null => into.put_u8(NULL),
        Value::Bool(false) => into.put_u8(FALSE),
        Value::Bool(true) => into.put_u8(TRUE),
        Value::Int(number) => {
            into.put_u8(INT);
            into.put_i64_le(*number);
        }
        Value::Float(number) => {
            into.put_u8(FLOAT);
            into.put_f64_le(*number);
        }
        Value::Text(of) => match of.json() {
            None => {
                into.put_u8(TEXT);
                text(of, into);
            }
            Some(json) => {
                into.put_u8(QUOTED);
                text(json, into);
            }
        },
        Value::List(items) => {
            into.put_u8(LIST);
            count(items.len(), into);
            items.iter().for_each(|item| value(item, into));
        }
        Value::Object(fields) => {
            into.put_u8(OBJECT);
            count(fields.len(), into);
            for (name, of) in fields.iter() {
                text(name, into);
                value(of, into);
            }
        }
    }
}

fn record(from: &mut &[u8]) -> Option<Record> {
    let number = from.try_get_i32_le().ok()?;
    let action = ActionId(from.try_get_u32_le().ok()?).into();
    let at = Millis(from.try_get_i64_le().ok()?);
    let input = read_json(from)?;
    let outcome = if from.first() == Some(&FAILURE) { Err(failure(from)?) } else { Ok(read_json(from)?) };
    let cause = match from.try_get_u8().ok()? {
        NONE => None,
        _ => Some(Cause {
            sync: read_text(from)?.into(),
            records: (0..length(from)?).map(|_| from.try_get_u32_le().ok()).collect::<Option<_>>()?,
        }),
    };
    Some(Record { number, action, at, input, outcome, cause })
}

fn failure(from: &mut &[u8]) -> Option<Failure> {
    from.advance(1);
    let kind = Kind::of_name(read_text(from)?)?;
    Some(Failure { kind, code: read_text(from)?.into(), message: read_text(from)?.into() })
}

fn read_json(from: &mut &[u8]) -> Option<Json> {
    if from.first() == Some(&JSON) {
        from.advance(1);
        return Some(Json::Text(Bytes::copy_from_slice(bytes(from)?)));
    }
    read_value(from).map(Json::Value)
}

fn read_value(from: &mut &[u8]) -> Option<Value> {
    Some(match from.try_get_u8().ok()? {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(from.try_get_i64_le().ok()?),
        FLOAT => Value::Float(from.try_get_f64_le().ok()?),
        TEXT => Value::text(read_text(from)?),
        QUOTED => Value::of_json(read_text(from)?).ok()?,
        LIST => Value::List((0..length(from)?).map(|_| read_value(from)).collect::<Option<Arc<[Value]>>>()?),
        OBJECT => {
            let length = length(from)?;
            let mut field = || Some((Name::shared(read_text(from)?), read_value(from)?));
            Value::Object((0..length).map(|_| field()).collect::<Option<Arc<[(Name, Value)]>>>()?)
        }
        _ => return None,
    })
}

fn length(from: &mut &[u8]) -> Option<usize> {
    usize::try_from(from.try_get_u32_le().ok()?).ok()
}

fn bytes<'b>(from: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = length(from)?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

fn read_text<'b>(from: &mut &'b [u8]) -> Option<&'b str> {
    str::from_utf8(bytes(from)?).ok()
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
        let records = [
            record(Json::NOTHING, Err(failure), None),
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
        for length in 0..packed.len() {
            assert!(unpack(&mut &packed[..length]).is_none());
        }
    }
}
