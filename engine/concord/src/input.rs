//! From a text or a value to typed input.
//!
//! The fast path reads straight into the action's own struct. Only when that fails is the text looked at again, slowly,
//! to say in the client's words what is wrong and where.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Kind, Refusal};
use crate::rt::masked;
use crate::spec::ActionSpec;
use crate::value::{Json, Value};

/// The code of every refusal that input earns before an action sees it.
pub const INVALID_REQUEST: &str = "INVALID_REQUEST";

/// The input of one call, not yet read.
pub struct Input<'a> {
    given: Given<'a>,
    record: &'a mut Json,
}

/// The input as it came.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// JSON text, from outside.
    Text(&'a [u8]),
    /// A value, from a sync.
    Value(&'a Value),
}

/// In which form the result is wanted: in the one that the input had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As JSON text.
    Text,
    /// As a value.
    Value,
}

impl<'a> Input<'a> {
    /// `record` receives what may be kept of it.
    pub fn new(given: Given<'a>, record: &'a mut Json) -> Self {
        Self { given, record }
    }

    /// In which form the result is wanted.
    pub fn form(&self) -> Form {
        match self.given {
            Given::Text(_) => Form::Text,
            Given::Value(_) => Form::Value,
        }
    }

    /// Lets the record keep all of it: for inputs without secrets whose fields no type lists.
    pub fn keep(self) {
        *self.record = match self.given {
            Given::Text(text) => Json::Text(Bytes::copy_from_slice(text)),
            Given::Value(value) => Json::Value(value.clone()),
        };
    }

    /// The same, and reads it as `T`, which need not look at every field.
    pub fn keep_as<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        let read = match self.given {
            Given::Text(text) => serde_json::from_slice(text),
            // A fault is told as that of the text that it could have been.
            Given::Value(value) => T::deserialize(value).or_else(|_| serde_json::from_str(&value.to_json())),
        };
        self.keep();
        read.map_err(|error| invalid(error.to_string()))
    }

    /// Reads the input as `T`, and notes in the record what `T` lets be kept: `T` leaves its secrets out when it is
    /// serialized.
    pub fn read<T: DeserializeOwned + Serialize>(self, action: &ActionSpec) -> Result<T, Refusal> {
        let body = match self.given {
            Given::Text([]) => b"{}",
            Given::Text(body) => body,
            Given::Value(value) => {
                if let (Value::Object(_), Ok(input)) = (value, T::deserialize(value)) {
                    *self.record = Json::Value(without_secrets(value, action));
                    return Ok(input);
                }
                // Read again, slowly, as the text that it could have been.
                &value.to_json().into_bytes()
            }
        };
        // A struct can be read from an array too; an input is an object.
        let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        match serde_json::from_slice::<T>(body) {
            Ok(input) if object => {
                let record = serde_json::to_vec(&input).map_err(Refusal::internal)?;
                *self.record = Json::Text(record.into_boxed_slice().into());
                Ok(input)
            }
            Ok(_) | Err(_) => Err(explain::<T>(body, action)),
        }
    }
}

/// The value as a record may keep it.
fn without_secrets(value: &Value, action: &ActionSpec) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let secret = |name: &str| action.params.iter().any(|param| param.secret && param.name == name);
    masked(fields, secret).map_or_else(|| value.clone(), |fields| Value::Object(fields.into()))
}

/// Says what is wrong with a body that is no `T`.
fn explain<T: DeserializeOwned>(body: &[u8], action: &ActionSpec) -> Refusal {
    let fields = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(serde_json::Value::Object(fields)) => fields,
        Ok(other) => {
            return invalid(format!("the body must be a JSON object, not {}", name_of(&other)));
        }
        Err(error) if error.classify() == serde_json::error::Category::Eof => {
            return invalid(format!("the body is not complete JSON: {error}"));
        }
        Err(error) => return invalid(format!("the body is not JSON: {error}")),
    };
    let names = || action.params.iter().map(|param| param.name);
    for field in fields.keys() {
        if !names().any(|name| name == field) {
            return field_fault(field, &unknown_field(field, names()));
        }
    }
    for param in action.params {
        if !param.optional && fields.get(param.name).is_none_or(serde_json::Value::is_null) {
            return field_fault(param.name, &format!("the field `{}` is missing", param.name));
        }
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => invalid("the body is not one JSON object".into()),
        Err(error) => {
            let path = error.path().to_string();
            let cause = without_position(&error.into_inner());
            if path == "." {
                invalid(cause)
            } else {
                field_fault(&path, &format!("the field `{path}`: {cause}"))
            }
        }
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::new(Kind::Invalid, INVALID_REQUEST, message)
}

fn field_fault(field: &str, message: &str) -> Refusal {
    invalid(message.to_owned()).with("field", field)
}

fn unknown_field<'n>(field: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    let field: String = field.chars().filter(|c| !c.is_control()).take(64).collect();
    match nearest(&field, known.iter().copied()) {
        Some(near) => format!("there is no field `{field}`; did you mean `{near}`?"),
        None if known.is_empty() => format!("there is no field `{field}`; this takes none"),
        None => format!("there is no field `{field}`; there is `{}`", known.join("`, `")),
    }
}

/// serde_json ends its messages with a place in the text, which says less than the path does.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

fn name_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

/// The name that was probably meant.
///
/// ```
/// let near = concord::nearest("joinSesion", ["joinSession", "leaveSession"]);
/// assert_eq!(near, Some("joinSession"));
/// ```
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::spec::{ParamSpec, Role, Rows};
    use crate::{Id, Millis};

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Window {
        owner: Id<()>,
        start_time: Millis,
        #[serde(default)]
        days: Vec<Day>,
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::rt::redacted")]
        key: Option<String>,
    }

    #[derive(Debug, Deserialize, Serialize)]
    struct Day {
        name: String,
    }

    const fn param(name: &'static str, optional: bool) -> ParamSpec {
        ParamSpec { name, optional, secret: false }
    }

    const KEY: ParamSpec = ParamSpec { name: "key", optional: true, secret: true };

    const ACTION: ActionSpec = ActionSpec {
        name: "createWindow",
        role: Role::Query(Rows::One),
        summary: "",
        requires: &[],
        effects: &[],
        params: &[param("owner", false), param("startTime", false), param("days", true), KEY],
        input: crate::rt::schema::<()>,
        output: crate::rt::schema::<()>,
        errors: &[],
        open: false,
        stimulus: false,
    };

    fn read_given(given: Given<'_>) -> (Result<Window, Refusal>, String) {
        let mut record = Json::NOTHING;
        let read = Input::new(given, &mut record).read::<Window>(&ACTION);
        (read, String::from_utf8(record.text().into()).unwrap())
    }

    fn read(body: &[u8]) -> (Result<Window, Refusal>, String) {
        read_given(Given::Text(body))
    }

    fn fault(body: &str) -> (String, Option<serde_json::Value>) {
        let refusal = read(body.as_bytes()).0.unwrap_err();
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            let of_value = read_given(Given::Value(&value)).0.unwrap_err();
            assert_eq!((&of_value.message, &of_value.details), (&refusal.message, &refusal.details));
        }
        assert_eq!((refusal.kind, &*refusal.code), (Kind::Invalid, INVALID_REQUEST));
        (refusal.message.into(), refusal.details.and_then(|details| details.get("field").cloned()))
    }

    #[test]
    fn a_record_keeps_the_input_without_its_secrets() {
        let (window, record) = read(br#" { "startTime": 5.0, "owner": "ada", "key": "swordfish" } "#);
        assert_eq!(window.unwrap().key.as_deref(), Some("swordfish"));
        assert_eq!(record, r#"{"owner":"ada","startTime":5,"days":[],"key":"(secret)"}"#);
    }

    #[test]
    fn a_record_of_a_value_keeps_it_without_its_secrets() {
        let given = serde_json::from_str(r#"{"startTime":5,"owner":"ada","key":"swordfish"}"#).unwrap();
        let (window, record) = read_given(Given::Value(&given));
        assert_eq!(window.unwrap().key.as_deref(), Some("swordfish"));
        assert_eq!(record, r#"{"startTime":5,"owner":"ada","key":"(secret)"}"#);
    }

    #[test]
    fn a_fault_is_named_by_its_field() {
        let faults = [
            (r#"{"startTime":5}"#, "owner", "the field `owner` is missing"),
            (r#"{"owner":null,"startTime":5}"#, "owner", "the field `owner` is missing"),
            (
                r#"{"owner":"ada","startTim":5}"#,
                "startTim",
                "there is no field `startTim`; did you mean `startTime`?",
            ),
            (
                r#"{"owner":"ada","zzz":5}"#,
                "zzz",
                "there is no field `zzz`; there is `owner`, `startTime`, `days`, `key`",
            ),
            (r#"{"owner":"","startTime":5}"#, "owner", "the field `owner`: an id must not be empty"),
            (
                r#"{"owner":"ada","startTime":5,"days":[{"name":"mo"},{"name":7}]}"#,
                "days[1].name",
                "the field `days[1].name`: invalid type: integer `7`, expected a string",
            ),
            (
                r#"{"owner":"ada","startTime":"5"}"#,
                "startTime",
                "the field `startTime`: invalid type: string \"5\", expected a number (whole milliseconds)",
            ),
        ];
        for (body, field, message) in faults {
            assert_eq!(fault(body), (message.to_owned(), Some(field.into())), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_told_what_it_is() {
        assert_eq!(fault(r#"["ada", 5, [], null]"#).0, "the body must be a JSON object, not an array");
        assert_eq!(fault("null").0, "the body must be a JSON object, not null");
        assert!(fault(r#"{"owner":"#).0.starts_with("the body is not complete JSON"));
        assert!(fault("{owner}").0.starts_with("the body is not JSON"));
        assert!(fault(&format!(r#"{{"days":{}"#, "[".repeat(10_000))).0.starts_with("the body is not JSON"));
        assert!(read(b"{\"owner\":\"\xff\"}").0.unwrap_err().message.starts_with("the body is not JSON"));
        assert_eq!(fault(r#"{"owner":"ada","owner":"ben","startTime":5}"#).0, "duplicate field `owner`");
        assert_eq!(fault("").0, "the field `owner` is missing");
    }
}
