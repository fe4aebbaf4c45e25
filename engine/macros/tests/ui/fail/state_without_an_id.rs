use concord::{Id, State};

/// A vote.
#[derive(State)]
pub struct Vote {
    user: String,
}

fn main() {}
