use concord::Data;

#[derive(Data)]
pub enum Status {
    Open,
    #[serde(rename = "In Progress")]
    InProgress,
}

#[derive(Data)]
pub struct Row {
    status: Status,
    started_at: Option<u32>,
}

fn main() {}
