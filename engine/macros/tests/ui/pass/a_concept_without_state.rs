use concord::{ConceptError, Tx, concept};

#[derive(Debug, thiserror::Error, ConceptError)]
pub enum Never {}

#[concept]
#[derive(Default)]
pub struct Echo {
    loud: bool,
}

/// Say again what was said.
#[concept]
impl Echo {
    /// Says it.
    #[action(transient)]
    pub async fn say(&self, _tx: &mut Tx, text: String) -> Result<(), Never> {
        drop((text, self.loud));
        Ok(())
    }
}

fn main() {}
