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

/// Let users say what they like.
#[concept]
impl Upvote {
    /// Casts a vote.
    #[action]
    pub async fn cast<T>(&self, _tx: &mut Tx, _for: Vec<T>) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
