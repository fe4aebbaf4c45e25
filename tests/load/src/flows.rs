//! Row 3: a request through two syncs, in process, alone and beside ten thousand other syncs.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use concept_call_session::CallSession;
use concept_call_window::CallWindow;
use concept_participant::Participant;
use concept_requesting::Requesting;
use concept_room::Room;
use concord_lang::{Source, Sources};
use concord_runtime::{App, ContractSettings, Head, Registry, check};
use concord_store::Retention;

use crate::figures::{Aim, Figure};
use crate::{Fault, Options};

/// Request, action, response.
const FLOW: &str = r#"
contract Bench at "/bench"

sync Create
when
  Requesting.request (route: "POST /sessions", host)
then
  CallSession.createSession (host)

sync Answer
when
  Requesting.request (route: "POST /sessions") : (request)
  CallSession.createSession (host) : (session)
then
  Requesting.respond (request, status: 201, body: {session, host})
"#;

const OTHERS: usize = 10_000;

/// Half share the flow's two actions with other literals, a tenth have no literal and a second line that never happens,
/// the rest are about other actions.
fn others(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let rule = match n % 20 {
            0..5 => format!(
                "when\n  Requesting.request (route: \"GET /other/{n}\") : (request)\nthen\n  Requesting.respond (request)\n"
            ),
            5..10 => format!(
                "when\n  CallSession.createSession (host: \"nobody {n}\") : (session)\nthen\n  Participant.clear (room: session)\n"
            ),
            10..12 => "when\n  CallSession.createSession (host)\n  Room.close (room)\nthen\n  Participant.leave (room, user: host)\n".to_owned(),
            _ => format!(
                "when\n  CallWindow.createWindow (owner: \"nobody {n}\")\nthen\n  Participant.clear (room: \"room {n}\")\n"
            ),
        };
        // Writing to a string does not fail.
        let _ = write!(text, "\nsync Other{n}\n{rule}");
    }
    text
}

fn registry() -> Result<Registry, Fault> {
    let mut registry = Registry::default();
    registry.add(CallSession::default())?;
    registry.add(CallWindow::default())?;
    registry.add(Participant::default())?;
    registry.add(Requesting)?;
    registry.add(Room::default())?;
    Ok(registry)
}

fn sources(more: usize) -> Sources {
    let text = FLOW.to_owned() + &others(more);
    Sources::new(vec![Source { folder: "bench".into(), path: "bench/all.sync".into(), text }])
}

async fn open(more: usize) -> Result<App, Fault> {
    let store = concord_store::open("memory:", Retention::default())?;
    Ok(App::options().rules(sources(more)).open(registry()?, store).await?)
}

/// Runs so many flows.
async fn some(app: &App, count: u64) -> Result<(), Fault> {
    let contract = app.contract_at("/bench/sessions").ok_or("there is no contract")?;
    let head = Head {
        method: "POST".into(),
        path: "/bench/sessions".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        ip: "127.0.0.1".into(),
        ..Head::default()
    };
    for _ in 0..count {
        let body = Bytes::from_static(br#"{"host":"ada"}"#);
        let Ok(admission) = app.admit(contract, head.clone()).await else {
            return Err("not admitted".into());
        };
        let answered = app.request(admission, body).await;
        if answered.status != 201 {
            return Err(format!("answered {}", answered.status).into());
        }
    }
    Ok(())
}

/// Flows a second of each app, over so much time for each. They take turns of some milliseconds, so that whatever else
/// the machine does meets both.
async fn flows(apps: [&App; 2], time: Duration) -> Result<[f64; 2], Fault> {
    const TURN: u64 = 500;
    let (mut done, mut spent) = (0_u64, [Duration::ZERO; 2]);
    while spent.iter().sum::<Duration>() < time * 2 {
        for (app, spent) in apps.iter().zip(&mut spent) {
            let started = Instant::now();
            some(app, TURN).await?;
            *spent += started.elapsed();
        }
        done += TURN;
    }
    Ok(spent.map(|spent| done as f64 / spent.as_secs_f64()))
}

fn one_core() -> Result<tokio::runtime::Runtime, Fault> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// So many flows and nothing else: two counts under a profiler, and the difference is what a flow takes.
pub(crate) fn alone(count: u64) -> Result<(), Fault> {
    one_core()?.block_on(async { some(&open(0).await?, count).await })
}

/// Flows a second on one core, and what other syncs cost; and how long a thousand syncs take to check.
pub(crate) fn rows(options: &Options) -> Result<Vec<Figure>, Fault> {
    one_core()?.block_on(async {
        let (mut alone, mut ratio, mut checked) = (Vec::new(), Vec::new(), Vec::new());
        let time = Duration::from_secs_f64(options.seconds / 2.0);
        for _ in 0..options.rounds {
            // Anew in each round: a store that fills up is another matter.
            let (one, other) = (open(0).await?, open(OTHERS).await?);
            flows([&one, &one], time / 8).await?;
            let [by_itself, _] = flows([&one, &one], time / 2).await?;
            alone.push(by_itself);
            flows([&one, &other], time / 4).await?;
            let [of_one, of_other] = flows([&one, &other], time).await?;
            ratio.push(of_other / of_one);
            let started = Instant::now();
            check(sources(1_000), registry()?, &ContractSettings::default())?;
            checked.push(started.elapsed().as_secs_f64() * 1e3);
        }
        Ok(vec![
            Figure::new("flows a second on one core", alone).aim(Aim::AtLeast(300_000.0)),
            Figure::new(format!("beside {OTHERS} other syncs against without"), ratio)
                .aim(Aim::AtLeast(0.95)),
            Figure::new("checking 1,000 syncs, ms", checked).aim(Aim::AtMost(200.0)),
        ])
    })
}
