use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("gone")]
    #[code(not_found, "GONE")]
    #[code(expired, "OVER")]
    Gone,
}

fn main() {}
