//! Lets the clock tick, in the intervals that rules name.

use concord_runtime::App;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// One task for each interval, until they are aborted. A tick that comes late is not made up for: rules look at what is
/// due by the time, not by the number of ticks.
pub(crate) fn start(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (action, every) in app.timetable() {
        let app = app.clone();
        tasks.spawn(async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let input = format!(r#"{{"every":{}}}"#, every.as_millis());
                if let Err(refusal) = app.call(action, input.into()).await.result {
                    tracing::warn!(code = &*refusal.code, why = refusal.chain(), "the clock does not tick");
                }
            }
        });
    }
    tasks
}
