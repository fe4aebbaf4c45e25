//! Taking up flows that were not done: at start, and after the store has failed and come back.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use concord::storage::StorageFault;
use tokio::runtime::Handle;

use crate::app::{App, Inner};
use crate::due;
use crate::flow::FlowId;

/// How long to wait before a store that failed is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

impl App {
    /// Takes up what the last process left, and from then on what the store's failures leave.
    pub(crate) async fn take_up(&self) -> Result<(), StorageFault> {
        self.inner.take_up_open(None).await?;
        // Without a runtime nothing can go on behind an answer, and nothing is left behind.
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(watch(Arc::downgrade(&self.inner))));
        }
        Ok(())
    }
}

impl Inner {
    /// Takes up open flows; all of them, or only these.
    async fn take_up_open(self: &Arc<Self>, only: Option<&HashSet<u128>>) -> Result<(), StorageFault> {
        let flows = self.engine.store.open_flows().wait().await?;
        for flow in flows.into_iter().filter(|flow| only.is_none_or(|only| only.contains(&flow.flow))) {
            let id = FlowId(flow.flow);
            match due::decode(&flow.rows, &self.engine.registry, &self.engine.rules) {
                Some(open) => {
                    tracing::info!(flow = %id, "a flow that was not done is taken up");
                    self.resume(id, open).await;
                }
                None => {
                    tracing::error!(flow = %id, "a flow that was not done speaks of concepts that are gone");
                }
            }
        }
        Ok(())
    }
}

/// Waits for flows that met a failing store, and takes them up when it is back. Ends with the app.
async fn watch(inner: Weak<Inner>) {
    let mut owed = false;
    loop {
        let Some(inner) = inner.upgrade() else { return };
        // The wait ends now and then, to notice that the app is gone or that the store is back.
        owed |= tokio::time::timeout(PATIENCE, inner.stranded.notified()).await.is_ok();
        if !owed || inner.engine.store.probe().wait().await.is_err() {
            continue;
        }
        let stranded = inner.ring.stranded();
        match inner.take_up_open(Some(&stranded)).await {
            Ok(()) => owed = false,
            Err(fault) => tracing::warn!(%fault, "the store fails again"),
        }
    }
}
