use concord::{Id, State};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    #[index]
    users: Vec<String>,
}

fn main() {}
