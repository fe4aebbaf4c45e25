//! The lines of rules and contracts.

use super::document::Doc;
use super::expression::{expr, key, literal};
use crate::ast::{
    Arg, Call, Code, Else, FieldPattern, LineKind, Outcome, Pattern, Rename, Socket, Target, When,
};

/// A text as it is written in a file.
pub(super) fn text_literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn when(when: &When) -> Doc {
    let mut parts = vec![Doc::text_of(format!("{}.{}", when.path.concept.text, when.path.action.text))];
    if !when.input.fields.is_empty() {
        parts.extend([Doc::text_of(" "), pattern(&when.input, "(", ")")]);
    }
    match &when.outcome {
        Outcome::Success(fields) if fields.fields.is_empty() => {}
        Outcome::Success(fields) => parts.extend([Doc::text_of(" : "), pattern(fields, "(", ")")]),
        Outcome::Failure(fields) => {
            parts.push(Doc::text_of(" : error"));
            if !fields.fields.is_empty() {
                parts.extend([Doc::text_of(" "), pattern(fields, "(", ")")]);
            }
        }
    }
    Doc::Joined(parts)
}

fn pattern(pattern: &Pattern, open: &'static str, close: &'static str) -> Doc {
    Doc::Group { open, items: pattern.fields.iter().map(field).collect(), close }
}

fn field(field: &FieldPattern) -> Doc {
    let mut parts = match &field.target {
        Target::Variable(name) if name.text == field.key.text => vec![Doc::text_of(&*name.text)],
        Target::Variable(name) => vec![Doc::text_of(format!("{}: {}", key(&field.key), name.text))],
        Target::Literal(value, _) => vec![Doc::text_of(format!("{}: {}", key(&field.key), literal(value)))],
        Target::Nested(inner) => {
            vec![Doc::text_of(format!("{}: ", key(&field.key))), pattern(inner, "{", "}")]
        }
    };
    if let Some(default) = &field.default {
        parts.extend([Doc::text_of(" ?? "), expr(default, 6)]);
    }
    Doc::Joined(parts)
}

pub(super) fn call(call: &Call) -> Doc {
    let mut parts = vec![Doc::text_of(format!("{}.{}", call.path.concept.text, call.path.action.text))];
    if !call.args.is_empty() {
        let args = call.args.iter().map(arg).collect();
        parts.extend([Doc::text_of(" "), Doc::Group { open: "(", items: args, close: ")" }]);
    }
    if let Some(outs) = call.outs.as_ref().filter(|outs| !outs.fields.is_empty()) {
        parts.extend([Doc::text_of(" : "), pattern(outs, "(", ")")]);
    }
    Doc::Joined(parts)
}

fn arg(arg: &Arg) -> Doc {
    if arg.short {
        return Doc::text_of(&*arg.key.text);
    }
    Doc::joined([Doc::text_of(format!("{}: ", key(&arg.key))), expr(&arg.value, 0)])
}

pub(super) fn line_kind(kind: &LineKind) -> Doc {
    match kind {
        LineKind::Query(mode, query) => Doc::joined([Doc::text_of(mode.words()), call(query)]),
        LineKind::Let(name, value) => {
            Doc::joined([Doc::text_of(format!("let {} = ", name.text)), expr(value, 0)])
        }
        LineKind::Condition(condition) => expr(condition, 0),
    }
}

pub(super) fn otherwise(otherwise: &Else) -> Doc {
    let mut parts = vec![Doc::text_of(format!("else {}", code(&otherwise.code)))];
    if let Some(details) = &otherwise.details {
        parts.extend([Doc::text_of(" "), expr(details, 0)]);
    }
    Doc::Joined(parts)
}

fn code(code: &Code) -> String {
    match &code.concept {
        Some(concept) => format!("{}.{}", concept.text, code.code.text),
        None => code.code.text.to_string(),
    }
}

pub(super) fn rename(rename: &Rename) -> Doc {
    let mut text = format!("error {}", code(&rename.code));
    if let Some(renamed) = &rename.renamed {
        text.push_str(&format!(" as {}", renamed.text));
    }
    if let Some((status, _)) = rename.status {
        text.push_str(&format!(" {status}"));
    }
    if let Some(said) = &rename.text {
        text.push_str(&format!(" {}", text_literal(said)));
    }
    Doc::Text(text)
}

pub(super) fn socket(socket: &Socket) -> Doc {
    let mut parts =
        vec![Doc::text_of(format!("socket {} at {}", socket.wire.text, text_literal(&socket.path.text)))];
    if let Some(frame) = &socket.frame {
        parts.extend([Doc::text_of(" frame "), expr(frame, 0)]);
    }
    Doc::Joined(parts)
}
