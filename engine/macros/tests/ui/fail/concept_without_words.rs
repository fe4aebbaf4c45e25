use concord::{Collection, ConceptError, Id, State, StoreError, Tx, concept};

pub enum User {}

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    user: Id<User>,
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

#[concept]
impl Upvote {
    /// Casts a vote.
    #[action]
    pub async fn cast(&self, tx: &mut Tx, user: Id<User>) -> Result<(), Error> {
        self.votes.insert(tx, &Vote { id: Id::new("v").map_err(|_| StoreError::Misuse("no id".into()))?, user }).await?;
        Ok(())
    }
}

fn main() {}
