use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("vote {vote} is gone")]
    #[code(not_found, "GONE")]
    Gone { vote: u32 },
    #[error(transparent)]
    Store(#[from] concord::StoreError),
}

fn main() {}
