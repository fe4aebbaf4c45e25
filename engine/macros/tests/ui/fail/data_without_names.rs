use concord::Data;

#[derive(Data)]
pub struct Seconds(u32);

fn main() {}
