use concord::ConceptError;

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error(fmt = say)]
    #[code(not_found, "GONE")]
    Gone,
}

fn say(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_str("gone")
}

fn main() {}
