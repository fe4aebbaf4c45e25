//! Forms on the real binary: files that come in, and whatever else a client may send in their place.

use std::fmt::Write as _;
use std::path::PathBuf;

use concord_tests::{Client, Reply, Server, Setup};
use serde_json::json;
use tempfile::TempDir;

const RULES: &str = r#"
contract Films at "/films"
  errors { ok: false, code, message }
  error TOO_LARGE as FILE_TOO_LARGE 413 "This film is too long"
  error INVALID_REQUEST as INVALID_INPUT 400

sync Add
when
  Requesting.request (route: "POST /:room", room, title ?? "", file) : (request)
then
  Requesting.respond (request, body: {room, title, name: file.name, type: file.type, size: file.size})

sync Note
when
  Requesting.request (route: "POST /:room/notes", room, text) : (request)
then
  Requesting.respond (request, body: {room, text})
"#;

const FORM: [(&str, &str); 1] = [("content-type", "multipart/form-data; boundary=XX")];

struct Site {
    server: Server,
    data: PathBuf,
    folder: TempDir,
}

fn setup(folder: &TempDir) -> Setup {
    let rules = folder.path().join("rules");
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::write(rules.join("films.sync"), RULES).unwrap();
    Setup::default()
        .data(&folder.path().join("data"))
        .argument("--syncs")
        .argument(rules.to_str().unwrap())
        .variable("CONCORD_LIMITS__BODY_BYTES", "20000")
        .variable("CONCORD_LIMITS__FILE_BYTES", "50000000")
        .variable("CONCORD_LIMITS__UPLOADS", "1")
}

fn start() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Site { server: setup(&folder).start(), data, folder }
}

impl Site {
    fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.server.client().request("POST", path, &FORM, body).unwrap()
    }

    /// The files that wait for somebody.
    fn waiting(&self) -> usize {
        std::fs::read_dir(self.data.join("incoming")).map_or(0, Iterator::count)
    }
}

fn part(disposition: &str, content: &[u8]) -> Vec<u8> {
    [b"--XX\r\nContent-Disposition: form-data; ", disposition.as_bytes(), b"\r\n\r\n", content, b"\r\n"]
        .concat()
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat()[..], b"--XX--\r\n"].concat()
}

fn film(bytes: &[u8]) -> Vec<u8> {
    part("name=\"file\"; filename=\"a.mp4\"", bytes)
}

/// A refusal in the contract's own shape.
fn refused(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert!(body["ok"] == false && body["message"].is_string(), "{body}");
    (reply.status, body["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_form_is_answered_and_its_connection_goes_on() {
    let site = start();
    let mut client = site.server.client();
    for _ in 0..3 {
        let body = form(&[part("name=\"title\"", b"Dawn"), film(b"0123456789")]);
        let reply = client.request("POST", "/films/r1", &FORM, &body).unwrap().ok();
        let shown = json!({
            "room": "r1", "title": "Dawn", "name": "a.mp4", "type": "application/octet-stream", "size": 10
        });
        assert_eq!(reply, shown);
    }
    let note = client.request("POST", "/films/r1/notes", &FORM, &form(&[part("name=text", b"hi")])).unwrap();
    assert_eq!(note.ok(), json!({ "room": "r1", "text": "hi" }), "a route without files takes forms too");
    let plain = client.request("POST", "/films/r1/notes", &[], b"{\"text\":\"hi\"}").unwrap();
    assert_eq!(plain.ok(), note.json());
    wait_until(|| site.waiting() == 0);
}

/// Waits for a condition that is sure to come about.
fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}

#[test]
fn what_is_no_form_is_a_refusal_that_says_why() {
    let site = start();
    let invalid = (400, "INVALID_INPUT".to_owned());
    let head = |bytes: usize| {
        let long = "x".repeat(bytes);
        [format!("--XX\r\nx-long: {long}\r\n").as_bytes(), &film(b"x")[4..]].concat()
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no form at all", b"{}".to_vec()),
        ("nothing behind the boundary", b"--XX".to_vec()),
        ("no end", film(b"0123")),
        ("no part", form(&[])),
        ("a part without a name", form(&[part("x=y", b"z")])),
        ("a title that is no text", form(&[part("name=title", b"\xff\xfe"), film(b"x")])),
        ("a title twice", form(&[part("name=title", b"a"), part("name=title", b"b"), film(b"x")])),
        ("a file twice", form(&[film(b"a"), film(b"b")])),
        ("nothing chosen", form(&[part("name=\"file\"; filename=\"\"", b"")])),
        ("a long name", form(&[part(&format!("name=\"{}\"", "n".repeat(300)), b"z"), film(b"x")])),
        ("a long file name", form(&[part(&format!("name=file; filename=\"{}\"", "n".repeat(300)), b"z")])),
        ("many parts", form(&(0..200).map(|n| part(&format!("name=p{n}"), b"")).collect::<Vec<_>>())),
        ("many headers", form(&[[b"--XX\r\n", "a: b\r\n".repeat(40).as_bytes(), &film(b"x")[4..]].concat()])),
        ("a long head", form(&[head(1_000_000)])),
        ("a preamble without end", vec![b'x'; 1_000_000]),
        ("more behind the end", [form(&[film(b"x")]), vec![b'x'; 100_000]].concat()),
    ];
    for (what, body) in cases {
        let reply = site.post("/films/r1", &body);
        assert_eq!(refused(&reply), invalid, "{what}");
    }
    for said in
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\""]
    {
        let form = form(&[film(b"x")]);
        let reply = site.server.client().request("POST", "/films/r1", &[("content-type", said)], &form);
        assert_eq!(refused(&reply.unwrap()), invalid, "{said}");
    }
    let json = site.server.client().request("POST", "/films/r1", &[], b"{\"title\":\"x\"}").unwrap();
    assert_eq!(refused(&json), invalid);
    let other = site.server.client().request("POST", "/films/r1", &[("content-type", "text/plain")], b"x");
    assert_eq!(refused(&other.unwrap()), (415, "UNSUPPORTED_TYPE".to_owned()));
    wait_until(|| site.waiting() == 0);
}

#[test]
fn a_file_over_the_limit_is_refused_and_the_memory_stays_small() {
    let site = start();
    let mut client = site.server.client();
    let mut head =
        "POST /films/r1 HTTP/1.1\r\nhost: t\r\ncontent-type: multipart/form-data; boundary=XX\r\n".to_owned();
    write!(head, "content-length: 60000000\r\n\r\n").unwrap();
    client.send(head.as_bytes()).unwrap();
    let too_large = (413, "FILE_TOO_LARGE".to_owned());
    assert_eq!(refused(&client.read().unwrap()), too_large, "before any of it is sent");

    let mut client = site.server.client();
    let chunked = head.replace("content-length: 60000000", "transfer-encoding: chunked");
    client.send(chunked.as_bytes()).unwrap();
    let begin = &film(b"")[..film(b"").len() - 2];
    client.send(&[format!("{:x}\r\n", begin.len()).as_bytes(), begin, b"\r\n"].concat()).unwrap();
    let chunk = [b"100000\r\n", &vec![7; 1 << 20][..], b"\r\n"].concat();
    for _ in 0..60 {
        if client.send(&chunk).is_err() {
            break; // it has heard enough
        }
    }
    assert_eq!(refused(&client.read().unwrap()), too_large);

    let texts = form(&[part("name=title", &vec![b'x'; 30_000]), film(b"x")]);
    assert_eq!(refused(&site.post("/films/r1", &texts)), too_large, "texts have the limit of a body");
    let unwanted = form(&[part("name=\"other\"; filename=\"a\"", &vec![b'x'; 30_000]), film(b"x")]);
    assert_eq!(refused(&site.post("/films/r1", &unwanted)), too_large);

    let large = form(&[film(&vec![7; 40_000_000])]);
    assert_eq!(site.post("/films/r1", &large).ok()["size"], 40_000_000);
    wait_until(|| site.waiting() == 0);
    let peak = peak_kib(&site.server);
    assert!(peak < 64 << 10, "files are not held in memory: {peak} KiB at most");
}

/// The most memory that the server has had, in KiB.
fn peak_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Begins to send a film, and does not go on.
fn begin(site: &Site) -> Client {
    let mut client = site.server.client();
    let head = "POST /films/r1 HTTP/1.1\r\nhost: t\r\ncontent-type: multipart/form-data; boundary=XX\r\n\
                content-length: 1000000\r\n\r\n";
    client.send(head.as_bytes()).unwrap();
    client.send(&film(&vec![7; 300_000])).unwrap();
    client
}

#[test]
fn a_client_that_goes_away_leaves_nothing_and_makes_room_for_another() {
    let site = start();
    let client = begin(&site);
    wait_until(|| site.waiting() == 1);
    let busy = site.post("/films/r1", &form(&[film(b"x")]));
    assert_eq!((refused(&busy), busy.header("retry-after")), ((503, "OVERLOADED".to_owned()), Some("1")));

    drop(client);
    wait_until(|| site.waiting() == 0);
    assert_eq!(site.post("/films/r1", &form(&[film(b"x")])).ok()["size"], 1);
}

#[test]
fn a_client_that_says_no_more_is_told_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = setup(&folder).variable("CONCORD_LIMITS__BODY_SECONDS", "1").start();
    let site = Site { server, data: folder.path().join("data"), folder };
    let late = begin(&site).read().unwrap();
    // The contract calls the code otherwise, with a status of its own.
    assert_eq!(refused(&late), (400, "INVALID_INPUT".to_owned()));
    wait_until(|| site.waiting() == 0);
}

#[test]
fn what_a_crash_leaves_is_cleared_away_at_the_start() {
    let mut site = start();
    let client = begin(&site);
    wait_until(|| site.waiting() == 1);
    site.server.kill();
    drop(client);
    assert_eq!(site.waiting(), 1);
    std::fs::write(site.data.join("incoming/notes.txt"), "somebody else's").unwrap();
    site.server = setup(&site.folder).start();
    assert_eq!(site.waiting(), 1, "only what is ours");
    assert!(site.data.join("incoming/notes.txt").exists());
}
