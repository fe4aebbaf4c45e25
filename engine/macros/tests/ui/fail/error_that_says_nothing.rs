use concord::ConceptError;

#[derive(ConceptError)]
pub enum Error {
    #[code(not_found, "GONE")]
    Gone,
}

fn main() {}
