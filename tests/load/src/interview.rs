//! Row 6: two endpoints of the interview contract on SQLite, against the bare handler.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use crate::figures::{Aim, Figure};
use crate::generator::Ask;
use crate::rows::{Measured, measure};
use crate::target::Target;
use crate::{Fault, Options};

const CREATE: &str =
    r#"{"creator":{"id":"550e8400-e29b-41d4-a716-446655440000","name":"John Doe","color":"red"}}"#;

/// Showing a session, and creating one.
pub(crate) fn rows(binary: &Path, folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    let bare = Target::bare()?;
    let store = format!("sqlite:{}", folder.join("interview.db").display());
    let concord = Target::concord(binary, folder, &store)?;
    let begins = r#"{"success":true"#;
    let show = Ask::new(&format!("GET /api/v1/sessions/{}", session(&concord)?), "", "200", begins);
    let create = Ask::new("POST /api/v1/sessions", CREATE, "201", begins);
    let call = Ask::call();
    let (mut theirs, mut shown, mut created) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        theirs.push(measure(&bare, options, &call)?);
        shown.push(measure(&concord, options, &show)?);
        created.push(measure(&concord, options, &create)?);
    }
    let throughput = |runs: &[Measured]| runs.iter().map(|run| run.throughput).collect::<Vec<f64>>();
    let ratio = |runs: &[Measured]| -> Vec<f64> {
        runs.iter().zip(&theirs).map(|(ours, theirs)| ours.throughput / theirs.throughput).collect()
    };
    Ok(vec![
        Figure::new("bare handler, requests a second", throughput(&theirs)),
        Figure::new("GET /api/v1/sessions/{id}, requests a second", throughput(&shown)),
        Figure::new("GET /api/v1/sessions/{id} against bare", ratio(&shown)).aim(Aim::AtLeast(0.20)),
        Figure::new("POST /api/v1/sessions, requests a second", throughput(&created)),
        Figure::new("POST /api/v1/sessions against bare", ratio(&created)).aim(Aim::AtLeast(0.10)),
    ])
}

/// A session to show.
fn session(concord: &Target) -> Result<String, Fault> {
    let mut stream = TcpStream::connect(concord.address)?;
    let length = CREATE.len();
    let head =
        "POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{CREATE}")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (_, after) = reply.split_once(r#""id":""#).ok_or("the session has no id")?;
    Ok(after.chars().take(8).collect())
}
