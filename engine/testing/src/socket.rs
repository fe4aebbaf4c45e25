//! A connection as a test holds it: what it sends, and what has reached it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use concord_lang::plan::Wire;
use concord_runtime::{Connection, Head, Message, Outlet};
use serde_json::Value;

use crate::TestApp;

/// A connection to the socket of a contract.
pub struct TestSocket {
    connection: Arc<Connection>,
    inbox: Arc<Inbox>,
}

/// What has reached a connection.
struct Inbox {
    events: Mutex<Vec<(String, Value)>>,
    /// How many events it takes before it counts as too slow.
    room: AtomicUsize,
    has_ended: AtomicBool,
}

impl Outlet for Inbox {
    fn send(&self, message: &Message) -> bool {
        let took = |room: usize| room.checked_sub(1);
        if self.room.fetch_update(Ordering::AcqRel, Ordering::Acquire, took).is_err() {
            return false;
        }
        // Of a wire with frames, the whole frame; of another, the data.
        let text = if message.data.is_empty() { &message.frame } else { &message.data };
        let data = serde_json::from_slice(text).expect("what is sent is JSON");
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push((message.event.to_string(), data));
        true
    }

    fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
    }
}

impl TestApp {
    /// Connects to the socket at a path, `/ws/sessions/abc?userId=ann`; `auth` is what a client of Socket.IO says of
    /// itself. The code says why not.
    pub async fn connect(&self, target: &str, auth: Value) -> Result<TestSocket, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let app = self.app();
        let of_socketio = || {
            let mut sockets = app.sockets();
            let found = sockets.find(|(_, wire, at)| matches!(wire, Wire::SocketIo) && ***at == *path);
            found.map(|(id, ..)| (id, Vec::new()))
        };
        let at = app.socket_at(path).or_else(of_socketio);
        let (id, params) = at.unwrap_or_else(|| panic!("no socket is at {path}"));
        let inbox = Arc::new(Inbox {
            events: Mutex::default(),
            room: AtomicUsize::new(usize::MAX),
            has_ended: AtomicBool::new(false),
        });
        let head = Head { path: path.into(), query: query.into(), ip: "127.0.0.1".into(), ..Head::default() };
        let auth = auth.to_string();
        let outlet: Arc<dyn Outlet> = Arc::<Inbox>::clone(&inbox);
        match app.connect(id, (head, params), Some(auth.as_bytes()), outlet).await {
            Ok(connection) => Ok(TestSocket { connection: Arc::new(connection), inbox }),
            Err(denied) => Err(denied.code),
        }
    }
}

impl TestSocket {
    /// Its id.
    pub fn id(&self) -> &str {
        self.connection.id()
    }

    /// Sends an event, and waits until all that follows from it is done.
    pub async fn send(&self, event: &str, data: Value) {
        self.connection.receive(event, data.into()).await;
    }

    /// Sends a frame as it is.
    pub async fn send_frame(&self, frame: &str) {
        self.connection.receive_frame(frame).await;
    }

    /// What has reached it since the last look.
    pub fn received(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.inbox.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it takes so many events, and is too slow for more.
    pub fn slow_after(&self, events: usize) {
        self.inbox.room.store(events, Ordering::Release);
    }

    /// Whether the server has ended it.
    pub fn has_ended(&self) -> bool {
        self.inbox.has_ended.load(Ordering::Acquire)
    }

    /// Ends it.
    pub async fn close(self, reason: &str) {
        if let Some(connection) = Arc::into_inner(self.connection) {
            connection.close(reason).await;
        }
    }
}
