//! A server under load: a child process, and what the kernel says of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::Fault;

/// Clock ticks a second, as Linux counts a process's time.
const TICKS: f64 = 100.0;

/// What tokens are signed with.
pub(crate) const SECRET: &str = "the secret of a benchmark";

/// A running server, killed when it is dropped.
pub(crate) struct Target {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Target {
    /// The bare handler.
    pub(crate) fn bare() -> Result<Self, Fault> {
        Self::start(Command::new(std::env::current_exe()?).arg("bare"))
    }

    /// Concord, on a store of its own in `folder`, with a thread for each processor.
    pub(crate) fn concord(binary: &Path, folder: &Path, store: &str) -> Result<Self, Fault> {
        Self::concord_of(binary, folder, store, 0)
    }

    /// The same, with so many threads.
    pub(crate) fn concord_of(
        binary: &Path,
        folder: &Path,
        store: &str,
        threads: usize,
    ) -> Result<Self, Fault> {
        let mut command = Command::new(binary);
        if threads > 0 {
            command.env("CONCORD_SERVER__THREADS", threads.to_string()); // an older server does not know it
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--store", store, "--data"]).arg(folder);
        // No limit that the load would run into; and tokens that this program can sign.
        command.env("CONCORD_JWT_SECRET", SECRET).env("CONCORD_LOG__FILTER", "warn");
        for limit in ["REQUESTS", "CONNECTIONS"] {
            command.env(format!("CONCORD_VIDEO_CALLS__{limit}_PER_MINUTE"), "10000");
        }
        Self::start(command.current_dir(folder))
    }

    /// A program for Node, which says where it listens.
    pub(crate) fn node(script: &Path) -> Result<Self, Fault> {
        Self::start(Command::new("node").arg(script).env("SECRET", SECRET).env("NODE_ENV", "production"))
    }

    fn start(command: &mut Command) -> Result<Self, Fault> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        if let Some(address) = lines.find_map(|line| address_in(&line)) {
            Ok(Self { child, address })
        } else {
            child.kill()?;
            Err("the server did not say where it listens".into())
        }
    }

    /// Asks it something once, with a header of one's own.
    pub(crate) fn post(&self, path: &str, header: &str, body: &Value) -> Result<Value, Fault> {
        let mut stream = TcpStream::connect(self.address)?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (head, body) = reply.split_once("\r\n\r\n").ok_or("no reply")?;
        if !head.starts_with("HTTP/1.1 2") {
            return Err(format!("{path}: {reply}").into());
        }
        Ok(serde_json::from_str(body)?)
    }

    /// Seconds of processor time it has used.
    pub(crate) fn cpu(&self) -> Result<f64, Fault> {
        cpu_of(&format!("/proc/{}/stat", self.child.id()))
    }

    /// Mebibytes of memory it has.
    pub(crate) fn memory(&self) -> Result<f64, Fault> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Seconds of processor time of a process.
pub(crate) fn cpu_of(stat: &str) -> Result<f64, Fault> {
    let stat = std::fs::read_to_string(stat)?;
    let after_name = stat.rsplit_once(')').ok_or("no process name")?.1;
    let ticks = after_name.split_ascii_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).next()?.parse().ok()
}

/// The `concord` beside this program, unless told otherwise.
pub(crate) fn binary(given: Option<PathBuf>) -> Result<PathBuf, Fault> {
    let beside = std::env::current_exe()?.with_file_name("concord");
    let path = given.unwrap_or(beside);
    // Whole, as it is started in another folder.
    std::fs::canonicalize(path)
        .map_err(|error| format!("build the server first (cargo build --release): {error}").into())
}
