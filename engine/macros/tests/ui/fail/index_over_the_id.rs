use concord::{Id, State};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    #[unique]
    id: Id<Vote>,
}

fn main() {}
