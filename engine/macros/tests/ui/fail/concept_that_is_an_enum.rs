use concord::concept;

#[concept]
pub enum Upvote {
    Votes,
}

fn main() {}
