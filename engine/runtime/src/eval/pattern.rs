//! Patterns laid upon values.

use concord::Value;
use concord_lang::plan::{Match, Test};

use super::pure::{self, Frame, Surroundings};

/// Whether a value is as the pattern says; if so, the frame has the names that the pattern gives. If not, the frame may
/// hold some of them already: throw it away, or [`unbind`] them.
pub(crate) fn fits(fields: &[Match], value: &Value, frame: &mut Frame, world: &mut dyn Surroundings) -> bool {
    fields.iter().all(|field| {
        let default;
        let found = match (value.get(&field.key), &field.default) {
            (Value::Null, Some(expr)) => {
                default = pure::value(expr, frame, world);
                &default
            }
            (found, _) => found,
        };
        match &field.test {
            Test::Bind(slot) => {
                frame[*slot] = found.clone();
                true
            }
            Test::Same(slot) => frame[*slot] == *found,
            Test::Is(wanted) => wanted == found,
            Test::Inside(inner) => matches!(found, Value::Object(_)) && fits(inner, found, frame, world),
        }
    })
}

/// Takes back the names that a pattern gives.
pub(crate) fn unbind(fields: &[Match], frame: &mut Frame) {
    for field in fields {
        match &field.test {
            Test::Bind(slot) => frame[*slot] = Value::Null,
            Test::Inside(inner) => unbind(inner, frame),
            Test::Same(_) | Test::Is(_) => {}
        }
    }
}
