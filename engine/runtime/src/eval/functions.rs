//! The functions of the language. An argument that makes no sense gives null.

use concord::{Millis, Value};
use concord_lang::plan::Function;

use super::pure::Surroundings;

pub(super) fn function(name: Function, args: &[Value], world: &mut dyn Surroundings) -> Value {
    let first = args.first().unwrap_or(&Value::Null);
    let second = args.get(1).unwrap_or(&Value::Null);
    match name {
        Function::Now => Value::Int(world.now()),
        Function::Uuid => Value::text(world.fresh()),
        Function::Iso => match first.as_number() {
            Some(millis) => Value::text(Millis(whole(millis)).to_iso()),
            None => Value::Null,
        },
        Function::Ms => first.as_text().and_then(Millis::of_iso).map_or(Value::Null, |at| Value::Int(at.0)),
        Function::Minutes => first.as_number().map_or(Value::Null, |millis| Value::number(millis / 60_000.0)),
        Function::Len => length(first),
        Function::Lower => first.as_text().map_or(Value::Null, |text| Value::text(text.to_lowercase())),
        Function::Contains => Value::Bool(match (first, second) {
            (Value::Text(text), Value::Text(part)) => text.contains(&**part),
            (Value::List(items), item) => items.contains(item),
            _ => false,
        }),
        Function::StartsWith => match (first, second) {
            (Value::Text(text), Value::Text(part)) => Value::Bool(text.starts_with(part)),
            _ => Value::Null,
        },
        Function::Matches => texts(first, second, |text, pattern| Value::Bool(matches(text, pattern))),
        Function::Split => texts(first, second, |text, by| {
            if by.is_empty() {
                return Value::List([Value::text(text)].into());
            }
            Value::List(text.split(by).map(Value::text).collect())
        }),
        Function::Int => int(first),
        Function::Round => first.as_number().map_or(Value::Null, |number| Value::number(number.round())),
    }
}

fn texts(a: &Value, b: &Value, of: impl FnOnce(&str, &str) -> Value) -> Value {
    match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => of(a, b),
        _ => Value::Null,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
fn whole(number: f64) -> i64 {
    number as i64
}

fn length(value: &Value) -> Value {
    let count = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::Null => 0,
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => return Value::Null,
    };
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn int(value: &Value) -> Value {
    match value {
        Value::Text(text) => text.trim().parse().map_or(Value::Null, Value::Int),
        _ => value.as_number().map_or(Value::Null, |number| Value::number(number.trunc())),
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything. Linear in both but for the stars.
fn matches(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (text, pattern) in
            [("abc", "abc"), ("abc", "a*"), ("abc", "*c"), ("abc", "a*c"), ("", "*"), ("aXbXc", "a*b*c")]
        {
            assert!(matches(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "ab"), ("abc", "b*"), ("abc", "*b"), ("ab", "ab*b"), ("abc", "")] {
            assert!(!matches(text, pattern), "{text} {pattern}");
        }
    }
}
