use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(index(a, b))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    #[index]
    #[unique]
    a: u32,
    b: u32,
    #[index]
    a_b: u32,
}

fn main() {}
