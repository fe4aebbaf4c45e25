use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(index(user, tme))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    user: String,
    time: u32,
}

fn main() {}
