//! The documents on disk: written, or compared with what they should be.
//!
//! Whatever Markdown and OpenAPI lies in the folder is taken to be ours; an index of what was written would be one more thing to go
//! stale.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{FOLDER, Page};

/// Why documents are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some are stale.
    #[error("these documents are not up to date, run `concord docs`:{}", lines(.0))]
    Stale(Vec<Stale>),
    /// One cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// A document that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Its file in the checkout.
    pub path: String,
    /// In what.
    pub difference: Difference,
}

/// How a document differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing,
    /// It is there, and stands for no concept.
    Unexpected,
    /// It says something else.
    Line {
        /// The first line that differs, counted from one.
        number: usize,
        /// What it is; nothing if the document ends before it.
        found: Option<String>,
        /// What it should be; nothing if the document should end before it.
        expected: Option<String>,
    },
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, difference } = self;
        let said = |line: &Option<String>| line.as_ref().map_or("the end".into(), |line| format!("{line:?}"));
        match difference {
            Difference::Missing => write!(f, "{path} is missing"),
            Difference::Unexpected => write!(f, "{path} stands for no concept"),
            Difference::Line { number, found, expected } => {
                write!(f, "{path} differs from line {number}: {}, not {}", said(found), said(expected))
            }
        }
    }
}

fn lines(stale: &[Stale]) -> String {
    stale.iter().flat_map(|stale| ["\n  ".to_owned(), stale.to_string()]).collect()
}

/// Writes the documents below `root`, the checkout, and removes those of concepts that are gone. Says which files changed.
///
/// ```no_run
/// # let registry = concord_runtime::Registry::default();
/// let pages = concord_specs::generate(&registry);
/// for path in concord_specs::write(".".as_ref(), &pages)? {
///     println!("{}", path.display());
/// }
/// # Ok::<(), concord_specs::Error>(())
/// ```
pub fn write(root: &Path, pages: &[Page]) -> Result<Vec<PathBuf>, Error> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(fault(&folder))?;
    let mut changed = Vec::new();
    for name in unexpected(root, pages)? {
        let path = root.join(name);
        fs::remove_file(&path).map_err(fault(&path))?;
        changed.push(path);
    }
    for Page { path, text } in pages {
        let path = root.join(path);
        if found(&path)?.as_deref() != Some(text.as_bytes()) {
            fs::write(&path, text).map_err(fault(&path))?;
            changed.push(path);
        }
    }
    Ok(changed)
}

/// Compares the documents below `root`, the checkout, with what they should be. Changes nothing.
pub fn check(root: &Path, pages: &[Page]) -> Result<(), Error> {
    let mut stale = Vec::new();
    for page in pages {
        let difference = match found(&root.join(&page.path))? {
            None => Some(Difference::Missing),
            Some(found) => difference(&found, &page.text),
        };
        stale.extend(difference.map(|difference| Stale { path: page.path.clone(), difference }));
    }
    let others = unexpected(root, pages)?.into_iter();
    stale.extend(others.map(|path| Stale { path, difference: Difference::Unexpected }));
    if stale.is_empty() { Ok(()) } else { Err(Error::Stale(stale)) }
}

/// What is in a file, if it is there.
fn found(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(fault(path)),
    }
}

/// Files that no page stands for, in order.
fn unexpected(root: &Path, pages: &[Page]) -> Result<BTreeSet<String>, Error> {
    let folder = root.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        read => read.map_err(fault(&folder))?,
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(fault(&folder))?;
        let is_file = !entry.file_type().map_err(fault(&folder))?.is_dir();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = [".md", ".openapi.json"].iter().any(|end| name.ends_with(end));
        if is_file && is_ours {
            names.insert(format!("{FOLDER}/{name}"));
        }
    }
    for page in pages {
        names.remove(&page.path);
    }
    Ok(names)
}

/// The first line in which the two differ. Line endings count: a document with others is not what we write.
fn difference(found: &[u8], expected: &str) -> Option<Difference> {
    if found == expected.as_bytes() {
        return None;
    }
    let found = String::from_utf8_lossy(found);
    let (mut found, mut expected) = (found.split('\n'), expected.split('\n'));
    let pairs = std::iter::from_fn(|| match (found.next(), expected.next()) {
        (None, None) => None,
        pair => Some(pair),
    });
    let (number, (found, expected)) = (1..).zip(pairs).find(|(_, (found, expected))| found != expected)?;
    let owned = |line: Option<&str>| line.map(str::to_owned);
    Some(Difference::Line { number, found: owned(found), expected: owned(expected) })
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
