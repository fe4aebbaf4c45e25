use concord::{Collection, ConceptError, Id, State, StoreError, Tx, concept};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
}

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[concept]
#[derive(Default)]
pub struct Upvote {
    votes: Collection<Vote>,
}

pub struct Cast;

/// Let users say what they like.
#[concept]
impl Upvote {
    /// Casts a vote.
    #[action]
    pub async fn cast(&self, _tx: &mut Tx) -> Result<Cast, Error> {
        Ok(Cast)
    }
}

fn main() {}
