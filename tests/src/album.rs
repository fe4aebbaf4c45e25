//! A concept that keeps files, for tests of how they get there.

use std::path::{Path, PathBuf};

use concord::{Blob, Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};

/// A picture.
#[derive(State)]
pub struct Picture {
    #[id]
    id: Id<Picture>,
    name: String,
    kind: String,
    bytes: u64,
}

/// What is known of a picture.
#[derive(Data)]
pub struct Shown {
    name: String,
    kind: String,
    bytes: u64,
}

/// A picture that has been added.
#[derive(Data)]
pub struct Added {
    picture: Id<Picture>,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// The id is that of no file here.
    #[error("there is no such file in this request")]
    #[code(invalid, "NO_SUCH_FILE")]
    NoSuchFile,
    /// The disk refuses.
    #[error("the file cannot be kept")]
    #[code(internal, "NOT_KEPT")]
    NotKept,
    /// Of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct Album {
    pictures: Collection<Picture>,
    folder: PathBuf,
}

impl Album {
    /// Keeps its pictures there.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), ..Self::default() }
    }
}

/// Keep pictures.
///
/// # Principle
/// If a picture is added, it is there.
#[concept]
impl Album {
    /// Adds a picture.
    #[action(external)]
    pub async fn add(&self, tx: &mut Tx, name: String, kind: String, blob: Id<Blob>) -> Result<Added, Error> {
        let file = tx.blob(&blob).ok_or(Error::NoSuchFile)?;
        file.keep(&self.folder.join(blob.as_str())).map_err(|_| Error::NotKept)?;
        let picture = Picture { id: blob.cast(), name, kind, bytes: file.size() };
        self.pictures.insert(tx, &picture).await?;
        Ok(Added { picture: picture.id })
    }

    /// Shows a picture.
    #[query]
    pub async fn _get(&self, tx: &Tx, picture: Id<Picture>) -> Result<Option<Shown>, Error> {
        let found = self.pictures.get(tx, &picture).await?;
        Ok(found.map(|Picture { name, kind, bytes, .. }| Shown { name, kind, bytes }))
    }
}
