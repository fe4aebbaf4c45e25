//! Files in requests: fields of the engine's own, whose bytes an action may keep while the flow lasts.

use concept_requesting::Requesting;
use concord_testing::{Harness, Part, Response, TestApp};
use concord_tests::Album;
use serde_json::json;
use tempfile::TempDir;

const RULES: &str = r#"
contract Pictures at "/pictures"
  error Album.NO_SUCH_FILE as NO_SUCH_FILE 400 "This file is gone"
  error WRONG_TYPE 400 "This is no picture"

sync Add
when
  Requesting.request (route: "POST /", caption ?? "", file) : (request)
where
  startsWith(file.type, "image/")  else WRONG_TYPE
then
  Album.add (name: file.name, kind: file.type, blob: file.blob) : (picture)
  Requesting.respond (request, status: 201, body: {picture, caption, size: file.size})

sync AddAll
when
  Requesting.request (route: "POST /all", files, width ?? 0) : (request)
then
  Requesting.respond (request, body: {names: [f in files => f.name], width: width + 1})

sync Maybe
when
  Requesting.request (route: "POST /maybe", tags ?? [], file ?? null) : (request)
then
  Requesting.respond (request, body: {has: file != null, tags})

sync Forged
when
  Requesting.request (route: "POST /forged", blob) : (request)
then
  Album.add (name: "x", kind: "x", blob) : (picture)
  Requesting.respond (request, body: {picture})

sync Plain
when
  Requesting.request (route: "POST /plain", title, count ?? 1, deep ?? null) : (request)
where
  let sum = count + 0
then
  Requesting.respond (request, body: {title, sum, deep})
"#;

struct Site {
    app: TestApp,
    kept: TempDir,
}

impl Site {
    async fn open() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let harness = Harness::default().concept(Requesting).concept(Album::new(kept.path()));
        Self { app: harness.rules("pictures", RULES).open().await, kept }
    }

    async fn form(&self, line: &str, parts: &[Part]) -> Response {
        let response = self.app.form(line, &[], parts).await;
        self.app.quiet().await;
        assert_eq!(self.app.files(), 0, "what nobody kept is gone when the flow is done");
        response
    }

    fn kept(&self) -> Vec<Vec<u8>> {
        let entries = std::fs::read_dir(self.kept.path()).unwrap();
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }
}

fn picture(field: &str) -> Part {
    Part::file(field, "dawn.png", "image/png", b"0123456789")
}

fn refused(response: &Response) -> (u16, String, String) {
    let body = response.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status(), text("code"), body["details"]["field"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_file_is_a_field_and_an_action_keeps_its_bytes() {
    let site = Site::open().await;
    let added = site.form("POST /pictures", &[Part::text("caption", "dawn"), picture("file")]).await;
    let body = added.json();
    assert_eq!((added.status(), &body["caption"], &body["size"]), (201, &json!("dawn"), &json!(10)));
    assert_eq!(site.kept(), [b"0123456789"]);
    let shown = site.app.ok("Album/_get", json!({ "picture": body["picture"] })).await;
    assert_eq!(shown, json!([{ "name": "dawn.png", "kind": "image/png", "bytes": 10 }]));
    let trace = site.app.trace(added.flow()).to_string();
    assert!(
        trace.contains("dawn.png") && !trace.contains("0123456789"),
        "the bytes are in no record: {trace}"
    );
}

#[tokio::test]
async fn a_rule_may_refuse_a_file_for_what_it_is() {
    let site = Site::open().await;
    let film = Part::file("file", "a.mp4", "video/mp4", b"x");
    assert_eq!(refused(&site.form("POST /pictures", &[film]).await).1, "WRONG_TYPE");
    assert!(site.kept().is_empty());
}

#[tokio::test]
async fn a_file_that_is_missing_or_there_twice_is_the_clients_fault() {
    let site = Site::open().await;
    let wrong = (400, "INVALID_REQUEST".to_owned(), "file".to_owned());
    for parts in [
        vec![],
        vec![picture("fiel")],
        vec![Part::text("file", "no file, a text")],
        vec![picture("file"), picture("file")],
    ] {
        assert_eq!(refused(&site.form("POST /pictures", &parts).await), wrong);
    }
    let forged = json!({ "file": { "name": "x", "type": "image/png", "size": 1, "blob": "x" } });
    let json = site.app.request("POST /pictures", forged).await;
    assert_eq!(refused(&json), wrong, "JSON cannot stand for a file");
    let said = json.json()["error"].as_str().unwrap().to_owned();
    assert!(said.contains("multipart/form-data"), "{said}");
}

#[tokio::test]
async fn several_files_are_a_list() {
    let site = Site::open().await;
    let both = [picture("files"), Part::text("width", "2"), picture("files")];
    let named = site.form("POST /pictures/all", &both).await;
    assert_eq!(named.json(), json!({ "names": ["dawn.png", "dawn.png"], "width": 3 }));
    assert_eq!(refused(&site.form("POST /pictures/all", &[]).await).2, "files", "at least one");
}

#[tokio::test]
async fn a_file_may_be_left_out_where_a_default_stands_for_it() {
    let site = Site::open().await;
    let without = site.app.request("POST /pictures/maybe", json!({ "tags": ["a"] })).await.json();
    assert_eq!(without, json!({ "has": false, "tags": ["a"] }));
    let with = site.form("POST /pictures/maybe", &[picture("file"), Part::text("tags", r#"["b"]"#)]).await;
    assert_eq!(with.json(), json!({ "has": true, "tags": ["b"] }), "what no text can be is read as JSON");
}

#[tokio::test]
async fn a_form_without_files_has_its_texts_as_fields() {
    let site = Site::open().await;
    let parts =
        [Part::text("title", "7"), Part::text("count", "3"), Part::text("deep", "x"), picture("other")];
    let plain = site.form("POST /pictures/plain", &parts).await;
    assert_eq!(plain.json(), json!({ "title": "7", "sum": 3, "deep": "x" }));
    let bad = [Part::text("title", "7"), Part::text("count", "three")];
    assert_eq!(refused(&site.form("POST /pictures/plain", &bad).await).2, "count");
    let twice = [Part::text("title", "7"), Part::text("title", "8")];
    assert_eq!(refused(&site.form("POST /pictures/plain", &twice).await).2, "title");
    assert_eq!(refused(&site.form("POST /pictures/plain", &[picture("title")]).await).2, "title");
}

#[tokio::test]
async fn an_id_opens_no_file_of_another_request() {
    let site = Site::open().await;
    let added = site.form("POST /pictures", &[picture("file")]).await.json();
    for blob in [added["picture"].as_str().unwrap(), "../../etc/passwd", "x"] {
        let forged = site.app.request("POST /pictures/forged", json!({ "blob": blob })).await;
        assert_eq!(refused(&forged).1, "NO_SUCH_FILE", "{blob}");
    }
}

#[tokio::test]
async fn a_concept_is_tested_with_a_file_and_no_rule() {
    let site = Site::open().await;
    let input = |blob: &str| json!({ "name": "n", "kind": "k", "blob": blob });
    let added = site.app.call_with_file("Album/add", b"bytes", input).await.unwrap();
    let shown = site.app.ok("Album/_get", json!({ "picture": added["picture"] })).await;
    assert_eq!((shown[0]["bytes"].as_u64(), site.app.files()), (Some(5), 0));
}

#[test]
fn what_a_rule_says_of_a_file_is_checked() {
    let diagnose = |request: &str, then: &str| {
        let rules = format!(
            "contract C at \"/c\"\n\nsync S\nwhen\n  Requesting.request ({request}) : (request)\nthen\n  {then}\n  \
             Requesting.respond (request)\n"
        );
        Harness::default().concept(Requesting).concept(Album::default()).rules("c", &rules).diagnose()
    };
    let add = |what: &str| format!("Album.add (name: {what}, kind: \"x\", blob: \"x\")");
    let none: &[&str] = &[];
    assert_eq!(diagnose("route: \"POST /\", file", &add("file.name")), none);
    assert_eq!(diagnose("route: \"POST /\", file", &add("file.nmae")), ["unknown-field"]);
    assert_eq!(diagnose("route: \"POST /\", file: {name: n, blod: b}", &add("n")), ["unknown-field"]);
    assert_eq!(diagnose("route: \"POST /\", file", &add("file.size")), ["type-mismatch"]);
    assert_eq!(diagnose("route: \"POST /\", file ?? null", &add("file.name")), ["may-be-null"]);
    assert_eq!(
        diagnose("route: \"POST /\", files ?? []", &add("[f in files => f.nmae][0]")).first(),
        Some(&"unknown-field")
    );
    assert_eq!(diagnose("route: \"POST /:file\"", &add("\"x\"")).first(), Some(&"bad-route"));
}
