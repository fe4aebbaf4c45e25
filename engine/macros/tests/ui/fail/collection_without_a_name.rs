use concord::{Collection, Id, State, concept};

/// A vote.
#[derive(State)]
pub struct Vote {
    #[id]
    id: Id<Vote>,
}

#[concept]
pub struct Upvote(Collection<Vote>);

fn main() {}
