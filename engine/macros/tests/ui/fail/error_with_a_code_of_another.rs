use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("gone")]
    #[code(not_found, "GONE")]
    Gone,
    #[error("left")]
    #[code(not_found, "GONE")]
    Left,
}

fn main() {}
