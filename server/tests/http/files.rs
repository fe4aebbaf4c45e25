//! Files from a client's form to a concept that keeps them.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use concept_requesting::Requesting;
use concord_lang::{Source, Sources};
use concord_runtime::{App, Registry};
use concord_server::token::Admins;
use concord_server::{ConnectionLimits, RequestLimits, Site};
use concord_store::MemoryStore;
use concord_tests::Album;
use serde_json::json;

use super::site::{Served, secret};

const RULES: &str = r#"
contract Pictures at "/pictures"

sync Add
when
  Requesting.request (route: "POST /", caption, file) : (request)
then
  Album.add (name: file.name, kind: file.type, blob: file.blob) : (picture)
  Requesting.respond (request, status: 201, body: {picture, caption, name: file.name, type: file.type, size: file.size})

sync Maybe
when
  Requesting.request (route: "POST /maybe", caption ?? null, files ?? []) : (request)
then
  Requesting.respond (request, body: {count: len(files), caption})
"#;

async fn album(folder: &Path) -> Arc<Site> {
    let mut registry = Registry::default();
    registry.add(Requesting).unwrap();
    registry.add(Album::new(folder)).unwrap();
    let source = Source { folder: "p".into(), path: "p/1.sync".into(), text: RULES.into() };
    let options = App::options().rules(Sources::new(vec![source])).spool(folder.join("incoming"));
    let app = options.open(registry, Arc::new(MemoryStore::default())).await.unwrap();
    Arc::new(Site::new(app, Admins::new(&secret()), RequestLimits::default()))
}

fn served(folder: &Path) -> Served {
    let at = folder.to_path_buf();
    Served::serving(async move || album(&at).await, Router::new(), ConnectionLimits::default())
}

#[test]
fn the_document_says_which_requests_bring_files() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let document = served.client().request("GET", "/openapi.json", &[], b"").unwrap().ok();
    let body = |path: &str| document["paths"][path]["post"]["requestBody"].clone();
    let binary = json!({ "type": "string", "format": "binary" });
    let add = body("/pictures/");
    assert_eq!((&add["required"], &add["content"]["application/json"]), (&json!(true), &json!(null)));
    let form = &add["content"]["multipart/form-data"]["schema"];
    assert_eq!(form["properties"]["file"], binary);
    assert_eq!(form["required"], json!(["caption", "file"]));

    let maybe = body("/pictures/maybe");
    let content = &maybe["content"];
    assert_eq!(maybe["required"], false);
    assert_eq!(content["application/json"]["schema"]["properties"]["files"], json!(null));
    let form = &content["multipart/form-data"]["schema"];
    assert_eq!(form["properties"]["files"], json!({ "type": "array", "items": binary }));
    assert_eq!(form["required"], json!(null));
}

#[test]
fn the_bytes_of_a_file_arrive_as_they_were_sent() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    // Whatever looks like a boundary, and is none.
    let mut bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    bytes.extend_from_slice(b"\r\n--XX\r\n--X\r\r\n-");
    let mut body =
        b"--XYZ\r\ncontent-disposition: form-data; name=\"caption\"\r\n\r\nd\xc3\xa4mmerung\r\n--XYZ\r\n\
        content-type: Image/PNG; x=y\r\ncontent-disposition: form-data; name=\"file\"; \
        filename=\"C:\\Users\\ada\\dawn.png\"\r\n\r\n"
            .to_vec();
    body.extend_from_slice(&bytes);
    body.extend_from_slice(b"\r\n--XYZ--\r\n");
    let mut client = served.client();
    for _ in 0..3 {
        let form = [("content-type", "multipart/form-data; boundary=XYZ")];
        let reply = client.request("POST", "/pictures", &form, &body).unwrap();
        let shown = reply.json();
        assert_eq!((reply.status, &shown["caption"]), (201, &"dämmerung".into()), "{shown}");
        assert_eq!((&shown["name"], &shown["type"]), (&"dawn.png".into(), &"image/png".into()));
        assert_eq!(shown["size"], bytes.len());
        let kept = folder.path().join(shown["picture"].as_str().unwrap());
        assert!(std::fs::read(kept).unwrap() == bytes, "the bytes are others");
    }
}
