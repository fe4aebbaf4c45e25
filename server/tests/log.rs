//! What the log keeps of a refusal: one line, without what clients sent.
//!
//! In a program of its own: whether anybody listens to a line of the log is remembered for all threads, and a test that
//! comes upon the line for the first time while this one begins to listen would have it remembered that nobody does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "most of it is for the other tests of the server")]
#[path = "http/site.rs"]
mod site;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use hyper::Request;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use self::site::ask;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Its lines since the last time.
    fn lines(&self) -> Vec<Value> {
        let text = std::mem::take(&mut *self.0.lock().unwrap());
        text.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refusal_is_one_line_with_what_was_asked_and_no_more() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let path = "/api/CallSession/createSession";
    let request = |body: &'static str| {
        let request =
            Request::post(format!("{path}?token=sesame")).header("content-type", "application/json");
        request.header("authorization", "Bearer sesame").body(Body::from(body)).unwrap()
    };
    ask(request(r#"{"host":"ada"}"#)).await;
    assert!(log.lines().is_empty(), "what goes well is not logged");

    let refused = ask(request(r#"{"secret":"sesame"}"#)).await;
    let lines = log.lines();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let fields = &line["fields"];
    assert_eq!((&line["level"], &fields["message"]), (&"INFO".into(), &"refused".into()));
    assert_eq!((&fields["method"], &fields["path"]), (&"POST".into(), &path.into()));
    assert_eq!((&fields["status"], &fields["code"]), (&400.into(), &"INVALID_REQUEST".into()));
    assert_eq!(fields["request"], refused.headers()["x-request-id"].to_str().unwrap());
    assert!(!line.to_string().contains("sesame"), "{line}");

    let endless = format!("/{}", "%C3%A9".repeat(4_000));
    ask(Request::get(endless).body(Body::empty()).unwrap()).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].to_string().len() < 1_000, "{lines:?}");
}
