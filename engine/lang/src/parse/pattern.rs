//! Patterns: what a record or a row must look like, and the names that its parts get.

use concord::Value;

use crate::ast::{FieldPattern, Literal, Pattern, Target};
use crate::token::Token;

use super::{Parse, Parser};

impl Parser<'_> {
    /// `(field, field: variable, …)`; an empty pair may be left out.
    pub(crate) fn pattern(&mut self) -> Parse<Pattern> {
        if self.is_mark("(") {
            self.fields("(", ")")
        } else {
            Ok(Pattern { fields: Vec::new(), span: self.last_span() })
        }
    }

    fn fields(&mut self, open: &'static str, close: &'static str) -> Parse<Pattern> {
        let start = self.span();
        self.expect_mark(open, "before the fields")?;
        let mut fields = Vec::new();
        while !self.eat_mark(close) {
            fields.push(self.nested(Self::field)?);
            if !self.eat_mark(",") {
                self.expect_mark(close, "after the fields")?;
                break;
            }
        }
        Ok(Pattern { fields, span: start.to(self.last_span()) })
    }

    fn field(&mut self) -> Parse<FieldPattern> {
        let quoted = matches!(self.peek(), Token::Text(_));
        let bare = !quoted && !self.is_mark_at(1, ":");
        let key = if bare { self.variable("the name of a field")? } else { self.key("the name of a field")? };
        let target = if quoted || self.is_mark(":") {
            self.expect_mark(":", "after the field's name")?;
            self.target()?
        } else {
            Target::Variable(key.clone())
        };
        let default = if self.eat_mark("??") { Some(self.expression()?) } else { None };
        Ok(FieldPattern { key, target, default })
    }

    fn target(&mut self) -> Parse<Target> {
        if self.is_mark("{") {
            return Ok(Target::Nested(self.fields("{", "}")?));
        }
        let start = self.span();
        match self.literal() {
            Some(value) => Ok(Target::Literal(value, start.to(self.last_span()))),
            None => Ok(Target::Variable(self.variable("a variable, a literal or `{`")?)),
        }
    }

    /// A literal, if one begins here.
    pub(crate) fn literal(&mut self) -> Option<Literal> {
        let mut spelt = None;
        let value = match self.peek() {
            Token::Text(text) => Value::text(std::sync::Arc::clone(text)),
            Token::Number(number, text) => {
                spelt = Some(std::sync::Arc::clone(text));
                number.clone()
            }
            Token::Duration(millis, text) => {
                spelt = Some(std::sync::Arc::clone(text));
                Value::Int(*millis)
            }
            Token::Word(word) => match &**word {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => return None,
            },
            Token::Mark("-") => {
                let Token::Number(number, text) = self.peek_at(1) else { return None };
                let value = match number {
                    Value::Int(number) => Value::Int(-number),
                    Value::Float(number) => Value::Float(-number),
                    Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Object(_) => {
                        return None;
                    }
                };
                spelt = Some(format!("-{text}").into());
                self.bump();
                value
            }
            Token::Mark(_) | Token::Line | Token::End => return None,
        };
        self.bump();
        Some(Literal { value, spelt })
    }
}
