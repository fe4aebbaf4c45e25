use concord::{Id, State};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    #[id]
    other: Id<Vote>,
}

fn main() {}
