use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error("gone")]
    #[code(teapot, "GONE")]
    Gone,
}

fn main() {}
