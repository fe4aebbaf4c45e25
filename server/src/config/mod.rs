//! Configuration: defaults, `concord.toml`, environment and flags, each over the one before.
//!
//! Every setting stands once, in [`SETTINGS`], with its default and what it is for; parsing, checking, `concord config`
//! and the environment's names are read from there.

mod layers;
mod settings;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

pub use self::layers::{Layers, Source};
pub use self::settings::{SETTINGS, Setting};

use concept_ice_servers::{Credentials, Settings as Ice};

use crate::http::{Proxies, RequestLimits};
use crate::net::ConnectionLimits;

/// Why a configuration is none.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path} is not TOML")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// There is no such setting.
    #[error("{from}: there is no setting `{name}`{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// Where it stands.
        from: Source,
        /// What it is called there.
        name: String,
        /// What was probably meant.
        near: Option<&'static str>,
    },
    /// A setting has a value that it cannot have.
    #[error("{from}: `{name}` must be {expected}")]
    Value {
        /// Where it stands.
        from: Source,
        /// Which setting.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, a JSON object a line.
    Json,
}

/// The configuration of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: String,
    /// The store's address.
    pub store: String,
    /// The folder for everything that stays.
    pub data: PathBuf,
    /// How many threads serve, if that is not for the machine to say.
    pub threads: Option<NonZeroUsize>,
    /// Bounds on connections.
    pub connections: ConnectionLimits,
    /// Bounds on requests.
    pub requests: RequestLimits,
    /// Proxies that are believed when they say where a request comes from.
    pub proxies: Proxies,
    /// How long the journal keeps its records.
    pub retention: concord_store::Retention,
    /// Bytes of recent flows to keep in memory.
    pub ring_bytes: usize,
    /// Web sites whose pages may call the API.
    pub origins: Vec<String>,
    /// Servers that help calls through.
    pub ice: Ice,
    /// Folders of rules to add to those that are built in.
    pub syncs: Vec<PathBuf>,
    /// Whether to leave the built-in rules out.
    pub only: bool,
    /// Whether refusals of contracts tell how they came about.
    pub dev: bool,
    /// Settings of contracts, by contract and name.
    pub contracts: concord_runtime::ContractSettings,
    /// How logs are written.
    pub log_format: LogFormat,
    /// What is logged, as `tracing` has it.
    pub log_filter: String,
}

impl Config {
    /// Puts the layers together.
    pub fn of(layers: &Layers) -> Result<Self, ConfigError> {
        let data = PathBuf::from(layers.text("data")?);
        let store = if layers.is_default("store") {
            format!("sqlite:{}", data.join("concord.db").display())
        } else {
            layers.text("store")?
        };
        let seconds = |name| layers.number(name).map(Duration::from_secs);
        let size = |name| layers.number(name).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        Ok(Self {
            listen: layers.text("listen")?,
            store,
            data,
            threads: NonZeroUsize::new(size("server.threads")?),
            connections: ConnectionLimits {
                connections: size("limits.connections")?,
                head_bytes: size("limits.headBytes")?.max(8 << 10), // hyper's least
                head_patience: seconds("limits.headSeconds")?,
                idle_patience: seconds("limits.idleSeconds")?,
                reply_patience: seconds("limits.replySeconds")?,
                drain_patience: seconds("limits.drainSeconds")?,
            },
            requests: RequestLimits {
                body_bytes: size("limits.bodyBytes")?,
                body_patience: seconds("limits.bodySeconds")?,
                in_flight: size("limits.inFlight")?,
                file_bytes: size("limits.fileBytes")?,
                file_patience: seconds("limits.fileSeconds")?,
                uploads: size("limits.uploads")?,
            },
            proxies: Proxies::of(&layers.list("server.trustedProxies")?)
                .ok_or_else(|| layers.wrong("server.trustedProxies"))?,
            retention: concord_store::Retention {
                age: Duration::from_secs(layers.number("journal.days")?.saturating_mul(24 * 3600)),
                bytes: layers.number("journal.bytes")?,
            },
            ring_bytes: size("ring.bytes")?,
            origins: layers.list("cors.origins")?,
            ice: ice(layers)?,
            syncs: Vec::new(),
            only: false,
            dev: false,
            contracts: layers.contracts(),
            log_format: match layers.text("log.format")?.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(layers.wrong("log.format")),
            },
            log_filter: layers.text("log.filter")?,
        })
    }
}

/// The servers for calls. A secret to sign with is better than one password for all, so it wins.
fn ice(layers: &Layers) -> Result<Ice, ConfigError> {
    let (secret, username) = (layers.text("ice.secret")?, layers.text("ice.username")?);
    let credentials = if !secret.is_empty() {
        let ttl = Duration::from_secs(layers.number("ice.ttlSeconds")?);
        Credentials::Timed { secret: secret.into_bytes(), ttl }
    } else if !username.is_empty() {
        Credentials::Fixed { username, credential: layers.text("ice.credential")? }
    } else {
        Credentials::None
    };
    Ok(Ice { stun: layers.list("ice.stun")?, turn: layers.list("ice.turn")?, credentials })
}
