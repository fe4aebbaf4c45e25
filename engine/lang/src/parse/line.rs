//! Lines: the clauses of `where`, of views and of `admit`, and the calls of `then`.

use crate::ast::{Arg, Call, Code, Else, Line, LineKind, Mode};
use crate::token::Token;

use super::{Parse, Parser};

impl Parser<'_> {
    /// Lines until one that `ends` says is none.
    pub(crate) fn lines(&mut self, ends: impl Fn(&Self) -> bool) -> Vec<Line> {
        let mut lines = Vec::new();
        while *self.peek() != Token::End && !ends(self) {
            let before = self.at;
            match self.line() {
                Ok(line) => lines.push(line),
                Err(_) => self.skip_line(),
            }
            if self.at == before {
                self.bump();
            }
        }
        lines
    }

    fn line(&mut self) -> Parse<Line> {
        let start = self.span();
        let kind = self.line_kind()?;
        self.join_line();
        let otherwise = if self.eat_word("else") { Some(self.otherwise()?) } else { None };
        let span = start.to(self.last_span());
        self.expect_line()?;
        Ok(Line { kind, otherwise, span })
    }

    fn line_kind(&mut self) -> Parse<LineKind> {
        let mode = match (self.word(), self.word_at(1)) {
            (Some("optional"), Some("first")) if self.word_at(2).is_some() => Mode::OptionalFirst,
            (Some("optional"), Some(_)) => Mode::Optional,
            (Some("first"), Some(next))
                if next != "else" && next != "in" && next != "and" && next != "or" =>
            {
                Mode::First
            }
            (Some("no"), Some(next)) if next != "else" && next != "in" && next != "and" && next != "or" => {
                Mode::No
            }
            (Some("let"), Some(_)) => return self.binding(),
            _ if self.at_call() => Mode::Each,
            _ => return Ok(LineKind::Condition(self.expression()?)),
        };
        let words = match mode {
            Mode::Each => 0,
            Mode::First | Mode::Optional | Mode::No => 1,
            Mode::OptionalFirst => 2,
        };
        (0..words).for_each(|_| self.bump());
        Ok(LineKind::Query(mode, self.call()?))
    }

    fn binding(&mut self) -> Parse<LineKind> {
        self.bump();
        let name = self.variable("the name of a variable")?;
        self.expect_mark("=", "after the variable")?;
        Ok(LineKind::Let(name, self.expression()?))
    }

    /// `Concept.action`: what begins with a capital letter, as names of variables do not.
    pub(crate) fn at_call(&self) -> bool {
        let is_concept = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
        self.word().is_some_and(is_concept) && self.is_mark_at(1, ".") && self.word_at(2).is_some()
    }

    fn otherwise(&mut self) -> Parse<Else> {
        let code = self.code()?;
        let details = if self.is_mark("{") { Some(self.expression()?) } else { None };
        Ok(Else { code, details })
    }

    /// `CODE` or `Concept.CODE`
    pub(crate) fn code(&mut self) -> Parse<Code> {
        let first = self.name("an error code")?;
        if self.eat_mark(".") {
            return Ok(Code { concept: Some(first), code: self.name("an error code")? });
        }
        Ok(Code { concept: None, code: first })
    }

    /// `Concept.action (arguments) : (results)`
    pub(crate) fn call(&mut self) -> Parse<Call> {
        let path = self.path()?;
        let args = if self.is_mark("(") { self.args()? } else { Vec::new() };
        self.join_line();
        let outs = if self.eat_mark(":") { Some(self.pattern()?) } else { None };
        let span = path.span().to(self.last_span());
        Ok(Call { path, args, outs, span })
    }

    fn args(&mut self) -> Parse<Vec<Arg>> {
        self.expect_mark("(", "before the arguments")?;
        let mut args = Vec::new();
        while !self.eat_mark(")") {
            args.push(self.arg()?);
            if !self.eat_mark(",") {
                self.expect_mark(")", "after the arguments")?;
                break;
            }
        }
        Ok(args)
    }

    fn arg(&mut self) -> Parse<Arg> {
        let key = self.key("the name of an argument")?;
        if self.eat_mark(":") {
            let value = self.expression()?;
            return Ok(Arg { key, value, short: false });
        }
        let value = self.short_value(&key)?;
        Ok(Arg { key, value, short: true })
    }
}
