use concord::{Collection, ConceptError, Id, State, StoreError, concept};

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
impl Clone for Upvote {
    fn clone(&self) -> Self {
        Self::default()
    }
}

fn main() {}
