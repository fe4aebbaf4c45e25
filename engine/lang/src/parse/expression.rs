//! Expressions, by precedence climbing.

use std::sync::Arc;

use crate::ast::{Binary, Entry, Expr, ExprKind, Name};
use crate::diagnostic::Diagnostic;
use crate::token::Token;

use super::{Fault, Parse, Parser, RESERVED};

impl Parser<'_> {
    pub(crate) fn expression(&mut self) -> Parse<Expr> {
        self.nested(|parser| parser.binary(0))
    }

    fn binary(&mut self, least: u8) -> Parse<Expr> {
        let mut left = self.prefix()?;
        loop {
            self.join_line();
            let Some((op, strength)) = self.operator().filter(|(_, strength)| *strength > least) else {
                return Ok(left);
            };
            self.bump();
            let right = self.nested(|parser| parser.binary(strength))?;
            let span = left.span.to(right.span);
            left = self.bounded(Expr::new(ExprKind::Binary(op, left, right), span))?;
        }
    }

    /// A chain is no deeper than what is nested: it is walked in the same way.
    fn bounded(&mut self, expr: Expr) -> Parse<Expr> {
        if expr.depth > super::DEPTH {
            return self.fault(format!("this is more than {} levels deep", super::DEPTH), |fault| fault);
        }
        Ok(expr)
    }

    fn operator(&self) -> Option<(Binary, u8)> {
        let spelling = match self.peek() {
            Token::Word(word) => &**word,
            Token::Mark(mark) => mark,
            Token::Text(_) | Token::Number(..) | Token::Duration(..) | Token::Line | Token::End => {
                return None;
            }
        };
        Binary::ALL.iter().find(|(_, text, _)| *text == spelling).map(|(op, _, strength)| (*op, *strength))
    }

    fn prefix(&mut self) -> Parse<Expr> {
        let start = self.span();
        let kind = if self.eat_word("not") {
            // Looser than comparisons: `not a == b` is `not (a == b)`.
            ExprKind::Not(self.nested(|parser| parser.binary(3))?)
        } else if self.is_mark("-") && !matches!(self.peek_at(1), Token::Number(..)) {
            self.bump();
            ExprKind::Negative(self.nested(Self::prefix)?)
        } else {
            return self.postfix();
        };
        Ok(Expr::new(kind, start.to(self.last_span())))
    }

    fn postfix(&mut self) -> Parse<Expr> {
        let start = self.span();
        let mut expr = self.primary()?;
        loop {
            let kind = if self.eat_mark(".") {
                ExprKind::Member(expr, self.name("the name of a field")?)
            } else if self.is_mark("[") {
                self.bump();
                let index = self.expression()?;
                self.expect_mark("]", "after the index")?;
                ExprKind::Index(expr, index)
            } else {
                return Ok(expr);
            };
            expr = self.bounded(Expr::new(kind, start.to(self.last_span())))?;
        }
    }

    fn primary(&mut self) -> Parse<Expr> {
        let start = self.span();
        if let Some(value) = self.literal() {
            return Ok(Expr::new(ExprKind::Literal(value), start.to(self.last_span())));
        }
        let kind = match self.peek() {
            Token::Mark("(") => {
                self.bump();
                let inner = self.expression()?;
                self.expect_mark(")", "after the expression")?;
                return Ok(Expr { span: start.to(self.last_span()), ..inner });
            }
            Token::Mark("{") => self.object()?,
            Token::Mark("[") => self.list()?,
            Token::Word(word) if &**word == "if" => self.choice()?,
            Token::Word(_) if self.at_call() => {
                return self.fault("an action or query cannot stand within an expression".into(), |fault| {
                    fault.help("ask on a line of its own, or for all rows: [Concept._query (…) : (…) => …]")
                });
            }
            Token::Word(_) => {
                let name = self.variable("a variable")?;
                if self.is_mark("(") {
                    let args = self.positional()?;
                    ExprKind::Call(name, args)
                } else {
                    ExprKind::Variable(name.text)
                }
            }
            other => {
                let found = other.describe();
                return self.fault(format!("expected an expression, found {found}"), |fault| fault);
            }
        };
        Ok(Expr::new(kind, start.to(self.last_span())))
    }

    /// `if c then a else b`
    fn choice(&mut self) -> Parse<ExprKind> {
        self.bump();
        let condition = self.expression()?;
        self.expect_word("then")?;
        let yes = self.expression()?;
        self.join_line();
        self.expect_word("else")?;
        let no = self.expression()?;
        Ok(ExprKind::If(condition, yes, no))
    }

    fn expect_word(&mut self, word: &str) -> Parse<()> {
        if self.eat_word(word) {
            return Ok(());
        }
        let found = self.peek().describe();
        self.fault(format!("expected `{word}`, found {found}"), |fault| {
            fault.help("write: if condition then value else value")
        })
    }

    fn positional(&mut self) -> Parse<Vec<Expr>> {
        self.expect_mark("(", "before the arguments")?;
        let mut args = Vec::new();
        while !self.eat_mark(")") {
            args.push(self.expression()?);
            if !self.eat_mark(",") {
                self.expect_mark(")", "after the arguments")?;
                break;
            }
        }
        Ok(args)
    }

    fn object(&mut self) -> Parse<ExprKind> {
        self.bump();
        let mut entries = Vec::new();
        while !self.eat_mark("}") {
            entries.push(self.entry()?);
            if !self.eat_mark(",") {
                self.expect_mark("}", "after the fields")?;
                break;
            }
        }
        Ok(ExprKind::Object(entries))
    }

    fn entry(&mut self) -> Parse<Entry> {
        if self.eat_mark("...") {
            return Ok(Entry::Spread(self.expression()?));
        }
        let key = self.key("the name of a field")?;
        if self.eat_mark(":") {
            let value = self.expression()?;
            return Ok(Entry::Field { key, value, short: false });
        }
        let value = self.short_value(&key)?;
        Ok(Entry::Field { key, value, short: true })
    }

    /// The variable of the same name as a key that stands alone.
    pub(crate) fn short_value(&mut self, key: &Name) -> Parse<Expr> {
        let is_word = self.last_span() == key.span && matches!(self.tokens[self.at - 1].0, Token::Word(_));
        if !is_word || RESERVED.contains(&&*key.text) {
            let fault = Diagnostic::error("syntax", key.span, "a key that is no variable needs a value");
            self.diagnostics.push(fault.help(format!("write {:?}: value", &*key.text)));
            return Err(Fault);
        }
        Ok(Expr::new(ExprKind::Variable(Arc::clone(&key.text)), key.span))
    }

    /// A list, or a comprehension: over the rows of a query, or over a list.
    fn list(&mut self) -> Parse<ExprKind> {
        self.bump();
        if self.at_call() {
            let call = self.call()?;
            let (filter, give) = self.produce()?;
            return Ok(ExprKind::Rows { call, filter, give });
        }
        let mut items = Vec::new();
        while !self.eat_mark("]") {
            let item = self.expression()?;
            if items.is_empty() && (self.is_mark("=>") || self.word() == Some("if")) {
                return self.each_item(item);
            }
            items.push(item);
            if !self.eat_mark(",") {
                self.expect_mark("]", "after the list")?;
                break;
            }
        }
        Ok(ExprKind::List(items))
    }

    /// What was read as `name in list` turns out to begin a comprehension.
    fn each_item(&mut self, head: Expr) -> Parse<ExprKind> {
        let (span, kind) = (head.span, *head.kind);
        let (filter, give) = self.produce()?;
        if let ExprKind::Binary(Binary::In, item, list) = kind
            && let ExprKind::Variable(name) = *item.kind
        {
            return Ok(ExprKind::Items { name: Name { text: name, span: item.span }, list, filter, give });
        }
        let fault = Diagnostic::error("syntax", span, "this is neither `name in list` nor a query");
        self.diagnostics.push(fault.help("write [item in list => …] or [Concept._query (…) : (…) => …]"));
        Err(Fault)
    }

    /// `if condition => value ]`
    fn produce(&mut self) -> Parse<(Option<Expr>, Expr)> {
        let filter = if self.eat_word("if") { Some(self.expression()?) } else { None };
        self.expect_mark("=>", "before what each gives")?;
        let give = self.expression()?;
        self.expect_mark("]", "after the list")?;
        Ok((filter, give))
    }
}
