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

/// Both servers in turn.
pub(crate) fn rows(binary: &Path, folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/relay.mjs");
    let node = Target::node(&script)?;
    let concord = Target::concord(binary, folder, "memory:")?;
    let users: Vec<[String; 2]> =
        (0..PAIRS).map(|n| [format!("{:024x}", n * 2), format!("{:024x}", n * 2 + 1)]).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (at, users) in users.iter().enumerate() {
        let users = [&*users[0], &*users[1]];
        ours.push(Pair::join(&concord, &room(&concord, users)?, users)?);
        theirs.push(Pair::join(&node, &format!("room-{at}"), users)?);
    }
    relay(&node, &mut theirs, 1.0)?;
    relay(&concord, &mut ours, 1.0)?;
    let (mut of_node, mut of_concord) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        of_node.push(relay(&node, &mut theirs, options.seconds)?);
        of_concord.push(relay(&concord, &mut ours, options.seconds)?);
    }
    let speed = |runs: &[(f64, f64)]| runs.iter().map(|(speed, _)| *speed).collect::<Vec<f64>>();
    let cpu = |runs: &[(f64, f64)]| runs.iter().map(|(_, cpu)| *cpu).collect::<Vec<f64>>();
    let ratio = of_node.iter().zip(&of_concord).map(|((_, node), (_, ours))| node / ours).collect();
    Ok(vec![
        Figure::new("Node's Socket.IO, relays a second", speed(&of_node)),
        Figure::new("concord, relays a second", speed(&of_concord)),
        Figure::new("Node's Socket.IO, server CPU a relay, µs", cpu(&of_node)),
        Figure::new("concord, server CPU a relay, µs", cpu(&of_concord)),
        Figure::new("server CPU a relay, Node against concord", ratio).aim(Aim::AtLeast(2.0)),
    ])
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
