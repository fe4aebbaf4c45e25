use concord::{Id, State};

/// A vote.
#[derive(State)]
pub enum Vote {
    Up,
}

fn main() {}
