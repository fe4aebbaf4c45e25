use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error(transparent)]
    #[code(not_found, "GONE")]
    Store(#[from] concord::StoreError),
}

fn main() {}
