use concord::Data;

#[derive(Data)]
pub enum Status {
    Open,
    Closed { by: String },
}

fn main() {}
