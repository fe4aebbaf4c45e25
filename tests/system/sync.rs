//! No 2xx leaves before the database's sync has returned, and none at all when it failed.
//!
//! `kill -9` alone does not show this: what a process wrote survives it without any sync. So the real binary runs with a
//! shim in front of `fsync` and `fdatasync` that the test can make wait or fail.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use concord_tests::{Client, Reply, Server, Setup, checkout};
use serde_json::{Value, json};

struct Shim {
    folder: tempfile::TempDir,
}

impl Shim {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = checkout().join("tests/system/shim/sync.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("sync.so"))
            .arg(source)
            .arg("-ldl")
            .output()
            .expect("there is a C compiler, as SQLite needs one");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { folder }
    }

    fn server(&self, data: &Path) -> Server {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        Setup::default()
            .variable("LD_PRELOAD", text(self.folder.path().join("sync.so")))
            .variable("SYNC_SHIM", text(self.folder.path().to_path_buf()))
            .data(data)
            .start()
    }

    fn set(&self, what: &str) {
        fs::write(self.folder.path().join(what), "").unwrap();
    }

    fn unset(&self, what: &str) {
        fs::remove_file(self.folder.path().join(what)).unwrap();
    }

    fn begun(&self) -> usize {
        fs::read(self.folder.path().join("begun")).map_or(0, |bytes| bytes.len())
    }
}

fn create(client: &mut Client) -> Reply {
    client.post("CallSession/createSession", &json!({ "host": "ada" })).unwrap()
}

fn exists(client: &mut Client, session: &Value) -> bool {
    client.post("CallSession/_getSession", &json!({ "session": session })).unwrap().status == 200
}

/// Whether a reply arrives within a moment; what has been sent stays unread.
fn is_answered(client: &Client) -> bool {
    client.stream().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let peeked = client.stream().peek(&mut [0]);
    client.stream().set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    match peeked {
        Ok(bytes) => bytes > 0,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => false,
        Err(error) => panic!("{error}"),
    }
}

fn send_create(client: &mut Client) {
    let body = br#"{"host":"ada"}"#;
    let head = format!(
        "POST /api/CallSession/createSession HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    client.send(&[head.as_bytes(), body].concat()).unwrap();
}

#[test]
fn no_reply_leaves_before_the_sync_has_returned() {
    let (shim, data) = (Shim::build(), tempfile::tempdir().unwrap());
    let server = shim.server(data.path());
    let mut client = server.client();
    let before = create(&mut client).ok()["session"].clone();

    shim.set("hold");
    let syncs = shim.begun();
    send_create(&mut client);
    while shim.begun() == syncs {
        std::thread::yield_now(); // the write is on its way
    }
    assert!(!is_answered(&client), "a reply left while the sync was under way");
    assert!(exists(&mut server.client(), &before), "reads go on meanwhile");

    shim.unset("hold");
    let after = client.read().unwrap().ok()["session"].clone();
    assert!(exists(&mut client, &after));
}

#[test]
fn a_sync_that_fails_is_a_503_and_what_was_acknowledged_stays() {
    let (shim, data) = (Shim::build(), tempfile::tempdir().unwrap());
    let mut server = shim.server(data.path());
    let mut client = server.client();
    let before = create(&mut client).ok()["session"].clone();

    shim.set("fail");
    for _ in 0..3 {
        let refused = create(&mut client);
        assert_eq!((refused.status, &*refused.code()), (503, "UNAVAILABLE"));
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(client.request("GET", "/ready", &[], b"").unwrap().status, 503);
    assert_eq!(client.request("GET", "/health", &[], b"").unwrap().status, 200);

    shim.unset("fail");
    assert_eq!(client.request("GET", "/ready", &[], b"").unwrap().status, 200);
    let after = create(&mut client).ok()["session"].clone();
    server.kill();

    let server = Setup::default().data(data.path()).start();
    let mut client = server.client();
    assert!(exists(&mut client, &before) && exists(&mut client, &after));
}
