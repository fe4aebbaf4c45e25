use concord::{Collection, ConceptError, Data, Id, State, StoreError, Tx, concept};

/// A vote; it may answer another.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Self>,
    answers: Option<Id<Self>>,
}

#[derive(Data)]
pub struct CastInput {
    more: Vec<Self>,
}

#[derive(Data)]
pub struct Row {
    r#type: RowMirror,
}

#[derive(Data)]
pub struct RowMirror {
    number: u32,
}

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[concept]
#[derive(Default)]
pub struct Upvote {
    r#type: Collection<Vote>,
}

/// Let users say what they like.
#[concept]
impl Upvote {
    /// Casts a vote.
    #[action]
    pub async fn cast(
        &self,
        _tx: &mut Tx,
        tx: CastInput,
        input: String,
        action: u32,
        r#type: Option<bool>,
    ) -> Result<(), Error> {
        drop((tx, input, action, r#type));
        Ok(())
    }

    /// Gets a vote.
    #[query]
    pub async fn _cast(&self, _tx: &Tx) -> Result<Row, Error> {
        Ok(Row { r#type: RowMirror { number: 1 } })
    }

    /// Moves a vote.
    #[action]
    pub async fn r#move(&self, _tx: &mut Tx) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
