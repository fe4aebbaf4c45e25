//! From text to tokens.
//!
//! Words are not divided into names and keywords here: most keywords are good names elsewhere (`at`, `error`, `first`),
//! and the parser knows which is meant. An end of line is a token, as clauses end with their lines; within brackets the
//! parser never sees one. Comments are kept beside the tokens, for whoever lays a file out anew.

use std::sync::Arc;

use concord::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(Arc<str>),
    Text(Arc<str>),
    /// Its value, and how it was written.
    Number(Value, Arc<str>),
    /// Milliseconds, and how it was written.
    Duration(i64, Arc<str>),
    /// `(`, `==`, `...` and so on.
    Mark(&'static str),
    Line,
    End,
}

impl Token {
    /// The token in words, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Text(_) => "a text".into(),
            Self::Number(..) => "a number".into(),
            Self::Duration(..) => "a duration".into(),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::Line => "the end of the line".into(),
            Self::End => "the end of the file".into(),
        }
    }
}

/// The tokens of a file, the last of which is the end; and its comments.
pub(crate) struct Tokens {
    pub(crate) list: Vec<(Token, Span)>,
    pub(crate) comments: Vec<Span>,
}

/// The longer ones first, as the first that fits is taken.
const MARKS: [&str; 26] = [
    "...", "=>", "==", "!=", "<=", ">=", "??", "(", ")", "{", "}", "[", "]", ":", ",", ".", "=", "<", ">",
    "+", "-", "*", "/", ";", "|", "&",
];

/// Some editors begin every file with it.
const MARK_OF_ORDER: char = '\u{feff}';

const UNITS: [(&str, f64); 6] = [
    ("ms", 1.0),
    ("s", 1_000.0),
    ("m", 60_000.0),
    ("h", 3_600_000.0),
    ("d", 86_400_000.0),
    ("w", 604_800_000.0),
];

pub(crate) fn tokens(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Tokens {
    let at = if text.starts_with(MARK_OF_ORDER) { MARK_OF_ORDER.len_utf8() } else { 0 };
    let mut lexer = Lexer { file, text, at, depth: 0, diagnostics };
    let mut tokens = Tokens { list: Vec::new(), comments: Vec::new() };
    while let Some(lexed) = lexer.next() {
        match lexed {
            Lexed::Token(Token::Line, _) if matches!(tokens.list.last(), None | Some((Token::Line, _))) => {}
            Lexed::Token(token, span) => tokens.list.push((token, span)),
            Lexed::Comment(span) => tokens.comments.push(span),
            Lexed::Nothing => {}
        }
    }
    let end = lexer.span(lexer.at);
    if !matches!(tokens.list.last(), None | Some((Token::Line, _))) {
        tokens.list.push((Token::Line, end));
    }
    tokens.list.push((Token::End, end));
    tokens
}

enum Lexed {
    Token(Token, Span),
    Comment(Span),
    Nothing,
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    /// Open brackets.
    depth: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Lexer<'_> {
    /// From `start` to here.
    fn span(&self, start: usize) -> Span {
        let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: offset(start), end: offset(self.at) }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn take(&mut self, more: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !more(c)).unwrap_or(rest.len());
    }

    /// Always moves on.
    fn next(&mut self) -> Option<Lexed> {
        let start = self.at;
        let first = self.rest().chars().next()?;
        Some(match first {
            '\n' => {
                self.at += 1;
                if self.depth > 0 { Lexed::Nothing } else { Lexed::Token(Token::Line, self.span(start)) }
            }
            '#' => {
                self.take(|c| c != '\n');
                Lexed::Comment(self.span(start))
            }
            '"' => self.text_literal(),
            '0'..='9' => self.number(),
            c if c.is_ascii_alphabetic() || c == '_' => {
                self.take(|c| c.is_ascii_alphanumeric() || c == '_');
                Lexed::Token(Token::Word(self.text[start..self.at].into()), self.span(start))
            }
            c if c.is_whitespace() => {
                self.take(|c| c != '\n' && c.is_whitespace());
                Lexed::Nothing
            }
            _ => self.mark(first),
        })
    }

    fn mark(&mut self, first: char) -> Lexed {
        let start = self.at;
        let Some(mark) = MARKS.into_iter().find(|mark| self.rest().starts_with(mark)) else {
            self.at += first.len_utf8();
            let fault =
                Diagnostic::error("syntax", self.span(start), format!("{first:?} means nothing here"));
            self.diagnostics.push(fault);
            return Lexed::Nothing;
        };
        self.at += mark.len();
        match mark {
            "(" | "[" | "{" => self.depth += 1,
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Lexed::Token(Token::Mark(mark), self.span(start))
    }

    fn number(&mut self) -> Lexed {
        let start = self.at;
        self.take(|c| c.is_ascii_digit());
        let fraction =
            self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if fraction {
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let unit_start = self.at;
        self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        let unit = &self.text[unit_start..self.at];
        let (span, spelt) = (self.span(start), Arc::from(&self.text[start..self.at]));
        let digits = &self.text[start..unit_start];
        if unit.is_empty() {
            return self.held(number(digits), Value::Int(0), span, |value| Token::Number(value, spelt));
        }
        let Some((_, scale)) = UNITS.into_iter().find(|(name, _)| *name == unit) else {
            let fault = Diagnostic::error("syntax", span, format!("`{unit}` is no unit of time"));
            self.diagnostics.push(fault.help("a duration is written 500ms, 30s, 15m, 24h, 7d or 2w"));
            return Lexed::Token(Token::Duration(0, "0s".into()), span);
        };
        self.held(millis(digits, scale), 0, span, |millis| Token::Duration(millis, spelt))
    }

    /// The token of a number; a fault, and `zero`, if there is no such number.
    fn held<T>(&mut self, number: Option<T>, zero: T, span: Span, token: impl FnOnce(T) -> Token) -> Lexed {
        if number.is_none() {
            let fault = Diagnostic::error("syntax", span, "this number is too large to be held exactly");
            self.diagnostics.push(fault.help("a whole number has 63 bits, any other is below 2^53"));
        }
        Lexed::Token(token(number.unwrap_or(zero)), span)
    }

    fn text_literal(&mut self) -> Lexed {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let mut chars = self.rest().chars();
            match chars.next() {
                None | Some('\n') => {
                    let fault = Diagnostic::error("syntax", self.span(start), "this text does not end");
                    self.diagnostics.push(fault.help("a text ends with `\"` on the line it began on"));
                    break;
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    let escaped = chars.next();
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                    text.push(self.escaped(escaped));
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    text.push(c);
                }
            }
        }
        Lexed::Token(Token::Text(text.into()), self.span(start))
    }

    fn escaped(&mut self, escaped: Option<char>) -> char {
        match escaped {
            Some('n') => '\n',
            Some('t') => '\t',
            Some(c @ ('"' | '\\')) => c,
            other => {
                let start = self.at - 1 - other.map_or(0, char::len_utf8);
                let fault = Diagnostic::error("syntax", self.span(start), "this escape means nothing");
                self.diagnostics.push(fault.help("there is \\n, \\t, \\\" and \\\\"));
                other.unwrap_or('\\')
            }
        }
    }
}

/// Up to here a float tells every whole number from the next.
const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53

fn number(digits: &str) -> Option<Value> {
    if !digits.contains('.') {
        return digits.parse().ok().map(Value::Int);
    }
    digits.parse().ok().filter(|number| *number <= EXACT).map(Value::number)
}

#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds; what is too large has been told")]
fn millis(digits: &str, scale: f64) -> Option<i64> {
    let number: f64 = digits.parse().ok()?;
    let millis = number * scale;
    (millis <= EXACT).then_some(millis as i64)
}
