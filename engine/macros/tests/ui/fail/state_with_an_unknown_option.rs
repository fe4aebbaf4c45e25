use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(volatil)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
}

fn main() {}
