//! The documents on disk: written, or compared with what they should be.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use concord_runtime::Registry;

use crate::{Page, generate};

/// Where documents lie in a checkout. Every Markdown file in it is generated.
const FOLDER: &str = "specs/api";

/// Why documents are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some are stale.
    #[error("these documents are not up to date, run `concord docs`: {}", .0.join(", "))]
    Stale(Vec<String>),
    /// One cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// Writes the documents below `root`, and removes those of concepts that are gone. Says which files changed.
pub fn write(root: &Path, registry: &Registry) -> Result<Vec<PathBuf>, Error> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(fault(&folder))?;
    let pages = generate(registry);
    let mut changed = Vec::new();
    for stale in unexpected(&folder, &pages)? {
        fs::remove_file(&stale).map_err(fault(&stale))?;
        changed.push(stale);
    }
    for Page { name, text } in pages {
        let path = folder.join(name);
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text).map_err(fault(&path))?;
            changed.push(path);
        }
    }
    Ok(changed)
}

/// Compares the documents below `root` with what they should be.
pub fn check(root: &Path, registry: &Registry) -> Result<(), Error> {
    let folder = root.join(FOLDER);
    let pages = generate(registry);
    let gone = if folder.exists() { unexpected(&folder, &pages)? } else { Vec::new() };
    let gone = gone.iter().map(|path| format!("{} should not be there", path.display()));
    let stale = pages.iter().filter_map(|page| {
        let found = fs::read_to_string(folder.join(&page.name)).unwrap_or_default();
        let line = first_difference(&found, &page.text)?;
        Some(format!("{FOLDER}/{} from line {line}", page.name))
    });
    let faults: Vec<String> = stale.chain(gone).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Stale(faults)) }
}

/// Markdown files that no page stands for.
fn unexpected(folder: &Path, pages: &[Page]) -> Result<Vec<PathBuf>, Error> {
    let expected: BTreeSet<&OsStr> = pages.iter().map(|page| OsStr::new(&page.name)).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault(folder))? {
        let path = entry.map_err(fault(folder))?.path();
        let is_document = path.extension() == Some(OsStr::new("md"));
        if is_document && path.file_name().is_some_and(|name| !expected.contains(name)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The first line in which the two differ, counted from one.
fn first_difference(found: &str, expected: &str) -> Option<usize> {
    if found == expected {
        return None;
    }
    let same = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count();
    Some(same + 1)
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
