//! Row 5: an offer from one socket to another in its room, beside the official server for Node doing the same.

use std::path::Path;
use std::time::{Duration, Instant};

use concept_authenticating::{Bearer, Tokens};
use concord_runtime::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::figures::{Aim, Figure};
use crate::socket::{Socket, frame};
use crate::target::{SECRET, Target};
use crate::{Fault, Options};

/// Pairs of sockets, each in a room of its own with one offer under way.
const PAIRS: usize = 24;

/// Sockets that say nothing.
const SILENT: usize = 2_000;

/// Memory of one of them at most, in KiB: 20 kB.
const MOST_SILENT: f64 = 19.5;

/// A description as long as browsers make them.
fn offer(to: &str) -> String {
    let sdp = "v=0\r\no=- 123456789 2 IN IP4 127.0.0.1\r\n".repeat(48);
    format!("42{}", json!(["offer", { "offer": { "type": "offer", "sdp": sdp }, "to": to }]))
}

/// Two who are in one room: one sends what it has made before, the other hears it.
struct Pair {
    near: Socket,
    far: Socket,
    offer: Vec<u8>,
}

impl Pair {
    fn join(target: &Target, room: &str, users: [&str; 2]) -> Result<Self, Fault> {
        let mut sockets = Vec::new();
        for (user, role) in users.into_iter().zip(["client", "psychologist"]) {
            let mut socket = Socket::connect(target.address, &token(user, role)?)?;
            let me = json!({ "roomId": room, "userId": user, "userName": user, "userRole": role });
            socket.say(&frame(&format!("42{}", json!(["join-room", me]))))?;
            socket.hear(r#"42["room-joined""#)?;
            sockets.push(socket);
        }
        let (far, near) = (sockets.pop().ok_or("no pair")?, sockets.pop().ok_or("no pair")?);
        let offer = frame(&offer(&far.id));
        Ok(Self { near, far, offer })
    }
}

fn token(user: &str, role: &str) -> Result<String, Fault> {
    let bearer = Bearer { user: user.into(), role: Some(role.into()), name: None };
    Ok(Tokens::new(SECRET.as_bytes()).issue(bearer, SystemClock.now(), Duration::from_hours(1))?)
}

/// Relays of one server in one round: how many a second, and microseconds of its processor time each.
fn relay(target: &Target, pairs: &mut [Pair], seconds: f64) -> Result<(f64, f64), Fault> {
    for pair in &mut *pairs {
        pair.near.catch_up()?;
    }
    let (mut relays, started, before) = (0_u64, Instant::now(), target.cpu()?);
    for pair in &mut *pairs {
        pair.near.say(&pair.offer)?;
    }
    while started.elapsed().as_secs_f64() < seconds {
        for pair in &mut *pairs {
            pair.far.hear(r#"42["offer""#)?;
            pair.near.say(&pair.offer)?;
            relays += 1;
        }
    }
    for pair in &mut *pairs {
        pair.far.hear(r#"42["offer""#)?;
        relays += 1;
    }
    let relays = relays as f64;
    Ok((relays / started.elapsed().as_secs_f64(), (target.cpu()? - before) * 1e6 / relays))
}

/// A server with its pairs, and what was measured of it.
struct Relaying {
    name: &'static str,
    target: Target,
    pairs: Vec<Pair>,
    speeds: Vec<f64>,
    cpus: Vec<f64>,
}

impl Relaying {
    /// Puts everybody into a room; `room` says which, by the place of the pair and its users.
    fn start(
        name: &'static str,
        target: Target,
        room: impl Fn(&Target, usize, [&str; 2]) -> Result<String, Fault>,
    ) -> Result<Self, Fault> {
        let pairs = (0..PAIRS).map(|at| {
            let [client, psychologist] = [at * 2, at * 2 + 1].map(|n| format!("{n:024x}"));
            let users = [&*client, &*psychologist];
            Pair::join(&target, &room(&target, at, users)?, users)
        });
        let pairs = pairs.collect::<Result<Vec<Pair>, Fault>>()?;
        let mut relaying = Self { name, target, pairs, speeds: Vec::new(), cpus: Vec::new() };
        relaying.run(1.0)?;
        (relaying.speeds, relaying.cpus) = (Vec::new(), Vec::new());
        Ok(relaying)
    }

    fn run(&mut self, seconds: f64) -> Result<(), Fault> {
        let (speed, cpu) = relay(&self.target, &mut self.pairs, seconds)?;
        self.speeds.push(speed);
        self.cpus.push(cpu);
        Ok(())
    }

    /// What it made, what that took, and how many processors it kept busy with it: a server that keeps as many busy as it
    /// has threads was the bound, and not the load.
    fn figures(&self) -> [Figure; 3] {
        let busy = self.speeds.iter().zip(&self.cpus).map(|(speed, cpu)| speed * cpu / 1e6).collect();
        [
            Figure::new(format!("{}, relays a second", self.name), self.speeds.clone()),
            Figure::new(format!("{}, server CPU a relay, µs", self.name), self.cpus.clone()),
            Figure::new(format!("{}, processors busy", self.name), busy),
        ]
    }
}

/// The servers in turn. With one thread Concord has what Node has, and the load has a processor of its own on a machine
/// of two; with a thread for each, which is what it takes when nobody says, the three share two.
pub(crate) fn rows(binary: &Path, folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/relay.mjs");
    let concord = |threads| Target::concord_of(binary, folder, "memory:", threads);
    let booked = |concord: &Target, _, users: [&str; 2]| room(concord, users);
    let any = |_: &Target, at, _: [&str; 2]| Ok(format!("room-{at}"));
    let mut servers = [
        Relaying::start("Node's Socket.IO", Target::node(&script)?, any)?,
        Relaying::start("concord, one thread", concord(1)?, booked)?,
        Relaying::start("concord, all threads", concord(0)?, booked)?,
    ];
    for _ in 0..options.rounds {
        for server in &mut servers {
            server.run(options.seconds)?;
        }
    }
    let [node, one, all] = &servers;
    let against =
        |ours: &Relaying| node.cpus.iter().zip(&ours.cpus).map(|(node, ours)| node / ours).collect();
    let mut figures: Vec<Figure> = servers.iter().flat_map(Relaying::figures).collect();
    figures.push(Figure::new("server CPU a relay, Node against all threads", against(all)));
    figures.push(Figure::new("the same, against one thread", against(one)).aim(Aim::AtLeast(2.0)));
    Ok(figures)
}

/// The room of an appointment of these two, which can be held now.
fn room(concord: &Target, [client, psychologist]: [&str; 2]) -> Result<String, Fault> {
    let admin = format!("authorization: Bearer {}", token("ops", "admin")?);
    let starts_at = SystemClock.now().0;
    let wish =
        json!({ "client": client, "psychologist": psychologist, "startsAt": starts_at, "sessionType": "x" });
    let made = concord.post("/api/Appointment/schedule", &admin, &wish)?;
    for action in ["confirm", "recordPayment"] {
        concord.post(&format!("/api/Appointment/{action}"), &admin, &made)?;
    }
    let id = made["appointment"].as_str().ok_or("no appointment")?;
    let own = format!("x-auth-token: {}", token(client, "client")?);
    let room = concord.post(&format!("/api/video-calls/generate-room/{id}"), &own, &Value::Null)?;
    Ok(room["roomId"].as_str().ok_or("no room")?.to_owned())
}

/// What a socket costs that says nothing, of either wire.
pub(crate) fn idle(binary: &Path, folder: &Path) -> Result<Vec<Figure>, Fault> {
    let token = token("507f1f77bcf86cd799439012", "client")?;
    let socketio = |concord: &Target| Socket::connect(concord.address, &token);
    let creator = json!({ "creator": { "id": "ada", "name": "Ada", "color": "red" } });
    let target = Target::concord(binary, folder, "memory:")?;
    let mut figures = vec![silent(&target, "Socket.IO", socketio)?];
    let target = Target::concord(binary, folder, "memory:")?;
    let made = target.post("/api/v1/sessions", "x-who: ada", &creator)?;
    let path = format!("/ws/sessions/{}", made["data"]["id"].as_str().ok_or("no session")?);
    figures.push(silent(&target, "JSON", |concord| Socket::open(concord.address, &path))?);
    Ok(figures)
}

fn silent(
    concord: &Target,
    wire: &str,
    connect: impl Fn(&Target) -> Result<Socket, Fault>,
) -> Result<Figure, Fault> {
    let many = |count| (0..count).map(|_| connect(concord)).collect::<Result<Vec<Socket>, Fault>>();
    // What is made for the first connections alone does not count.
    let first = many(200)?;
    let before = concord.memory()?;
    let silent = many(SILENT)?;
    let each = (concord.memory()? - before) * 1024.0 / silent.len() as f64;
    drop(first);
    Ok(Figure::new(format!("one of {SILENT} silent sockets of {wire}, KiB"), vec![each])
        .aim(Aim::AtMost(MOST_SILENT)))
}
