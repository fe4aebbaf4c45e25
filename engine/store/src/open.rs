//! From a store's address to the store.

use std::path::Path;
use std::sync::Arc;

use crate::layered::Layered;
use crate::memory::MemoryStore;
use crate::sqlite::{Options, SqliteError, SqliteStore};
use crate::store::{Retention, Store};

/// Bytes of journal that a store in memory keeps, whatever a disk would hold.
const MEMORY_JOURNAL: u64 = 8 << 20;

/// Why an address does not lead to a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no store of that kind.
    #[error("{0:?} is no store: there is memory: and sqlite:PATH")]
    Unknown(String),
    /// There will be one of that kind.
    #[error("this version has no MongoDB store yet: there is memory: and sqlite:PATH")]
    NotYet,
    /// The database does not open.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
}

/// Opens the store at an address: `memory:` or `sqlite:PATH`.
///
/// ```
/// use concord_store::{Retention, open};
///
/// assert!(open("memory:", Retention::default()).is_ok());
/// assert!(open("floppy:a", Retention::default()).is_err());
/// ```
pub fn open(address: &str, retention: Retention) -> Result<Arc<dyn Store>, OpenError> {
    if address == "memory:" {
        let bytes = retention.bytes.min(MEMORY_JOURNAL);
        return Ok(Arc::new(MemoryStore::new(Retention { bytes, ..retention })));
    }
    if let Some(path) = address.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
        let store = SqliteStore::open(Path::new(path), Options { retention, ..Options::default() })?;
        return Ok(Arc::new(Layered::new(Arc::new(store))));
    }
    if address.starts_with("mongodb:") || address.starts_with("mongodb+srv:") {
        return Err(OpenError::NotYet);
    }
    Err(OpenError::Unknown(address.to_owned()))
}
