use concord::State;

/// A vote.
#[derive(State)]
pub struct Vote<T> {
    #[id]
    id: concord::Id<Vote<T>>,
    of: T,
}

fn main() {}
