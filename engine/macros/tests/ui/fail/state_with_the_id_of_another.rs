use concord::{Id, State};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<String>,
}

fn main() {}
