//! Source files, and places in them.
//!
//! A span is two offsets and a file's number, so that every node of a tree can carry one. Offsets are bytes; lines and
//! columns are worked out when somebody reads them.

/// A file's place in its [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A stretch of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The offset after the last byte.
    pub end: u32,
}

impl Span {
    /// From the beginning of one to the end of the other.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self { end: end.end.max(self.end), ..self }
    }

    /// The offsets.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A file with rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The folder it counts as part of: all files of a folder belong to one contract.
    pub folder: String,
    /// Its path, as people are shown it.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All files that are checked together.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// A place as people count: both from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Sources {
    /// Files in the order in which their rules count: by folder, then by path.
    pub fn new(mut files: Vec<Source>) -> Self {
        files.sort_by(|a, b| (&a.folder, &a.path).cmp(&(&b.folder, &b.path)));
        Self { files }
    }

    /// The files, with their numbers.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// One file.
    pub fn file(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// Where a span begins.
    pub fn place(&self, span: Span) -> Place {
        let before = self.file(span.file).text.get(..span.start as usize).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// `path:line`, as traces show it.
    pub fn line_of(&self, span: Span) -> String {
        format!("{}:{}", self.file(span.file).path, self.place(span).line)
    }
}
