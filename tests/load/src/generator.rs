//! The load: keep-alive connections, each with one request under way, from one thread.
//!
//! The generator shares two cores with the server, so it does as little as it can: a request is one write of the same
//! bytes and one read. It goes round the connections, taking a reply and sending the next request; while it waits for one
//! reply, the requests on all others are with the server. Every reply is checked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Fault;

/// A request, and what its reply must be.
#[derive(Clone)]
pub(crate) struct Ask {
    bytes: Vec<u8>,
    status: &'static str,
    /// How the body begins.
    body: &'static str,
}

impl Ask {
    /// With a body of JSON, or none.
    pub(crate) fn new(line: &str, body: &str, status: &'static str, begins: &'static str) -> Self {
        let head = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1");
        let bytes = if body.is_empty() {
            format!("{head}\r\n\r\n")
        } else {
            let length = body.len();
            format!("{head}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        };
        Self { bytes: bytes.into_bytes(), status, body: begins }
    }

    /// What rows 1 to 4 ask: one action by name.
    pub(crate) fn call() -> Self {
        let body = r#"{"host":"ada","name":"standup"}"#;
        Self::new("POST /api/CallSession/createSession", body, "200", r#"{"session":""#)
    }
}

pub(crate) struct Load {
    ask: Ask,
    connections: Vec<TcpStream>,
    buffer: Vec<u8>,
}

/// What a run of load came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) requests: u64,
    pub(crate) took: Duration,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, connections: usize, ask: &Ask) -> Result<Self, Fault> {
        let connect = || -> Result<TcpStream, Fault> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            Ok(stream)
        };
        let connections = (0..connections).map(|_| connect()).collect::<Result<_, _>>()?;
        Ok(Self { ask: ask.clone(), connections, buffer: vec![0; 8192] })
    }

    /// Runs until `enough` says so; it is asked once a round.
    pub(crate) fn run(&mut self, mut enough: impl FnMut(u64) -> bool) -> Result<Run, Fault> {
        let started = Instant::now();
        for connection in &mut self.connections {
            connection.write_all(&self.ask.bytes)?;
        }
        let mut requests = 0;
        while !enough(requests) {
            for connection in &mut self.connections {
                reply(connection, &mut self.buffer, &self.ask)?;
                connection.write_all(&self.ask.bytes)?;
                requests += 1;
            }
        }
        for connection in &mut self.connections {
            reply(connection, &mut self.buffer, &self.ask)?;
            requests += 1;
        }
        Ok(Run { requests, took: started.elapsed() })
    }

    pub(crate) fn run_for(&mut self, time: Duration) -> Result<Run, Fault> {
        let until = Instant::now() + time;
        self.run(|_| Instant::now() >= until)
    }

    /// How long each of so many requests takes on the first connection, one after the other.
    pub(crate) fn one_by_one(&mut self, requests: usize) -> Result<Vec<Duration>, Fault> {
        let connection = self.connections.first_mut().ok_or("no connection")?;
        let mut times = Vec::with_capacity(requests);
        for _ in 0..requests {
            let started = Instant::now();
            connection.write_all(&self.ask.bytes)?;
            reply(connection, &mut self.buffer, &self.ask)?;
            times.push(started.elapsed());
        }
        Ok(times)
    }
}

/// Reads one reply and checks that it is the right one.
fn reply(connection: &mut TcpStream, buffer: &mut [u8], ask: &Ask) -> Result<(), Fault> {
    let mut filled = 0;
    loop {
        let read = connection.read(buffer.get_mut(filled..).ok_or("the reply is too long")?)?;
        if read == 0 {
            return Err("the server closed a connection".into());
        }
        filled += read;
        let received = &buffer[..filled];
        let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let (head, body) = (&received[..at], &received[at + 4..]);
        if body.len() < length(head)? {
            continue;
        }
        let is_right =
            head.get(9..12) == Some(ask.status.as_bytes()) && body.starts_with(ask.body.as_bytes());
        if is_right {
            return Ok(());
        }
        return Err(format!("not the right reply: {}", String::from_utf8_lossy(received)).into());
    }
}

/// How long the body is, as the head says.
fn length(head: &[u8]) -> Result<usize, Fault> {
    const NAME: &[u8] = b"content-length: ";
    let at = head.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let digits = &head[at.ok_or("a reply without a length")? + NAME.len()..];
    let digits = digits.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(std::str::from_utf8(digits)?.parse()?)
}
