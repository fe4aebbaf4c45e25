//! What another process may do while a server runs: copy the database, and read the journal.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rusqlite::Connection;

use super::{journal, log, schema};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something under that name.
    #[error("{0} exists already, and a backup overwrites nothing")]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no database at {0}")]
    Missing(PathBuf),
    /// The database could not be read, or the copy not be written.
    #[error("cannot copy the database")]
    Database(#[from] rusqlite::Error),
    /// The copy could not be put in its place.
    #[error("cannot write {path}")]
    File {
        /// The copy.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// Copies the database as it is at one moment, while it is in use or not. The copy appears under its name when it is
/// complete and on disk, not before.
pub fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_path_buf()));
    }
    if !from.exists() {
        return Err(BackupError::Missing(from.to_path_buf()));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let file = |source| BackupError::File { path: to.to_path_buf(), source };
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(error)),
        Ok(()) | Err(_) => {}
    }
    let name = part.to_str().ok_or_else(|| file(io::ErrorKind::InvalidFilename.into()))?;
    schema::reader(from)?.execute("VACUUM INTO ?1", [name])?;
    log::settle(&Connection::open(&part)?)?;
    File::open(&part).and_then(|copy| copy.sync_all()).map_err(file)?;
    publish(&part, to).map_err(file)?;
    let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file)
}

/// Gives the copy its name.
fn publish(part: &Path, to: &Path) -> io::Result<()> {
    // A link, unlike a rename, never replaces what somebody else put there meanwhile. Not every file system has links.
    match fs::hard_link(part, to) {
        Ok(()) => fs::remove_file(part),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, to),
    }
}

/// The flows that the journal knows, youngest first, from a database that may be in use or not.
pub fn recent_flows(path: &Path, limit: usize) -> Result<Vec<u128>, rusqlite::Error> {
    journal::recent_flows(&schema::reader(path)?, limit)
}

/// The journal's records of one flow, oldest first, from a database that may be in use or not.
pub fn read_journal(path: &Path, flow: u128) -> Result<Vec<Bytes>, rusqlite::Error> {
    journal::of(&schema::reader(path)?, flow)
}
