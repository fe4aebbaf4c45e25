//! The settings, one by one.

/// What sort of value a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// A whole number that is not negative.
    Number,
    /// Text that is not shown.
    Secret,
    /// A list of texts; in the environment and in flags, separated by commas.
    List,
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// `limits.bodyBytes`: its table and its name.
    pub name: &'static str,
    /// What sort of value it has.
    pub shape: Shape,
    /// What it is when nobody says.
    pub default: &'static str,
    /// What it must be.
    pub expected: &'static str,
    /// What it is for.
    pub help: &'static str,
}

const fn text(
    name: &'static str,
    default: &'static str,
    expected: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, shape: Shape::Text, default, expected, help }
}

const fn list(
    name: &'static str,
    default: &'static str,
    expected: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, shape: Shape::List, default, expected, help }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting { name, shape: Shape::Secret, default: "", expected: "text", help }
}

const fn number(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, shape: Shape::Number, default, expected: "a whole number, not negative", help }
}

/// All settings.
pub const SETTINGS: &[Setting] = &[
    text("listen", "127.0.0.1:8000", "an address and a port", "where to listen"),
    text("store", "sqlite:./data/concord.db", "memory: or sqlite:PATH", "where documents live"),
    text("data", "./data", "a folder", "the folder for everything that stays"),
    number("server.threads", "0", "threads that serve; 0: one for each processor"),
    list(
        "server.trustedProxies",
        "",
        "a list of addresses and networks, such as 10.0.0.0/8",
        "proxies that are believed when X-Forwarded-For says where a request comes from",
    ),
    number("limits.connections", "10000", "connections at one time"),
    number("limits.inFlight", "4096", "requests at one time; more are answered 503"),
    number("limits.uploads", "32", "requests with files at one time; more are answered 503"),
    number("limits.bodyBytes", "1048576", "bytes of a request's body"),
    number("limits.fileBytes", "104857600", "bytes of the files of a request"),
    number("limits.headBytes", "16384", "bytes of a request's head"),
    number("limits.headSeconds", "10", "how long a head may take to arrive"),
    number("limits.bodySeconds", "30", "how long a body may take to arrive"),
    number("limits.fileSeconds", "600", "how long a request with files may take to arrive"),
    number("limits.idleSeconds", "75", "how long a connection may be silent between requests"),
    number("limits.replySeconds", "60", "how long a client may take to read a reply"),
    number("limits.drainSeconds", "10", "how long requests may take to end when the server stops"),
    number("journal.days", "7", "how long records are kept"),
    number("journal.bytes", "1073741824", "bytes of records that are kept"),
    number("ring.bytes", "8388608", "bytes of recent flows that are kept in memory"),
    list("cors.origins", "*", "a list of origins, or *", "web sites whose pages may call the API"),
    list(
        "ice.stun",
        "stun:stun.l.google.com:19302,stun:stun1.l.google.com:19302",
        "a list of stun:HOST:PORT",
        "servers that tell browsers their own address",
    ),
    list("ice.turn", "", "a list of turn:HOST:PORT", "servers that carry calls when nothing else does"),
    text("ice.username", "", "text", "the one name for all TURN servers"),
    secret("ice.credential", "the password that goes with it"),
    secret("ice.secret", "what TURN servers share with us, to make names for each user instead"),
    number("ice.ttlSeconds", "3600", "how long such a name holds"),
    text("log.format", "text", "text or json", "how logs are written"),
    text("log.filter", "info", "a level, or target=level pairs", "what is logged"),
];
