//! `concord trace`: what happened in a flow.
//!
//! A running server is asked, as its memory holds more than its journal; of a stopped one the journal is read.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use concept_authenticating::{Bearer, Tokens};
use concord_runtime::{Clock, FlowId, SystemClock, Trace};
use serde_json::Value;

use super::serve::ADDRESS_FILE;
use crate::config::Config;

/// How a trace is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A tree of causes.
    Text,
    /// Data.
    Json,
    /// A diagram.
    Mermaid,
}

pub(super) fn run(config: &Config, flow: FlowId, format: Format) -> Result<String, Box<dyn Error>> {
    let trace = match ask(config, flow)? {
        Some(trace) => trace,
        None => read(config, flow)?,
    };
    if trace.records.is_empty() {
        return Err(format!("nothing is known of flow {flow}, or not any more").into());
    }
    Ok(match format {
        Format::Text => trace.to_string(),
        Format::Json => serde_json::to_string_pretty(&trace)?,
        Format::Mermaid => trace.to_mermaid(),
    })
}

/// The running server's answer; None, if none is running on this data folder.
fn ask(config: &Config, flow: FlowId) -> Result<Option<Trace>, Box<dyn Error>> {
    let Ok(address) = std::fs::read_to_string(config.data.join(ADDRESS_FILE)) else { return Ok(None) };
    let Ok(mut stream) = TcpStream::connect(address.trim()) else { return Ok(None) };
    let bearer = Bearer { user: "trace".into(), role: Some("admin".into()), name: None };
    let token = Tokens::new(super::secret(config)?.bytes()).issue(
        bearer,
        SystemClock.now(),
        Duration::from_mins(1),
    )?;
    let request = format!(
        "GET /flows/{flow} HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n",
        address.trim()
    );
    stream.write_all(request.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or("the server's reply is no HTTP")?;
    let body: Value = serde_json::from_str(body)?;
    if head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200") {
        return Ok(Some(serde_json::from_value(body)?));
    }
    if body["code"] == concord_runtime::NOT_FOUND {
        return Ok(Some(Trace { flow: flow.to_string(), records: Vec::new(), near: Vec::new() }));
    }
    Err(format!("the server at {} refused: {}", address.trim(), body["error"].as_str().unwrap_or_default())
        .into())
}

fn read(config: &Config, flow: FlowId) -> Result<Trace, Box<dyn Error>> {
    let lines = concord_store::sqlite::read_journal(super::database(config)?, flow.0)?;
    Ok(Trace::of_journal(flow, &lines)?)
}
