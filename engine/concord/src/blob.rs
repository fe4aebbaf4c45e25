//! Files that came with a request: bytes that travel beside JSON, never in it.
//!
//! A rule sees the id of a file. While its flow lasts, the bytes lie in a folder of the engine's, and any action of the
//! flow may read or keep them; then they go. An id opens nothing in another flow, so that what a client sends can never
//! reach somebody else's file. Reading and keeping are plain calls of the file system, which hold up the thread: to keep
//! is to link, and copies only where the two folders lie on different disks.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::Id;

/// A file that came with the request of this flow.
///
/// An action that takes one is `external`: what it keeps on a disk is no part of its transaction. It may run again, so
/// let the id of the file name what is kept.
///
/// ```
/// use std::path::PathBuf;
/// use concord::{Blob, Collection, ConceptError, Id, State, StoreError, Tx, concept};
///
/// /// A picture.
/// #[derive(State)]
/// pub struct Picture {
///     #[id]
///     id: Id<Picture>,
///     bytes: u64,
/// }
///
/// #[derive(Debug, thiserror::Error, ConceptError)]
/// pub enum Error {
///     #[error("there is no such file in this request")]
///     #[code(invalid, "NO_SUCH_FILE")]
///     NoSuchFile,
///     #[error("the file cannot be kept")]
///     #[code(internal, "NOT_KEPT")]
///     NotKept,
///     #[error(transparent)]
///     Store(#[from] StoreError),
/// }
///
/// #[concept]
/// #[derive(Default)]
/// pub struct Album {
///     pictures: Collection<Picture>,
///     folder: PathBuf,
/// }
///
/// /// Keep pictures.
/// ///
/// /// # Principle
/// /// If a picture is added, it is there.
/// #[concept]
/// impl Album {
///     /// Adds a picture.
///     #[action(external)]
///     pub async fn add(&self, tx: &mut Tx, blob: Id<Blob>) -> Result<(), Error> {
///         let file = tx.blob(&blob).ok_or(Error::NoSuchFile)?;
///         file.keep(&self.folder.join(blob.as_str())).map_err(|_| Error::NotKept)?;
///         Ok(self.pictures.insert(tx, &Picture { id: blob.cast(), bytes: file.size() }).await?)
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Blob {
    path: PathBuf,
    size: u64,
}

impl Blob {
    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Opens it for reading.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Keeps the bytes at a path, where they outlast the flow and a loss of power. What was there before is replaced, so
    /// doing this again changes nothing. The folder has to be there.
    pub fn keep(&self, to: &Path) -> io::Result<()> {
        let mut beside = to.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        gone(fs::remove_file(&beside))?;
        if fs::hard_link(&self.path, &beside).is_err() {
            fs::copy(&self.path, &beside)?; // another disk, or one that has no links
        }
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, to)?;
        gone(fs::remove_file(&beside))?; // a link that is renamed to itself stays
        match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => File::open(".")?.sync_all(),
        }
    }
}

/// The files of one flow, by their numbers. The engine makes these, and tests that have no engine.
///
/// ```
/// use concord::Blobs;
///
/// let folder = tempfile::tempdir()?;
/// let blobs = Blobs::new(folder.path(), "0f");
/// std::fs::write(blobs.path(0), "hello")?;
/// let blob = blobs.find(&blobs.id(0)).expect("it is there");
/// assert_eq!(blob.size(), 5);
///
/// let kept = folder.path().join("kept");
/// blob.keep(&kept)?;
/// blob.keep(&kept)?;
/// assert_eq!(std::fs::read(&kept)?, b"hello");
///
/// let others = Blobs::new(folder.path(), "0e");
/// assert!(others.find(&blobs.id(0)).is_none(), "an id opens nothing in another flow");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    flow: String,
}

impl Blobs {
    /// Those of a flow, in a folder.
    pub fn new(folder: &Path, flow: impl Into<String>) -> Self {
        Self { folder: folder.to_path_buf(), flow: flow.into() }
    }

    /// The id of the file with this number; the first has 0.
    pub fn id(&self, number: u32) -> Id<Blob> {
        Id::trusted(self.name(number))
    }

    /// Where it lies.
    pub fn path(&self, number: u32) -> PathBuf {
        self.folder.join(self.name(number))
    }

    /// The file of this id; none if this flow has no such file.
    pub fn find(&self, id: &Id<Blob>) -> Option<Blob> {
        let number = id.as_str().strip_prefix(&*self.flow)?.strip_prefix('-')?.parse().ok()?;
        let path = self.path(number);
        let size = fs::metadata(&path).ok()?.len();
        Some(Blob { path, size })
    }

    fn name(&self, number: u32) -> String {
        format!("{}-{number}", self.flow)
    }
}

/// That something is not there is what was wanted.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
