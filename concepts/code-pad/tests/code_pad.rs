//! CodePad: its principle, and each of its requirements.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use concept_code_pad::CodePad;
use concord_testing::TestApp;
use serde_json::json;

async fn with_pad() -> TestApp {
    let app = TestApp::of(CodePad::default()).await;
    app.ok("CodePad/open", json!({ "pad": "p", "code": "1 + 1", "language": "javascript" })).await;
    app
}

#[tokio::test]
async fn principle_who_looks_at_a_pad_sees_what_was_saved_last() {
    let app = with_pad().await;
    let seen = app.ok("CodePad/_get", json!({ "pad": "p" })).await;
    let opened = app.now().0;
    assert_eq!(seen, json!([{ "code": "1 + 1", "language": "javascript", "updatedAt": opened }]));

    app.advance(Duration::from_secs(5));
    app.ok("CodePad/save", json!({ "pad": "p", "code": "print(2)", "language": "python" })).await;
    let seen = app.ok("CodePad/_get", json!({ "pad": "p" })).await;
    let saved = opened + 5_000;
    assert_eq!(seen, json!([{ "code": "print(2)", "language": "python", "updatedAt": saved }]));

    app.ok("CodePad/remove", json!({ "pad": "p" })).await;
    assert_eq!(app.ok("CodePad/_get", json!({ "pad": "p" })).await, json!([]));
}

#[tokio::test]
async fn what_is_not_given_stays() {
    let app = with_pad().await;
    app.ok("CodePad/save", json!({ "pad": "p", "language": "html" })).await;
    app.ok("CodePad/save", json!({ "pad": "p", "code": "<p>" })).await;
    let seen = app.ok("CodePad/_get", json!({ "pad": "p" })).await;
    assert_eq!((&seen[0]["code"], &seen[0]["language"]), (&json!("<p>"), &json!("html")));
}

#[tokio::test]
async fn requires_that_a_pad_is_opened_once() {
    let app = with_pad().await;
    let again = json!({ "pad": "p", "code": "", "language": "python" });
    let refused = app.refused("CodePad/open", again).await;
    assert_eq!((refused.code(), refused.detail("pad")), ("PAD_EXISTS", Some(&json!("p"))));
}

#[tokio::test]
async fn requires_that_the_pad_exists() {
    let app = with_pad().await;
    for call in ["CodePad/save", "CodePad/remove"] {
        assert_eq!(app.refused(call, json!({ "pad": "q" })).await.code(), "PAD_NOT_FOUND");
    }
}

#[tokio::test]
async fn requires_that_the_code_fits() {
    let app = with_pad().await;
    let most = "x".repeat(524_288);
    app.ok("CodePad/save", json!({ "pad": "p", "code": most })).await;
    let more = json!({ "pad": "p", "code": format!("{most}x") });
    assert_eq!(app.refused("CodePad/save", more).await.code(), "CODE_TOO_LARGE");
    let more = json!({ "pad": "q", "code": format!("{most}x"), "language": "html" });
    assert_eq!(app.refused("CodePad/open", more).await.code(), "CODE_TOO_LARGE");
}

#[tokio::test]
async fn a_language_that_is_none_is_refused() {
    let app = with_pad().await;
    let refused = app.refused("CodePad/save", json!({ "pad": "p", "language": "cobol" })).await;
    assert_eq!(refused.code(), "INVALID_REQUEST");
}
