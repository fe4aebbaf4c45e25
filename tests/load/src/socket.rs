//! A client on a WebSocket, mostly of Socket.IO: as little of it as a load needs.
//!
//! Blocking, from one thread, without any crate's own buffers: what a message costs here is a write and a read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::Fault;

/// A key as the handshake wants it, and the mask of every frame: neither is a secret.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    pub(crate) id: String,
}

impl Socket {
    /// Connects with Socket.IO, and says who it is.
    pub(crate) fn connect(address: SocketAddr, token: &str) -> Result<Self, Fault> {
        let mut socket = Self::open(address, "/socket.io/?EIO=4&transport=websocket")?;
        socket.hear("0")?;
        socket.say(&frame(&format!(r#"40{{"token":"{token}"}}"#)))?;
        let welcome = socket.hear("40")?;
        let said: Value = serde_json::from_str(welcome.strip_prefix("40").unwrap_or_default())?;
        said["sid"].as_str().ok_or("no id")?.clone_into(&mut socket.id);
        Ok(socket)
    }

    /// Opens a WebSocket, whatever is spoken on it.
    pub(crate) fn open(address: SocketAddr, target: &str) -> Result<Self, Fault> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
        )?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        if !head.starts_with(b"HTTP/1.1 101") {
            return Err(format!("no socket: {}", String::from_utf8_lossy(&head)).into());
        }
        Ok(Self { stream, buffer: vec![0; 16 << 10], filled: 0, id: String::new() })
    }

    /// Sends a frame that was made before.
    pub(crate) fn say(&mut self, frame: &[u8]) -> Result<(), Fault> {
        Ok(self.stream.write_all(frame)?)
    }

    /// Waits for a packet that begins so. What else comes is passed over, but for pings, which are answered.
    pub(crate) fn hear(&mut self, begins: &str) -> Result<String, Fault> {
        loop {
            let packet = self.packet()?;
            if packet == "2" {
                self.say(&frame("3"))?;
            } else if packet.starts_with(begins) {
                return Ok(packet);
            } else if packet.starts_with(r#"42["error""#) || packet.starts_with("44") {
                return Err(packet.into());
            }
        }
    }

    /// Takes what has come without waiting, and answers pings among it: for sockets that only talk.
    pub(crate) fn catch_up(&mut self) -> Result<(), Fault> {
        self.stream.set_nonblocking(true)?;
        loop {
            match self.packet() {
                Ok(packet) if packet == "2" => {
                    self.stream.set_nonblocking(false)?;
                    self.say(&frame("3"))?;
                    self.stream.set_nonblocking(true)?;
                }
                Ok(_) => {}
                Err(_) => return Ok(self.stream.set_nonblocking(false)?),
            }
        }
    }

    fn packet(&mut self) -> Result<String, Fault> {
        loop {
            if let Some((from, to)) = whole(&self.buffer[..self.filled]) {
                let text = std::str::from_utf8(&self.buffer[from..to])?.to_owned();
                self.buffer.copy_within(to..self.filled, 0);
                self.filled -= to;
                return Ok(text);
            }
            let read = self.stream.read(&mut self.buffer[self.filled..])?;
            if read == 0 {
                return Err("the server closed a socket, or sent too much".into());
            }
            self.filled += read;
        }
    }
}

/// Where the text of the first frame lies, if all of it is there.
fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let (from, length) = match *bytes.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        127 => return None, // no message of a benchmark is that long
        short => (2, usize::from(short)),
    };
    (bytes.len() >= from + length).then_some((from, from + length))
}

/// A frame with this text.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(short) if short < 126 => frame.push(0x80 | short.to_be_bytes()[1]),
        Ok(length) => {
            frame.push(0xfe);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => frame.push(0xff), // no message of a benchmark is that long
    }
    frame.extend(MASK);
    frame.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
