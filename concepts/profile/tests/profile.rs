//! Profile: its principle, and each of its requirements.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concept_profile::Profile;
use concord_testing::TestApp;
use serde_json::json;

#[tokio::test]
async fn principle_the_name_that_was_set_last_is_what_others_learn() {
    let app = TestApp::of(Profile::default()).await;
    let ada = json!({ "user": "ada" });
    assert_eq!(app.ok("Profile/_get", ada.clone()).await, json!([]));
    app.ok("Profile/set", json!({ "user": "ada", "name": "Ada", "email": "ada@example.com" })).await;
    let seen = app.ok("Profile/_get", ada.clone()).await;
    assert_eq!(seen, json!([{ "name": "Ada", "email": "ada@example.com" }]));

    app.ok("Profile/set", json!({ "user": "ada", "name": "Ada L." })).await;
    assert_eq!(app.ok("Profile/_get", ada.clone()).await, json!([{ "name": "Ada L.", "email": null }]));

    app.ok("Profile/remove", ada.clone()).await;
    assert_eq!(app.ok("Profile/_get", ada).await, json!([]));
}

#[tokio::test]
async fn requires_a_name_that_says_something() {
    let app = TestApp::of(Profile::default()).await;
    for name in ["", " \t", &"x".repeat(201)] {
        let refused = app.refused("Profile/set", json!({ "user": "ada", "name": name })).await;
        assert_eq!(refused.code(), "BAD_NAME");
    }
    app.ok("Profile/set", json!({ "user": "ada", "name": "é".repeat(200) })).await;
}

#[tokio::test]
async fn requires_an_address_that_can_be_one() {
    let app = TestApp::of(Profile::default()).await;
    let long = format!("a@{}", "b".repeat(253));
    for email in ["", "ada", "@example.com", "ada@", "a@b@c", "a da@example.com", &long] {
        let set = json!({ "user": "ada", "name": "Ada", "email": email });
        assert_eq!(app.refused("Profile/set", set).await.code(), "BAD_EMAIL", "{email}");
    }
}

#[tokio::test]
async fn requires_that_there_is_something_to_remove() {
    let app = TestApp::of(Profile::default()).await;
    assert_eq!(app.refused("Profile/remove", json!({ "user": "ada" })).await.code(), "PROFILE_NOT_FOUND");
}
