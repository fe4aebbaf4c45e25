//! The measures, each against what it is compared with, in turn within one run.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::figures::{Aim, Figure, median_time};
use crate::generator::{Ask, Load, Run};
use crate::target::{Target, cpu_of};
use crate::{Fault, Options};

/// One server's figures in one round.
pub(crate) struct Measured {
    pub(crate) throughput: f64,
    /// Microseconds of the server's processor time a request.
    pub(crate) cpu: f64,
    /// The same of the generator.
    generator_cpu: f64,
}

pub(crate) fn measure(target: &Target, options: &Options, ask: &Ask) -> Result<Measured, Fault> {
    let mut load = Load::new(target.address, options.connections, ask)?;
    load.run_for(Duration::from_millis(500))?;
    let (server, own) = (target.cpu()?, cpu_of("/proc/self/stat")?);
    let Run { requests, took } = load.run_for(Duration::from_secs_f64(options.seconds))?;
    let per_request = |before: f64, after: f64| (after - before) * 1e6 / requests as f64;
    Ok(Measured {
        throughput: requests as f64 / took.as_secs_f64(),
        cpu: per_request(server, target.cpu()?),
        generator_cpu: per_request(own, cpu_of("/proc/self/stat")?),
    })
}

/// Rows 1 and 2: throughput and processor time against the bare handler.
pub(crate) fn throughput(
    binary: &Path,
    folder: &Path,
    options: &Options,
    name: &str,
    store: &str,
) -> Result<Vec<Figure>, Fault> {
    let bare = Target::bare()?;
    let concord = Target::concord(binary, folder, store)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let ask = Ask::call();
    for _ in 0..options.rounds {
        theirs.push(measure(&bare, options, &ask)?);
        ours.push(measure(&concord, options, &ask)?);
    }
    let all = |of: fn(&Measured) -> f64, from: &[Measured]| from.iter().map(of).collect::<Vec<f64>>();
    let ratio = |of: fn(&Measured) -> f64| -> Vec<f64> {
        ours.iter().zip(&theirs).map(|(ours, theirs)| of(ours) / of(theirs)).collect()
    };
    let aim = if store == "memory:" { 0.70 } else { 0.30 };
    let figures = vec![
        Figure::new("bare handler, requests a second", all(|run| run.throughput, &theirs)),
        Figure::new(format!("{name}, requests a second"), all(|run| run.throughput, &ours)),
        Figure::new(format!("{name}, throughput against bare"), ratio(|run| run.throughput))
            .aim(Aim::AtLeast(aim)),
        Figure::new("bare handler, server CPU a request, µs", all(|run| run.cpu, &theirs)),
        Figure::new(format!("{name}, server CPU a request, µs"), all(|run| run.cpu, &ours)),
    ];
    let cpu = Figure::new(format!("{name}, server CPU against bare"), ratio(|run| run.cpu));
    let cpu = if store == "memory:" { cpu.aim(Aim::AtMost(2.0)) } else { cpu };
    let generator = Figure::new("load generator, CPU a request, µs", all(|run| run.generator_cpu, &ours));
    Ok(figures.into_iter().chain([cpu, generator]).collect())
}

/// Row 2, alone: one connection against a bare commit of SQLite with the same durability, in the same folder.
pub(crate) fn lone(binary: &Path, folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    const REQUESTS: usize = 1_000;
    let store = format!("sqlite:{}", folder.join("lone.db").display());
    let concord = Target::concord(binary, folder, &store)?;
    let mut load = Load::new(concord.address, 1, &Ask::call())?;
    let database = Connection::open(folder.join("bare.db"))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database
        .execute_batch("CREATE TABLE documents (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID")?;
    load.one_by_one(REQUESTS / 4)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        theirs.push(median_time(&bare_commits(&database, round, REQUESTS)?) * 1e6);
        ours.push(median_time(&load.one_by_one(REQUESTS)?) * 1e6);
    }
    let ratio = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    Ok(vec![
        Figure::new("bare SQLite commit, µs", theirs),
        Figure::new("sqlite, one lone connection, µs a request", ours),
        Figure::new("sqlite, one lone connection against a bare commit", ratio).aim(Aim::AtMost(1.5)),
    ])
}

fn bare_commits(database: &Connection, round: usize, commits: usize) -> Result<Vec<Duration>, Fault> {
    let body = r#"{"id":"00000000-0000-4000-8000-000000000000","host":"ada","name":"standup","participants":["ada"]}"#;
    let mut times = Vec::with_capacity(commits);
    for commit in 0..commits {
        // Spread over the tree, as random ids are.
        let id = format!("{:08x}-{round}-{commit}", (commit * 2_654_435_761) % 0xFFFF_FFFF);
        let started = Instant::now();
        let mut insert = database.prepare_cached("INSERT INTO documents VALUES (?1, ?2)")?;
        insert.execute([id.as_str(), body])?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// Row 4: memory when idle, and as calls add up.
pub(crate) fn memory(binary: &Path, folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    let store = format!("sqlite:{}", folder.join("memory.db").display());
    let concord = Target::concord(binary, folder, &store)?;
    let idle = concord.memory()?;
    let mut load = Load::new(concord.address, options.connections, &Ask::call())?;
    let mut done = 0;
    let mut figures = vec![Figure::new("idle server, MiB", vec![idle]).aim(Aim::AtMost(30.0))];
    let tenth = options.calls / 10;
    let marks = [options.calls / 100].into_iter().chain((1..=10).map(|n| n * tenth));
    for mark in marks {
        let missing = mark - done;
        done += load.run(|requests| requests + options.connections as u64 >= missing)?.requests;
        let figure = Figure::new(format!("after {done} calls on SQLite, MiB"), vec![concord.memory()?]);
        figures.push(if mark == options.calls { figure.aim(Aim::AtMost(150.0)) } else { figure });
    }
    Ok(figures)
}
