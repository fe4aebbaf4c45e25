//! Connections of a process that is gone: at the next start each gets its end, in its own name.

use std::sync::Arc;

use concord::{Refusal, Value};
use futures_util::future::join_all;

use super::{Connection, contract_named};
use crate::app::App;

/// Connections closed at one time: enough to share the store's syncs.
const AT_ONCE: usize = 64;

impl App {
    /// Closes what the last process left open.
    pub(crate) async fn close_gone(&self) -> Result<(), Refusal> {
        let Some(actions) = self.inner.engine.sockets.actions else { return Ok(()) };
        if self.sockets().next().is_none() {
            return Ok(());
        }
        let mut after = serde_json::json!({});
        loop {
            let page = self.call(actions.all, after.to_string().into()).await.result?;
            let page: Vec<Value> = serde_json::from_slice(&page).map_err(Refusal::internal)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = serde_json::json!({ "after": last.field("connection").as_text() });
            tracing::info!(count = page.len(), "connections of a process that is gone are closed");
            for some in page.chunks(AT_ONCE) {
                join_all(some.iter().map(|row| self.close_row(row))).await;
            }
        }
    }

    async fn close_row(&self, row: &Value) {
        let text = |name: &str| row.field(name).as_text().unwrap_or_default().to_owned();
        let fields = match row.field("fields") {
            Value::Object(fields) => fields.to_vec(),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => Vec::new(),
        };
        let id: Arc<str> = text("connection").into();
        match contract_named(self.plan(), &text("contract")) {
            Some(contract) => {
                Connection::new(self.clone(), contract, id, fields, String::new()).close("gone").await;
            }
            None => self.forget(&id).await,
        }
    }

    /// The contract is gone as well, and with it whoever would react.
    async fn forget(&self, id: &Arc<str>) {
        let Some(actions) = self.inner.engine.sockets.actions else { return };
        let input = serde_json::json!({ "contract": "", "connection": &**id, "reason": "gone" }).to_string();
        drop(self.call(actions.close, input.into()).await);
    }
}
