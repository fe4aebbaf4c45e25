use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(index(a, b, c))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    a: u32,
    b: u32,
    c: u32,
}

fn main() {}
