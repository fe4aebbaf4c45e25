//! The one layout of a file of rules.
//!
//! Written anew from the tree, so that nothing of the old layout stays but what it said: order and comments. A line that
//! is too long is filled between its brackets; the `else`s of a block stand under each other.

mod document;
mod expression;
mod rule;

use std::fmt::Write as _;

use self::document::{Doc, WIDTH, width};
use crate::ast::{Contract, File, Line, Name, Sync, View};
use crate::diagnostic::Diagnostics;
use crate::parse::parse;
use crate::source::{FileId, Source, Span};

/// A file in the one layout; its faults, if it cannot be read.
///
/// ```
/// use concord_lang::{Source, layout};
///
/// let text = "sync A\nwhen Room.close(room):()\nthen\n     Participant.leave( room,user )";
/// let source = Source { folder: String::new(), path: "a.sync".into(), text: text.into() };
/// let laid = "sync A\nwhen\n  Room.close (room)\nthen\n  Participant.leave (room, user)\n";
/// assert_eq!(layout(&source).unwrap(), laid);
/// ```
pub fn layout(source: &Source) -> Result<String, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let parsed = parse(FileId(0), &source.text, &mut diagnostics);
    if diagnostics.has_errors() {
        diagnostics.sort();
        return Err(diagnostics);
    }
    let mut printer = Printer { text: &source.text, comments: &parsed.comments, out: String::new() };
    printer.file(&parsed.file);
    Ok(printer.out)
}

enum Item<'a> {
    Sync(&'a Sync),
    View(&'a View),
    Contract(&'a Contract),
}

struct Printer<'a> {
    text: &'a str,
    /// Comments that have not been written yet.
    comments: &'a [Span],
    out: String,
}

impl Printer<'_> {
    fn file(&mut self, file: &File) {
        let mut items: Vec<(u32, Item<'_>)> = Vec::new();
        items.extend(file.syncs.iter().map(|sync| (sync.span.start, Item::Sync(sync))));
        items.extend(file.views.iter().map(|view| (view.span.start, Item::View(view))));
        items.extend(
            file.contracts.iter().map(|contract| (contract.name.span.start, Item::Contract(contract))),
        );
        items.sort_by_key(|(start, _)| *start);
        for (at, (start, item)) in items.iter().enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            self.comments_before(*start, 0);
            match item {
                Item::Sync(sync) => self.sync(sync),
                Item::View(view) => self.view(view),
                Item::Contract(contract) => self.contract(contract),
            }
        }
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        if !items.is_empty() && !self.comments.is_empty() {
            self.out.push('\n');
        }
        self.comments_before(end, 0);
    }

    /// Writes the comments that stand before this offset, each on a line of its own.
    fn comments_before(&mut self, offset: u32, indent: usize) {
        let mut last_end = None;
        while let Some((first, rest)) = self.comments.split_first().filter(|(first, _)| first.start < offset)
        {
            self.comments = rest;
            if last_end
                .is_some_and(|end: usize| self.text[end..first.range().start].matches('\n').count() > 1)
            {
                self.out.push('\n'); // paragraphs stay paragraphs
            }
            last_end = Some(first.range().end);
            let comment = self.text[first.range()].trim_end();
            let _ = writeln!(self.out, "{:indent$}{comment}", "");
        }
        let apart = last_end.is_some_and(|end| {
            self.text
                .get(end..offset as usize)
                .is_some_and(|gap| gap.trim_start_matches(' ').starts_with("\n\n"))
        });
        if apart && indent == 0 && (offset as usize) < self.text.len() {
            self.out.push('\n');
        }
    }

    /// Ends a line; a comment that stood behind it stays there.
    fn end_line(&mut self, end: u32) {
        if let Some((first, rest)) = self.comments.split_first() {
            let between = self.text.get(end as usize..first.start as usize);
            if between.is_some_and(|between| !between.contains('\n')) {
                self.comments = rest;
                let comment = self.text[first.range()].trim_end();
                let _ = write!(self.out, "  {comment}");
            }
        }
        self.out.push('\n');
    }

    /// A line of a block, with what stood before it.
    fn line(&mut self, indent: usize, doc: &Doc, span: Span) {
        self.comments_before(span.start, indent);
        let _ = write!(self.out, "{:indent$}{}", "", doc.text(indent));
        self.end_line(span.end);
    }

    /// Lines with their `else`s under each other.
    fn lines(&mut self, indent: usize, lines: &[Line]) {
        let docs: Vec<Doc> = lines.iter().map(|line| rule::line_kind(&line.kind)).collect();
        let flat = |doc: &Doc| width(doc.text(indent).lines().last().unwrap_or_default());
        let column = lines
            .iter()
            .zip(&docs)
            .filter(|(line, _)| line.otherwise.is_some())
            .map(|(_, doc)| flat(doc))
            .filter(|width| *width + 24 <= WIDTH)
            .max()
            .unwrap_or_default();
        for (line, doc) in lines.iter().zip(&docs) {
            self.comments_before(line.span.start, indent);
            let text = doc.text(indent);
            let _ = write!(self.out, "{:indent$}{text}", "");
            if let Some(otherwise) = &line.otherwise {
                let last = width(text.lines().last().unwrap_or_default());
                let pad = column.saturating_sub(last) + 2;
                let _ =
                    write!(self.out, "{:pad$}{}", "", rule::otherwise(otherwise).text(indent + last + pad));
            }
            self.end_line(line.span.end);
        }
    }

    fn sync(&mut self, sync: &Sync) {
        let public = if sync.public { "public " } else { "" };
        let _ = write!(self.out, "{public}sync {}", sync.name.text);
        self.end_line(sync.name.span.end);
        self.out.push_str("when\n");
        for when in &sync.when {
            self.line(2, &rule::when(when), when.span);
        }
        if !sync.body.is_empty() {
            self.out.push_str("where\n");
            self.lines(2, &sync.body);
        }
        self.out.push_str("then\n");
        for call in &sync.then {
            self.line(2, &rule::call(call), call.span);
        }
    }

    fn view(&mut self, view: &View) {
        let params: Vec<&str> = view.params.iter().map(|param| &*param.text).collect();
        let _ = write!(self.out, "view {} ({}) =", view.name.text, params.join(", "));
        self.end_line(view.params.last().unwrap_or(&view.name).span.end);
        self.lines(2, &view.body);
        let give = Doc::joined([Doc::text_of("give "), expression::expr(&view.give, 0)]);
        self.line(2, &give, view.give.span);
    }

    fn contract(&mut self, contract: &Contract) {
        let _ = write!(self.out, "contract {}", contract.name.text);
        let bases: Vec<String> = contract.bases.iter().map(|base| format!("{:?}", &*base.text)).collect();
        if !bases.is_empty() {
            let _ = write!(self.out, " at {}", bases.join(", "));
        }
        self.end_line(contract.bases.last().unwrap_or(&contract.name).span.end);
        self.names("own", &contract.own);
        self.names("expose", &contract.expose);
        if let Some((first, _)) = contract.settings.first() {
            self.comments_before(first.span.start, 2);
            self.out.push_str("  settings\n");
        }
        for (name, value) in &contract.settings {
            self.line(4, &Doc::text_of(format!("{} = {}", name.text, expression::literal(value))), name.span);
        }
        if let Some(errors) = &contract.errors {
            self.line(2, &Doc::joined([Doc::text_of("errors "), expression::expr(errors, 0)]), errors.span);
        }
        for rename in &contract.codes {
            self.line(2, &rule::rename(rename), rename.span);
        }
        self.admit(2, &contract.admit);
        if let Some(headers) = &contract.headers {
            self.line(
                2,
                &Doc::joined([Doc::text_of("headers "), expression::expr(headers, 0)]),
                headers.span,
            );
        }
        for socket in &contract.sockets {
            self.line(2, &rule::socket(socket), socket.span);
            if let Some((event, shape)) = &socket.errors {
                let head = Doc::text_of(format!("errors {:?} ", &*event.text));
                self.line(4, &Doc::joined([head, expression::expr(shape, 0)]), shape.span);
            }
            for rename in &socket.codes {
                self.line(4, &rule::rename(rename), rename.span);
            }
            self.admit(4, &socket.admit);
        }
    }

    fn names(&mut self, word: &str, names: &[Name]) {
        let Some(last) = names.last() else { return };
        let listed: Vec<&str> = names.iter().map(|name| &*name.text).collect();
        self.line(2, &Doc::text_of(format!("{word} {}", listed.join(", "))), last.span);
    }

    fn admit(&mut self, indent: usize, lines: &[Line]) {
        let Some(first) = lines.first() else { return };
        self.comments_before(first.span.start, indent);
        let _ = writeln!(self.out, "{:indent$}admit", "");
        self.lines(indent + 2, lines);
    }
}
