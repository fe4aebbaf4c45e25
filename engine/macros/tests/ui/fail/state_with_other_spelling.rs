use concord::{Id, State};

/// A vote.
#[derive(State)]
#[serde(rename_all = "snake_case")]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    #[index]
    start_time: u32,
}

fn main() {}
