//! Rules on disk: every `*.sync` file of a folder, subfolders included.

use std::io;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// A file of rules is text that somebody wrote; what is larger is a mistake.
const LARGEST: u64 = 4 << 20; // bytes

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The file system says no.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// It is no text.
    #[error("{0} is not UTF-8")]
    NotText(PathBuf),
    /// It is too large to have been written by hand.
    #[error("{0} is larger than 4 MiB")]
    TooLarge(PathBuf),
}

/// Reads the rules in a folder. Each folder in it that holds rules is one of its own; they are named by their paths
/// below it.
pub fn read_folder(folder: &Path) -> Result<Vec<Source>, FolderError> {
    let mut sources = Vec::new();
    walk(folder, folder, &mut sources)?;
    Ok(sources)
}

fn walk(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<(), FolderError> {
    let fault = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FolderError::Unreadable { path, source }
    };
    let entries = std::fs::read_dir(folder).map_err(fault(folder))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(fault(folder))?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(root, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "sync") {
            sources.push(read(root, folder, &path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, folder: &Path, path: &Path) -> Result<Source, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: path.to_path_buf(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(FolderError::TooLarge(path.to_path_buf()));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| FolderError::NotText(path.to_path_buf()))?;
    let below = folder.strip_prefix(root).unwrap_or(folder);
    Ok(Source { folder: below.display().to_string(), path: path.display().to_string(), text })
}
