//! Figures for Prometheus.
//!
//! The counters of each action are looked up once, at the start; answering a request touches two of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry as Figures;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    concept: String,
    action: String,
    outcome: Outcome,
}

/// How a call ended: by its result, by a refusal that is the client's, or by one that is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Outcome {
    Ok,
    Refused,
    Failed,
}

/// The counters of an action.
pub(crate) struct Outcomes([Counter; 3]);

/// Seconds; a memory call takes microseconds, one on disk a millisecond.
const BUCKETS: [f64; 10] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0];

const FIRINGS: [&str; 3] = ["firings_done", "firings_dropped", "firings_failed"];

/// The figures of a server.
pub struct Metrics {
    figures: Figures,
    calls: Family<Labels, Counter>,
    /// Requests that named no action, or not so that one could be run.
    unrouted: Counter,
    duration: Histogram,
    connections: Gauge,
    shed: Counter,
    in_flight: Gauge,
    memory: Gauge,
    uptime: Gauge,
    /// By what came of them: done, dropped, failed.
    firings: [Gauge; 3],
    started: Instant,
    /// Connections at this moment; the gauge follows it.
    open: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            calls: Family::default(),
            unrouted: Counter::default(),
            duration: Histogram::new(BUCKETS),
            connections: Gauge::default(),
            shed: Counter::default(),
            in_flight: Gauge::default(),
            memory: Gauge::default(),
            uptime: Gauge::default(),
            firings: Default::default(),
            started: Instant::now(),
            open: AtomicU64::new(0),
            figures: Figures::with_prefix("concord"),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let figures = &mut self.figures;
        figures.register("calls", "Calls by action and outcome", self.calls.clone());
        figures.register("unrouted", "Requests that led to no action", self.unrouted.clone());
        figures.register(
            "duration_seconds",
            "From the head of a request to its reply",
            self.duration.clone(),
        );
        figures.register("connections", "Open connections", self.connections.clone());
        figures.register("connections_refused", "Connections beyond the limit", self.shed.clone());
        figures.register("in_flight", "Requests being answered", self.in_flight.clone());
        figures.register("resident_memory_bytes", "Memory of the process", self.memory.clone());
        let said = ["Firings done", "Firings that a line dropped", "Firings that failed"];
        for ((name, help), gauge) in FIRINGS.into_iter().zip(said).zip(&self.firings) {
            figures.register(name, help, gauge.clone());
        }
        figures.register("uptime_seconds", "Time since the start", self.uptime.clone());
        self
    }

    /// The counters of an action.
    pub(crate) fn outcomes(&self, concept: &str, action: &str) -> Outcomes {
        let of = |outcome| {
            let labels = Labels { concept: concept.into(), action: action.into(), outcome };
            self.calls.get_or_create_owned(&labels)
        };
        Outcomes([Outcome::Ok, Outcome::Refused, Outcome::Failed].map(of))
    }

    /// Counts a reply; without `outcomes`, one that no action gave.
    pub(crate) fn answered(&self, outcomes: Option<&Outcomes>, status: StatusCode, took: Duration) {
        let outcome = match status.as_u16() {
            ..400 => Outcome::Ok,
            400..500 => Outcome::Refused,
            500.. => Outcome::Failed,
        };
        match outcomes {
            Some(Outcomes(counters)) => counters[outcome as usize].inc(),
            None => self.unrouted.inc(),
        };
        self.duration.observe(took.as_secs_f64());
    }

    pub(crate) fn connected(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn disconnected(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn shed(&self) {
        self.shed.inc();
    }

    /// All figures as Prometheus reads them.
    pub(crate) fn text(&self, in_flight: usize, firings: [u64; 3]) -> String {
        let gauge = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for (known, count) in self.firings.iter().zip(firings) {
            known.set(gauge(count));
        }
        self.connections.set(gauge(self.open.load(Ordering::Relaxed)));
        self.in_flight.set(gauge(in_flight as u64));
        self.uptime.set(gauge(self.started.elapsed().as_secs()));
        self.memory.set(gauge(resident_bytes().unwrap_or(0)));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.figures);
        text
    }
}

/// As Linux tells it; elsewhere the figure is zero.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
