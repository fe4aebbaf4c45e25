//! `contract` and what belongs to it.

use concord::Value;

use crate::ast::{Contract, Line, Literal, Name, Rename, Socket};
use crate::diagnostic::Diagnostic;
use crate::token::Token;

use super::{Parse, Parser};

impl Parser<'_> {
    pub(crate) fn contract(&mut self) -> Parse<Contract> {
        self.bump(); // `contract`
        let name = self.name("the name of the contract")?;
        let mut contract = Contract {
            name,
            bases: Vec::new(),
            own: Vec::new(),
            expose: Vec::new(),
            settings: Vec::new(),
            errors: None,
            codes: Vec::new(),
            admit: Vec::new(),
            headers: None,
            sockets: Vec::new(),
        };
        if self.eat_word("at") {
            contract.bases.push(self.text_name("a base path")?);
            while self.eat_mark(",") {
                contract.bases.push(self.text_name("a base path")?);
            }
        }
        self.expect_line()?;
        while *self.peek() != Token::End && !self.at_item() {
            let before = self.at;
            if self.part(&mut contract).is_err() {
                self.skip_line();
            }
            if self.at == before {
                self.bump();
            }
        }
        Ok(contract)
    }

    fn part(&mut self, contract: &mut Contract) -> Parse<()> {
        match self.word() {
            Some("own") => {
                self.bump();
                contract.own.extend(self.names("the name of a concept")?);
                self.expect_line()
            }
            Some("expose") => {
                self.bump();
                contract.expose.extend(self.names("the name of a concept")?);
                self.expect_line()
            }
            Some("settings") => {
                self.bump();
                self.expect_line()?;
                self.settings(&mut contract.settings);
                Ok(())
            }
            Some("errors") => {
                self.once(contract.errors.is_some());
                self.bump();
                contract.errors = Some(self.expression()?);
                self.expect_line()
            }
            Some("error") => {
                let rename = self.rename()?;
                contract.codes.push(rename);
                Ok(())
            }
            Some("admit") => {
                self.once(!contract.admit.is_empty());
                contract.admit.extend(self.admit()?);
                Ok(())
            }
            Some("headers") => {
                self.once(contract.headers.is_some());
                self.bump();
                contract.headers = Some(self.expression()?);
                self.expect_line()
            }
            Some("socket") => {
                let socket = self.socket()?;
                contract.sockets.push(socket);
                Ok(())
            }
            _ => {
                let found = self.peek().describe();
                self.fault(format!("a part of the contract begins here, not {found}"), |fault| {
                    fault.help("there is own, expose, settings, errors, error, admit, headers and socket")
                })
            }
        }
    }

    /// Reports a part that was there before.
    fn once(&mut self, is_there: bool) {
        if is_there {
            let part = self.word().unwrap_or_default();
            let message = format!("there is `{part}` already, and it stands once");
            self.diagnostics.push(Diagnostic::error("syntax", self.span(), message));
        }
    }

    /// Whether a part of a contract begins here, rather than a line that happens to begin with such a word.
    fn at_part(&self) -> bool {
        match self.word() {
            Some("own" | "expose" | "error" | "socket") => self.word_at(1).is_some(),
            Some("settings" | "admit") => matches!(self.peek_at(1), Token::Line),
            Some("errors") => self.is_mark_at(1, "{") || matches!(self.peek_at(1), Token::Text(_)),
            Some("headers") => self.is_mark_at(1, "{"),
            _ => self.at_item(),
        }
    }

    fn settings(&mut self, settings: &mut Vec<(Name, Literal)>) {
        while *self.peek() != Token::End && !self.at_part() {
            let before = self.at;
            match self.setting() {
                Ok(setting) => settings.push(setting),
                Err(_) => self.skip_line(),
            }
            if self.at == before {
                self.bump();
            }
        }
    }

    fn setting(&mut self) -> Parse<(Name, Literal)> {
        let name = self.variable("the name of a setting")?;
        self.expect_mark("=", "after the setting's name")?;
        let Some(value) = self.literal() else {
            let found = self.peek().describe();
            return self.fault(format!("expected a literal, found {found}"), |fault| fault);
        };
        self.expect_line()?;
        Ok((name, value))
    }

    /// `error [Concept.]CODE [as CODE] [status] "text"`
    fn rename(&mut self) -> Parse<Rename> {
        let start = self.span();
        self.bump();
        let code = self.code()?;
        let renamed = if self.eat_word("as") { Some(self.name("an error code")?) } else { None };
        let status = self.status()?;
        let text =
            if matches!(self.peek(), Token::Text(_)) { Some(self.text_name("a text")?.text) } else { None };
        let span = start.to(self.last_span());
        self.expect_line()?;
        Ok(Rename { code, renamed, status, text, span })
    }

    fn status(&mut self) -> Parse<Option<(u16, crate::source::Span)>> {
        let Token::Number(number, _) = self.peek() else { return Ok(None) };
        let status = if let Value::Int(number) = number { u16::try_from(*number).ok() } else { None };
        let span = self.span();
        if let Some(status) = status.filter(|status| (400..600).contains(status)) {
            self.bump();
            return Ok(Some((status, span)));
        }
        self.fault("a refusal's status is between 400 and 599".into(), |fault| fault)
    }

    fn admit(&mut self) -> Parse<Vec<Line>> {
        self.bump();
        self.expect_line()?;
        Ok(self.lines(Self::at_part))
    }

    /// `socket socketio at "/path" [frame {…}]`, and its own errors and `admit`.
    fn socket(&mut self) -> Parse<Socket> {
        let start = self.span();
        self.bump();
        let wire = self.name("a wire format: socketio or json")?;
        if !self.eat_word("at") {
            return self
                .fault("a socket has a path: socket socketio at \"/socket.io\"".into(), |fault| fault);
        }
        let path = self.text_name("the socket's path")?;
        let frame = if self.eat_word("frame") { Some(self.expression()?) } else { None };
        let span = start.to(self.last_span());
        self.expect_line()?;
        let mut socket =
            Socket { wire, path, frame, errors: None, codes: Vec::new(), admit: Vec::new(), span };
        loop {
            match self.word() {
                Some("errors") => {
                    self.once(socket.errors.is_some());
                    self.bump();
                    let event = self.text_name("the name of the error event")?;
                    socket.errors = Some((event, self.expression()?));
                    self.expect_line()?;
                }
                Some("error") => socket.codes.push(self.rename()?),
                Some("admit") => {
                    self.once(!socket.admit.is_empty());
                    socket.admit.extend(self.admit()?);
                }
                _ => return Ok(socket),
            }
        }
    }
}
