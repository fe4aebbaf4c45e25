use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
#[error("gone")]
#[code(not_found, "GONE")]
pub struct Gone;

fn main() {}
