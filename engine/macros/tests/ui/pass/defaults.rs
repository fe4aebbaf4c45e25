use concord::{Data, Id, State};

/// A setting.
#[derive(State)]
#[serde(default)]
pub struct Setting {
    #[id]
    id: Id<Setting>,
    #[serde(default = "two")]
    days: u32,
}

impl Default for Setting {
    fn default() -> Self {
        Self { id: Id::new("one").expect("a short id"), days: 1 }
    }
}

fn two() -> u32 {
    2
}

#[derive(Data, Default)]
#[serde(bound(serialize = ""), rename_all = "snake_case", default)]
pub struct Row {
    seen_at: u32,
}

fn main() {}
