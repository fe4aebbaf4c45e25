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

/// Let users say what they like.
#[concept]
impl Upvote {
    /// Casts a vote.
    #[action]
    pub async fn cast(&self, tx: &mut Tx, user: Id<User>) -> Result<(), Error> {
        self.votes.insert(tx, &Vote { id: Id::new("v").map_err(|_| StoreError::Misuse("no id".into()))?, user }).await?;
        Ok(())
    }

    /// Counts them.
    #[query]
    pub async fn _get(&self, tx: &Tx, vote: Id<Vote>) -> Result<Option<bool>, Error> {
        Ok(self.votes.get(tx, &vote).await?.map(|_| true))
    }

    /// Asks somebody else.
    #[action(external, transient)]
    pub async fn ask(&self, _tx: &mut Tx, #[secret] password: Option<String>) -> Result<(), Error> {
        drop(password);
        Ok(())
    }

    /// A helper is left alone.
    pub fn helper(&self) {}
}

fn main() {}
