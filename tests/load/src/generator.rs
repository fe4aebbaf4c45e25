//! The load: keep-alive connections, each with one request under way, from one thread.
//!
//! The generator shares two cores with the server, so it does as little as it can: a request is one write of the same
//! bytes and one read. It goes round the connections, taking a reply and sending the next request; while it waits for one
//! reply, the requests on all others are with the server. Every reply is checked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Fault;

const BODY: &str = r#"{"host":"ada","name":"standup"}"#;

fn request() -> Vec<u8> {
    let length = BODY.len();
    let head =
        "POST /api/CallSession/createSession HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json";
    format!("{head}\r\ncontent-length: {length}\r\n\r\n{BODY}").into_bytes()
}

pub(crate) struct Load {
    request: Vec<u8>,
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
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Result<Self, Fault> {
        let connect = || -> Result<TcpStream, Fault> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            Ok(stream)
        };
        let connections = (0..connections).map(|_| connect()).collect::<Result<_, _>>()?;
        Ok(Self { request: request(), connections, buffer: vec![0; 4096] })
    }

    /// Runs until `enough` says so; it is asked once a round.
    pub(crate) fn run(&mut self, mut enough: impl FnMut(u64) -> bool) -> Result<Run, Fault> {
        let started = Instant::now();
        for connection in &mut self.connections {
            connection.write_all(&self.request)?;
        }
        let mut requests = 0;
        while !enough(requests) {
            for connection in &mut self.connections {
                reply(connection, &mut self.buffer)?;
                connection.write_all(&self.request)?;
                requests += 1;
            }
        }
        for connection in &mut self.connections {
            reply(connection, &mut self.buffer)?;
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
            connection.write_all(&self.request)?;
            reply(connection, &mut self.buffer)?;
            times.push(started.elapsed());
        }
        Ok(times)
    }
}

/// Reads one reply and checks that it is the right one.
fn reply(connection: &mut TcpStream, buffer: &mut [u8]) -> Result<(), Fault> {
    let mut filled = 0;
    loop {
        let read = connection.read(buffer.get_mut(filled..).ok_or("the reply is too long")?)?;
        if read == 0 {
            return Err("the server closed a connection".into());
        }
        filled += read;
        let received = &buffer[..filled];
        // The body is the last thing, and it ends with its only brace.
        if received.ends_with(b"}") {
            let body =
                received.windows(4).position(|window| window == b"\r\n\r\n").map(|at| &received[at + 4..]);
            let is_right = received.starts_with(b"HTTP/1.1 200")
                && body.is_some_and(|body| body.starts_with(br#"{"session":""#) && body.len() == 50);
            if is_right {
                return Ok(());
            }
            return Err(format!("not the right reply: {}", String::from_utf8_lossy(received)).into());
        }
    }
}
