use concord::{ConceptError, StoreError};

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("vote {vote} is gone")]
    #[code(not_found, "GONE")]
    Gone { vote: u32 },
    #[error("{url} does not answer")]
    #[code(upstream, "NO_ANSWER")]
    NoAnswer { url: String, source: std::io::Error },
    #[error("no more than {0}")]
    #[code(limited, "TOO_MANY")]
    TooMany(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Again { again: Inner },
}

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Inner {
    #[error("again")]
    #[code(conflict, "AGAIN")]
    Again,
}

fn main() {}
