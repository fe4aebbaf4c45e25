//! From tokens to a tree.
//!
//! By hand and by descent, one file a kind of thing. Whatever the text, there is a tree: a fault is reported, the parser
//! skips to where it knows its way again (the next line, or the next rule), and goes on. Two guards keep it honest: every
//! loop takes at least one token a round, and depth is bounded, so that neither a hang nor a stack overflow is possible.

mod contract;
mod expression;
mod line;
mod pattern;
mod rule;

use std::sync::Arc;

use crate::ast::{File, Name, Path};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::token::{Token, tokens};

/// How deep expressions and patterns may nest.
const DEPTH: usize = 64;

/// Words that begin a part of a rule, and so are no names of variables.
const RESERVED: [&str; 15] = [
    "when", "where", "then", "sync", "view", "contract", "let", "else", "give", "and", "or", "not", "in",
    "if", "null",
];

/// A file's tree, and where its comments are.
pub(crate) struct Parsed {
    pub(crate) file: File,
    pub(crate) comments: Vec<Span>,
}

pub(crate) fn parse(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Parsed {
    let tokens = tokens(file, text, diagnostics);
    let mut parser = Parser { tokens: tokens.list, at: 0, depth: 0, diagnostics };
    let file = parser.file();
    Parsed { file, comments: tokens.comments }
}

/// A fault has been reported; whoever can, goes on behind it.
pub(crate) struct Fault;

pub(crate) type Parse<T> = Result<T, Fault>;

pub(crate) struct Parser<'a> {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Parser<'_> {
    fn file(&mut self) -> File {
        let mut file = File::default();
        while *self.peek() != Token::End {
            let before = self.at;
            if self.item(&mut file).is_err() {
                self.skip_to_item();
            }
            if self.at == before {
                self.bump();
            }
        }
        file
    }

    fn item(&mut self, file: &mut File) -> Parse<()> {
        if self.eat_line() {
            return Ok(());
        }
        match self.word() {
            Some("sync" | "public") => file.syncs.push(self.sync()?),
            Some("view") => file.views.push(self.view()?),
            Some("contract") => file.contracts.push(self.contract()?),
            _ => {
                let found = self.peek().describe();
                return self.fault(format!("a rule begins here, not {found}"), |fault| {
                    fault.help("a file holds `sync`, `view` and `contract`")
                });
            }
        }
        Ok(())
    }

    /// Whether a rule begins here.
    fn at_item(&self) -> bool {
        let begins_line = self.at == 0 || self.tokens[self.at - 1].0 == Token::Line;
        begins_line
            && match (self.word(), self.peek_at(1)) {
                (Some("sync" | "view" | "contract"), Token::Word(_)) => true,
                (Some("public"), Token::Word(next)) => **next == *"sync",
                _ => false,
            }
    }

    fn skip_to_item(&mut self) {
        while *self.peek() != Token::End && !self.at_item() {
            self.bump();
        }
    }

    /// To the beginning of the next line.
    pub(crate) fn skip_line(&mut self) {
        while !matches!(self.peek(), Token::Line | Token::End) {
            self.bump();
        }
        self.eat_line();
    }

    pub(crate) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |(token, _)| token)
    }

    pub(crate) fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map(|(_, span)| *span).unwrap_or_default()
    }

    /// The span of the token before this one.
    pub(crate) fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|(_, span)| *span).unwrap_or_default()
    }

    pub(crate) fn bump(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    /// The word here, if there is one.
    pub(crate) fn word(&self) -> Option<&str> {
        self.word_at(0)
    }

    pub(crate) fn word_at(&self, ahead: usize) -> Option<&str> {
        match self.peek_at(ahead) {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn is_mark(&self, mark: &str) -> bool {
        self.is_mark_at(0, mark)
    }

    pub(crate) fn is_mark_at(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Mark(found) if *found == mark)
    }

    pub(crate) fn eat_mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        if is {
            self.bump();
        }
        is
    }

    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let is = self.word() == Some(word);
        if is {
            self.bump();
        }
        is
    }

    pub(crate) fn eat_line(&mut self) -> bool {
        let is = *self.peek() == Token::Line;
        if is {
            self.bump();
        }
        is
    }

    /// Goes over an end of line if the next line goes on with what this one began.
    pub(crate) fn join_line(&mut self) {
        if *self.peek() != Token::Line {
            return;
        }
        let goes_on = match self.peek_at(1) {
            Token::Word(word) => matches!(&**word, "else" | "and" | "or"),
            Token::Mark(mark) => matches!(*mark, ":" | "??"),
            Token::Text(_) | Token::Number(..) | Token::Duration(..) | Token::Line | Token::End => false,
        };
        if goes_on {
            self.bump();
        }
    }

    pub(crate) fn expect_mark(&mut self, mark: &'static str, what: &str) -> Parse<()> {
        if self.eat_mark(mark) {
            return Ok(());
        }
        let found = self.peek().describe();
        self.fault(format!("expected `{mark}` {what}, found {found}"), |fault| fault)
    }

    pub(crate) fn expect_line(&mut self) -> Parse<()> {
        if self.eat_line() || *self.peek() == Token::End {
            return Ok(());
        }
        let found = self.peek().describe();
        self.fault(format!("expected the end of the line, found {found}"), |fault| fault)
    }

    pub(crate) fn name(&mut self, what: &str) -> Parse<Name> {
        let span = self.span();
        if let Token::Word(text) = self.peek() {
            let text = Arc::clone(text);
            self.bump();
            return Ok(Name { text, span });
        }
        let found = self.peek().describe();
        self.fault(format!("expected {what}, found {found}"), |fault| fault)
    }

    /// A name that a variable may have.
    pub(crate) fn variable(&mut self, what: &str) -> Parse<Name> {
        let name = self.name(what)?;
        if RESERVED.contains(&&*name.text) {
            let message = format!("`{}` is a word of the language and cannot be {what}", name.text);
            self.diagnostics.push(Diagnostic::error("syntax", name.span, message));
            return Err(Fault);
        }
        Ok(name)
    }

    /// A text as a name.
    pub(crate) fn text_name(&mut self, what: &str) -> Parse<Name> {
        let span = self.span();
        if let Token::Text(text) = self.peek() {
            let text = Arc::clone(text);
            self.bump();
            return Ok(Name { text, span });
        }
        let found = self.peek().describe();
        self.fault(format!("expected {what} in quotes, found {found}"), |fault| fault)
    }

    /// A key: a word, or any text in quotes.
    pub(crate) fn key(&mut self, what: &str) -> Parse<Name> {
        if matches!(self.peek(), Token::Text(_)) { self.text_name(what) } else { self.name(what) }
    }

    /// `Concept.action`
    pub(crate) fn path(&mut self) -> Parse<Path> {
        let concept = self.name("the name of a concept")?;
        self.expect_mark(".", "between a concept and its action")?;
        let action = self.name("the name of an action")?;
        Ok(Path { concept, action })
    }

    pub(crate) fn names(&mut self, what: &str) -> Parse<Vec<Name>> {
        let mut names = vec![self.name(what)?];
        while self.eat_mark(",") {
            names.push(self.name(what)?);
        }
        Ok(names)
    }

    /// Goes one level deeper, unless that is too deep.
    pub(crate) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= DEPTH {
            return self.fault(format!("this is nested more than {DEPTH} deep"), |fault| fault);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Reports a fault at this token.
    pub(crate) fn fault<T>(
        &mut self,
        message: String,
        more: impl FnOnce(Diagnostic) -> Diagnostic,
    ) -> Parse<T> {
        let fault = Diagnostic::error("syntax", self.span(), message);
        self.diagnostics.push(more(fault));
        Err(Fault)
    }
}
