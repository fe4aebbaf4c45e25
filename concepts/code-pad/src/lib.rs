//! Code pads: a text of code that several people work on, and its language.
//!
//! A pad keeps the text as it is now; how texts that were typed at the same moment become one is the business of those who
//! type. What a pad belongs to, and who may write, is not known here.

use concord::{Collection, ConceptError, Data, Id, Millis, State, StoreError, Tx, concept};

/// What a pad belongs to, known by its id alone.
pub enum Place {}

/// Bytes of code that a pad holds at most.
const MOST: usize = 512 << 10;

/// What a pad's code is written in.
#[derive(Clone, Copy, PartialEq, Eq, Data)]
pub enum Language {
    /// JavaScript.
    Javascript,
    /// Python.
    Python,
    /// HTML.
    Html,
}

/// A pad. It has the id of what it belongs to.
#[derive(State)]
pub struct Pad {
    #[id]
    id: Id<Pad>,
    code: String,
    language: Language,
    updated_at: Millis,
}

/// What a pad holds.
#[derive(Data)]
pub struct Content {
    code: String,
    language: Language,
    updated_at: Millis,
}

/// Why a code pad refuses.
#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    /// There is no such pad.
    #[error("pad {pad} does not exist")]
    #[code(not_found, "PAD_NOT_FOUND")]
    NoSuchPad {
        /// The id that was asked for.
        pad: Id<Place>,
    },
    /// The pad is open already.
    #[error("pad {pad} is open already")]
    #[code(conflict, "PAD_EXISTS")]
    Exists {
        /// The pad.
        pad: Id<Place>,
    },
    /// The code is too long.
    #[error("code has {length} bytes, and {MOST} is the most")]
    #[code(too_large, "CODE_TOO_LARGE")]
    TooLarge {
        /// Its length.
        length: usize,
    },
    /// The documents could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The concept.
#[concept]
#[derive(Default)]
pub struct CodePad {
    pads: Collection<Pad>,
}

/// Keep code that several people work on, with the language it is written in.
///
/// # Principle
/// If a pad is opened and somebody saves code into it, everyone who looks at it sees that code, until other code is saved
/// or the pad is removed.
#[concept]
impl CodePad {
    /// Opens a pad.
    ///
    /// # Requires
    /// - There must be no pad with the given `pad` ID.
    /// - `code` must have 524,288 bytes at most.
    ///
    /// # Effects
    /// - There is a pad with this ID, `code` and `language`.
    #[action]
    pub async fn open(
        &self,
        tx: &mut Tx,
        pad: Id<Place>,
        code: String,
        language: Language,
    ) -> Result<(), Error> {
        if self.found(tx, &pad).await?.is_some() {
            return Err(Error::Exists { pad });
        }
        let pad = Pad { id: pad.cast(), code: fitting(code)?, language, updated_at: tx.now() };
        Ok(self.pads.insert(tx, &pad).await?)
    }

    /// Saves code, or says that it is written in another language. What is not given stays as it is.
    ///
    /// # Requires
    /// - The pad with the given `pad` ID must exist.
    /// - `code` must have 524,288 bytes at most.
    ///
    /// # Effects
    /// - The pad has the `code` and `language` that were given.
    /// - It counts as updated now.
    #[action]
    pub async fn save(
        &self,
        tx: &mut Tx,
        pad: Id<Place>,
        code: Option<String>,
        language: Option<Language>,
    ) -> Result<(), Error> {
        let known = self.found(tx, &pad).await?.ok_or(Error::NoSuchPad { pad })?;
        let code = code.map(fitting).transpose()?.unwrap_or(known.code);
        let language = language.unwrap_or(known.language);
        Ok(self.pads.put(tx, &Pad { code, language, updated_at: tx.now(), id: known.id }).await?)
    }

    /// Removes a pad.
    ///
    /// # Requires
    /// - The pad with the given `pad` ID must exist.
    ///
    /// # Effects
    /// - The pad is gone, and its code with it.
    #[action]
    pub async fn remove(&self, tx: &mut Tx, pad: Id<Place>) -> Result<(), Error> {
        if self.pads.delete(tx, &pad.clone().cast()).await? { Ok(()) } else { Err(Error::NoSuchPad { pad }) }
    }

    /// Shows what a pad holds.
    ///
    /// # Requires
    /// - `pad` must be a valid ID.
    ///
    /// # Effects
    /// - Returns the code and the language; no row if there is no such pad.
    #[query]
    pub async fn _get(&self, tx: &Tx, pad: Id<Place>) -> Result<Option<Content>, Error> {
        let content = |Pad { id: _, code, language, updated_at }| Content { code, language, updated_at };
        Ok(self.found(tx, &pad).await?.map(content))
    }

    async fn found(&self, tx: &Tx, pad: &Id<Place>) -> Result<Option<Pad>, Error> {
        Ok(self.pads.get(tx, &pad.clone().cast()).await?)
    }
}

fn fitting(code: String) -> Result<String, Error> {
    if code.len() > MOST { Err(Error::TooLarge { length: code.len() }) } else { Ok(code) }
}
