use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(index(a, a))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    a: u32,
}

fn main() {}
