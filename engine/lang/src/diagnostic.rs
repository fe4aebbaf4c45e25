//! What the checker has to say: data first, text when somebody reads it.

use std::fmt;

use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind};
use serde::Serialize;
use serde_json::json;

use crate::source::{Sources, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing starts with this.
    Error,
    /// Legal, and probably not what was meant.
    Warning,
}

/// Something that is wrong, or looks wrong, in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's stable name: `unknown-action`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What the caret says.
    pub label: String,
    /// Other places that have to do with it.
    pub also: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(id: &'static str, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            id,
            severity: Severity::Error,
            message,
            span,
            label: String::new(),
            also: Vec::new(),
            help: None,
        }
    }

    /// A warning.
    pub fn warning(id: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(id, span, message) }
    }

    /// With these words at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With another place that has to do with it.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the name that was probably meant, if there is one.
    #[must_use]
    pub fn near<'n>(self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        match concord::nearest(name, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// The diagnostic as an editor wants it.
    pub fn to_json(&self, sources: &Sources) -> serde_json::Value {
        let at = |span: Span| {
            let end = Span { start: span.end, ..span };
            let (start, end) = (sources.place(span), sources.place(end));
            json!({
                "file": sources.file(span.file).path,
                "line": start.line, "column": start.column, "endLine": end.line, "endColumn": end.column,
            })
        };
        let also: Vec<_> =
            self.also.iter().map(|(span, label)| json!({ "at": at(*span), "label": label })).collect();
        json!({
            "id": self.id, "severity": self.severity, "message": self.message, "at": at(self.span),
            "label": self.label, "also": also, "help": self.help,
        })
    }
}

/// Everything that was found, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one, unless the same was said of the same place.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let said = |other: &Diagnostic| other.span == diagnostic.span && other.id == diagnostic.id;
        if !self.list.iter().any(said) {
            self.list.push(diagnostic);
        }
    }

    /// Puts them in the order of the files.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.id));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether something has to be mended before anything starts.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many errors, and how many warnings.
    pub fn count(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }

    /// The text for people, with source and carets.
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let mut out = Vec::new();
        let files = sources.files().map(|(_, source)| (source.path.clone(), source.text.clone()));
        let mut files = ariadne::sources(files);
        for diagnostic in &self.list {
            // Writing to memory does not fail.
            drop(report(diagnostic, sources, colour).write(&mut files, &mut out));
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The text for programs: a list.
    pub fn to_json(&self, sources: &Sources) -> serde_json::Value {
        self.list.iter().map(|diagnostic| diagnostic.to_json(sources)).collect()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        more.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

type Where = (String, std::ops::Range<usize>);

fn report(diagnostic: &Diagnostic, sources: &Sources, colour: bool) -> Report<'static, Where> {
    let at = |span: Span| -> Where { (sources.file(span.file).path.clone(), span.range()) };
    let kind = match diagnostic.severity {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
    };
    let config =
        Config::new().with_color(colour).with_char_set(CharSet::Unicode).with_index_type(IndexType::Byte);
    let mut report = Report::build(kind, at(diagnostic.span))
        .with_config(config)
        .with_code(diagnostic.id)
        .with_message(&diagnostic.message);
    let label = if diagnostic.label.is_empty() { "here" } else { &diagnostic.label };
    report = report.with_label(Label::new(at(diagnostic.span)).with_message(label));
    for (span, label) in &diagnostic.also {
        report = report.with_label(Label::new(at(*span)).with_message(label));
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    report.finish()
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}
