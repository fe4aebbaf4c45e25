use concord::State;

/// A vote.
#[derive(State)]
pub struct Vote(u32);

fn main() {}
