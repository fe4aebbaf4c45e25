use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("gone")]
    Gone,
}

fn main() {}
