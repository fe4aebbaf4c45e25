use concord::concept;

#[concept]
pub struct Upvote<T> {
    of: Vec<T>,
}

fn main() {}
