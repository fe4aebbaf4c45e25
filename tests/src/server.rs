//! The real binary, as a child that never outlives its test.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client::Client;
use crate::workspace::checkout;

/// How to start a server.
#[derive(Debug, Default, Clone)]
pub struct Setup {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    data: Option<PathBuf>,
    binary: Option<PathBuf>,
}

impl Setup {
    /// Another binary than this checkout's.
    #[must_use]
    pub fn binary(self, binary: &Path) -> Self {
        Self { binary: Some(binary.to_path_buf()), ..self }
    }

    /// One more argument of `serve`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One more variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// A data folder that is there already, and stays.
    #[must_use]
    pub fn data(self, folder: &Path) -> Self {
        Self { data: Some(folder.to_path_buf()), ..self }
    }

    /// Starts it and waits until it says where it listens.
    pub fn start(self) -> Server {
        let kept = tempfile::tempdir().expect("a folder for the data");
        let data = self.data.unwrap_or_else(|| kept.path().join("data"));
        std::fs::create_dir_all(&data).expect("the data folder is made");
        let log = kept.path().join("log");
        let mut child = Command::new(self.binary.as_deref().unwrap_or_else(|| binary()))
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .args(self.arguments)
            .envs(self.environment)
            .current_dir(kept.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a file for the log"))
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("its output is ours to read");
        let address = BufReader::new(stdout).lines().map_while(Result::ok).find_map(|line| address_in(&line));
        let address =
            address.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(&log).unwrap_or_default()));
        Server { child, address, data, log, _kept: kept }
    }
}

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data folder.
    pub data: PathBuf,
    log: PathBuf,
    _kept: TempDir,
}

impl Server {
    /// A new connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address).expect("the server accepts")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as a power cut would: no handler runs.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("it has a process id");
        kill_process(pid, Signal::TERM).expect("it can be asked");
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The binary, built if it is not up to date, so that no test runs yesterday's.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--package", "concord-server", "--bin", "concord"])
            .current_dir(checkout())
            .output()
            .expect("cargo runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        // Tests lie in <target>/<profile>/deps, the binary one folder above.
        let test = std::env::current_exe().expect("a test knows where it lies");
        let profile = test.ancestors().nth(2).expect("it lies in the target folder");
        profile.join("concord")
    })
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).next()?.parse().ok()
}
