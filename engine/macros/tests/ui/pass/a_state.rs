use concord::{Id, State};

/// A vote.
#[derive(State)]
#[state(volatile, unique(user, time))]
pub struct Vote {
    #[id]
    id: Id<Vote>,
    #[index]
    user: String,
    #[unique]
    time: u32,
    #[serde(default)]
    note: Option<String>,
}

fn main() {}
