//! What a commit costs: in memory, alone on SQLite, and in company.
//!
//! Prints times; compares each with the same thing done by hand where there is such a thing. The cost of a commit in
//! company is the writing thread's own CPU time, as the system counts it, so it leaves the disk out (Linux only).

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use concord::spec::StateSpec;
use concord::storage::{Changes, CollectionId, DocKey, NewDoc, Source, Write};
use concord::{Id, State};
use concord_store::sqlite::{Options, SqliteStore};
use concord_store::{Commit, Layout, MemoryStore, Record, Store};
use tokio::runtime::Builder;

/// A document without indexes.
#[derive(State)]
struct Plain {
    #[id]
    id: Id<Plain>,
}

/// Typical of what concepts keep: two indexes and a hundred bytes.
#[derive(State)]
#[state(index(owner, start))]
struct Window {
    #[id]
    id: Id<Window>,
    #[index]
    owner: String,
    start: i64,
}

type Error = Box<dyn std::error::Error>;

const BODY: &[u8] =
    br#"{"id":"d9b2d63d-a233-4123-847a-7090f1f3a3b1","owner":"user1234","start":1700000000000}"#;
const RECORD: &[u8] = br#"{"at":1700000000000,"concept":"CallWindow","action":"setWindow","input":{"owner":"user1234","start":1700000000000},"output":{"window":"d9b2d63d-a233-4123-847a-7090f1f3a3b1"}}"#;

fn main() -> Result<(), Error> {
    memory(Plain::SPEC)?;
    memory(Window::SPEC)?;
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_FOLDER").unwrap_or_else(|| ".".into()))?;
    lone(folder.path())?;
    for tasks in [64, 256] {
        company(folder.path(), tasks, Plain::SPEC)?;
        company(folder.path(), tasks, Window::SPEC)?;
    }
    Ok(())
}

fn memory(spec: &'static StateSpec) -> Result<(), Error> {
    const ROUNDS: u32 = 1_000_000;
    let store = MemoryStore::default();
    let runtime = Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let place = prepare(&store, spec).await?;
        let commits: Vec<Commit> = (0..ROUNDS).map(|n| insert(place, n, false)).collect();
        let keys: Vec<DocKey> = commits.iter().map(|commit| commit.changes.writes[0].key.clone()).collect();
        let (start, mut latest) = (Instant::now(), Duration::ZERO);
        for commit in commits {
            store.commit(commit).wait().await?;
            latest = start.elapsed();
        }
        let entries = spec.indexes.len();
        println!("memory: insert and {entries} index entries    {:>8.0} ns", nanos(latest / ROUNDS));
        let start = Instant::now();
        for key in &keys {
            let snapshot = store.snapshot().wait().await?;
            std::hint::black_box(snapshot.get(key).wait().await?);
        }
        println!("memory: snapshot and get              {:>8.0} ns", nanos(start.elapsed() / ROUNDS));
        Ok(())
    })
}

/// One commit after the other, beside the same statements on a bare connection.
fn lone(folder: &Path) -> Result<(), Error> {
    const ROUNDS: usize = 2_000;
    let bare = rusqlite::Connection::open(folder.join("bare.db"))?;
    bare.pragma_update(None, "journal_mode", "WAL")?;
    bare.pragma_update(None, "synchronous", "FULL")?;
    bare.execute_batch("CREATE TABLE t (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")?;
    let store = SqliteStore::open(&folder.join("lone.db"), Options::default())?;
    let runtime = Builder::new_current_thread().build()?;
    let place = runtime.block_on(prepare(&store, Plain::SPEC))?;
    let (mut by_hand, mut by_store) = (Vec::new(), Vec::new());
    // By turns, as disks have moods.
    for n in 0..ROUNDS {
        let start = Instant::now();
        let mut put = bare.prepare_cached("INSERT INTO t VALUES (?1, ?2)")?;
        put.execute((format!("{n:08}"), std::str::from_utf8(BODY)?))?;
        by_hand.push(start.elapsed());
        let commit = insert(place, u32::try_from(n)?, true);
        let start = Instant::now();
        runtime.block_on(store.commit(commit).wait())?;
        by_store.push(start.elapsed());
    }
    let (hand, ours) = (quantiles(by_hand), quantiles(by_store));
    println!("sqlite: bare commit, one row          {hand}");
    println!("sqlite: lone commit, with journal     {ours}");
    println!("sqlite: ratio of the medians          {:>8.2}", ours.median / hand.median);
    Ok(())
}

/// Many tasks commit at once, each waiting for its reply.
fn company(folder: &Path, tasks: u32, spec: &'static StateSpec) -> Result<(), Error> {
    let rounds = 100_000 / tasks;
    let path = folder.join(format!("{}{tasks}.db", spec.name));
    let store = Arc::new(SqliteStore::open(&path, Options::default())?);
    let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    let place = runtime.block_on(prepare(&*store, spec))?;
    let (start, cpu, syncs) = (Instant::now(), writer_cpu(), store.syncs());
    let times = runtime.block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for task in 0..tasks {
            let store = Arc::clone(&store);
            running.spawn(async move {
                let mut times = Vec::new();
                for round in 0..rounds {
                    let commit = insert(place, task * rounds + round, true);
                    let start = Instant::now();
                    store.commit(commit).wait().await?;
                    times.push(start.elapsed());
                }
                Ok::<_, concord_store::CommitError>(times)
            });
        }
        let mut all = Vec::new();
        while let Some(times) = running.join_next().await {
            all.extend(times??);
        }
        Ok::<_, Error>(all)
    })?;
    let commits = tasks * rounds;
    let cost = writer_cpu().saturating_sub(cpu) / commits;
    let wal = std::fs::metadata(folder.join(format!("{}{tasks}.db-wal", spec.name)))?.len();
    println!(
        "sqlite: {tasks} at once, {} indexes: {:.0} commits/s, {:.1} a sync, writer {:.1} µs CPU each, log {} kB; {}",
        spec.indexes.len(),
        f64::from(commits) / start.elapsed().as_secs_f64(),
        f64::from(commits) / count(store.syncs() - syncs),
        nanos(cost) / 1e3,
        wal / 1024,
        quantiles(times),
    );
    Ok(())
}

async fn prepare(store: &dyn Store, spec: &'static StateSpec) -> Result<CollectionId, Error> {
    let ids = store.prepare(&[Layout { name: "Bench.windows".into(), state: spec }]).wait().await?;
    ids.first().copied().ok_or_else(|| "one layout has one number".into())
}

fn insert(collection: CollectionId, n: u32, recorded: bool) -> Commit {
    // Scattered, as random ids are.
    let id = format!("{:016x}-{n:08x}", u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let owner = concord::storage::Scalar::Text(format!("user{}", n % 1_000).into());
    let start = concord::storage::Scalar::Int(n.into());
    let keys = vec![
        concord::storage::encode(std::slice::from_ref(&owner)),
        concord::storage::encode(&[owner.clone(), start]),
    ];
    let after = Some(NewDoc { body: Bytes::from_static(BODY), keys });
    let key = DocKey { collection, id: id.into() };
    let writes = vec![Write { key, expected: None, before: Vec::new(), after }];
    let flow = u128::from(1_700_000_000_000 + u64::from(n)) << 80 | u128::from(n);
    let record = Record { flow, body: Bytes::from_static(RECORD) };
    let records = if recorded { vec![record] } else { Vec::new() };
    Commit { changes: Changes { writes, ..Changes::default() }, records, ..Commit::default() }
}

/// CPU time of the threads that write, in all; zero where the system does not say.
fn writer_cpu() -> Duration {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let of = |thread: &Path| -> Option<u64> {
        let name = std::fs::read_to_string(thread.join("comm")).ok()?;
        let stat = std::fs::read_to_string(thread.join("schedstat")).ok()?;
        name.starts_with("concord-writer").then(|| stat.split(' ').next()?.parse().ok())?
    };
    Duration::from_nanos(threads.flatten().filter_map(|thread| of(&thread.path())).sum())
}

/// Microseconds.
struct Quantiles {
    median: f64,
    p99: f64,
    most: f64,
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "median {:.0} µs, 99 % {:.0} µs, most {:.0} µs", self.median, self.p99, self.most)
    }
}

fn quantiles(mut times: Vec<Duration>) -> Quantiles {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 1_000).map_or(0.0, |time| nanos(*time) / 1e3);
    Quantiles { median: at(500), p99: at(990), most: times.last().map_or(0.0, |time| nanos(*time) / 1e3) }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
