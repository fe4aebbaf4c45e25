//! `sync` and `view`.

use crate::ast::{Call, Name, Outcome, Pattern, Sync, View, When};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

use super::{Fault, Parse, Parser};

impl Parser<'_> {
    pub(crate) fn sync(&mut self) -> Parse<Sync> {
        let start = self.span();
        let public = self.eat_word("public");
        self.bump(); // `sync`
        let name = self.name("the name of the sync")?;
        self.eat_line();
        let when = if self.section("when") { self.when_lines() } else { Vec::new() };
        let body = if self.section("where") { self.lines(Self::at_section) } else { Vec::new() };
        let then = if self.section("then") { self.then_lines() } else { Vec::new() };
        if let Some(word @ ("when" | "where" | "then")) = self.word() {
            let message = format!("`{word}` is out of place: a sync is when, where, then, once each");
            return self.fault(message, |fault| fault);
        }
        self.require(&name, when.is_empty(), "when")?;
        self.require(&name, then.is_empty(), "then")?;
        Ok(Sync { public, span: start.to(self.last_span()), name, when, body, then })
    }

    /// A sync that lacks a part. Where faults of that part were reported, this is no news.
    fn require(&mut self, name: &Name, is_empty: bool, part: &str) -> Parse<()> {
        if !is_empty {
            return Ok(());
        }
        let spans: Vec<Span> = self.diagnostics.iter().map(|said| said.span).collect();
        if !spans.iter().any(|span| span.file == name.span.file && span.start >= name.span.start) {
            let message = format!("the sync {} has no `{part}`", name.text);
            self.diagnostics.push(Diagnostic::error("syntax", name.span, message));
        }
        Err(Fault)
    }

    fn section(&mut self, word: &str) -> bool {
        let is = self.eat_word(word);
        if is {
            self.eat_line();
        }
        is
    }

    /// Whether another part of a rule, or another rule, begins here.
    fn at_section(&self) -> bool {
        let alone = matches!(self.peek_at(1), Token::Line) || self.word_at(1).is_some();
        matches!(self.word(), Some("when" | "where" | "then")) && alone || self.at_item()
    }

    fn when_lines(&mut self) -> Vec<When> {
        self.each_line(Self::when)
    }

    fn then_lines(&mut self) -> Vec<Call> {
        self.each_line(|parser| {
            let call = parser.call()?;
            parser.expect_line()?;
            Ok(call)
        })
    }

    fn each_line<T>(&mut self, one: impl Fn(&mut Self) -> Parse<T>) -> Vec<T> {
        let mut lines = Vec::new();
        while *self.peek() != Token::End && !self.at_section() {
            let before = self.at;
            match one(self) {
                Ok(line) => lines.push(line),
                Err(Fault) => self.skip_line(),
            }
            if self.at == before {
                self.bump();
            }
        }
        lines
    }

    fn when(&mut self) -> Parse<When> {
        let start = self.span();
        let path = self.path()?;
        let input = self.pattern()?;
        self.join_line();
        let outcome = if !self.eat_mark(":") {
            Outcome::Success(Pattern { fields: Vec::new(), span: self.last_span() })
        } else if self.eat_word("error") {
            Outcome::Failure(self.pattern()?)
        } else {
            Outcome::Success(self.pattern()?)
        };
        let span = start.to(self.last_span());
        self.expect_line()?;
        Ok(When { path, input, outcome, span })
    }

    pub(crate) fn view(&mut self) -> Parse<View> {
        let start = self.span();
        self.bump(); // `view`
        let name = self.name("the name of the view")?;
        let params = self.params()?;
        self.expect_mark("=", "after the view's parameters")?;
        self.eat_line();
        let body = self.lines(|parser| parser.word() == Some("give") || parser.at_item());
        if !self.eat_word("give") {
            let message = format!("the view {} gives nothing", name.text);
            self.diagnostics.push(
                Diagnostic::error("syntax", name.span, message).help("end it with a line: give expression"),
            );
            return Err(Fault);
        }
        let give = self.expression()?;
        let span = start.to(self.last_span());
        self.expect_line()?;
        Ok(View { name, params, body, give, span })
    }

    fn params(&mut self) -> Parse<Vec<Name>> {
        self.expect_mark("(", "before the view's parameters")?;
        let mut params = Vec::new();
        while !self.eat_mark(")") {
            params.push(self.variable("the name of a parameter")?);
            if !self.eat_mark(",") {
                self.expect_mark(")", "after the parameters")?;
                break;
            }
        }
        Ok(params)
    }
}
