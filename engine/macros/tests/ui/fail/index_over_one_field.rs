use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(unique(a))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    a: u32,
}

fn main() {}
