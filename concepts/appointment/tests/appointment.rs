//! Appointment: its principle, and each of its requirements.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concept_appointment::Appointment;
use concord_testing::TestApp;
use serde_json::{Value, json};

const CLIENT: &str = "507f1f77bcf86cd799439012";
const PSYCHOLOGIST: &str = "507f1f77bcf86cd799439013";

fn wish(client: &str, psychologist: &str, session_type: &str) -> Value {
    json!({ "client": client, "psychologist": psychologist, "startsAt": 5, "sessionType": session_type })
}

/// An app with an appointment, after these actions.
async fn after(actions: &[&str]) -> (TestApp, Value) {
    let app = TestApp::of(Appointment::default()).await;
    let scheduled = app.ok("Appointment/schedule", wish(CLIENT, PSYCHOLOGIST, "Individual")).await;
    for action in actions {
        app.ok(&format!("Appointment/{action}"), scheduled.clone()).await;
    }
    (app, scheduled)
}

async fn seen(app: &TestApp, appointment: &Value) -> (Value, Value) {
    let rows = app.ok("Appointment/_get", appointment.clone()).await;
    (rows[0]["status"].clone(), rows[0]["payment"].clone())
}

async fn refused(actions: &[&str], action: &str) -> String {
    let (app, appointment) = after(actions).await;
    app.refused(&format!("Appointment/{action}"), appointment).await.code().to_owned()
}

#[tokio::test]
async fn principle_what_is_scheduled_confirmed_and_paid_for_can_begin_and_be_completed() {
    let (app, appointment) = after(&[]).await;
    let id = appointment["appointment"].as_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(seen(&app, &appointment).await, (json!("pending"), json!("pending")));
    for (action, status, payment) in [
        ("confirm", "confirmed", "pending"),
        ("recordPayment", "confirmed", "completed"),
        ("begin", "In Progress", "completed"),
        ("complete", "Completed", "completed"),
    ] {
        app.ok(&format!("Appointment/{action}"), appointment.clone()).await;
        assert_eq!(seen(&app, &appointment).await, (json!(status), json!(payment)));
    }
}

#[tokio::test]
async fn principle_what_is_cancelled_never_begins() {
    assert_eq!(refused(&["confirm", "recordPayment", "cancel"], "begin").await, "NOT_CONFIRMED");
    assert_eq!(refused(&["cancel"], "confirm").await, "WRONG_STATUS");
}

#[tokio::test]
async fn schedule_requires_two_people_and_a_type() {
    let app = TestApp::of(Appointment::default()).await;
    let refused = app.refused("Appointment/schedule", wish(CLIENT, CLIENT, "Individual")).await;
    assert_eq!(refused.code(), "SAME_PERSON");
    let refused = app.refused("Appointment/schedule", wish(CLIENT, PSYCHOLOGIST, " ")).await;
    assert_eq!(refused.code(), "NO_SESSION_TYPE");
}

#[tokio::test]
async fn every_action_requires_that_the_appointment_exists() {
    let (app, _) = after(&[]).await;
    for action in ["confirm", "recordPayment", "cancel", "begin", "complete"] {
        let other = json!({ "appointment": "507f1f77bcf86cd799439011" });
        let refused = app.refused(&format!("Appointment/{action}"), other).await;
        assert_eq!(refused.code(), "APPOINTMENT_NOT_FOUND");
    }
    let other = json!({ "appointment": "507f1f77bcf86cd799439011" });
    assert_eq!(app.ok("Appointment/_get", other).await, json!([]));
}

#[tokio::test]
async fn every_action_requires_an_id_that_can_be_one() {
    let (app, _) = after(&[]).await;
    for action in ["confirm", "recordPayment", "cancel", "begin", "complete", "_get"] {
        for id in ["none", "507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901x"] {
            let refused = app.refused(&format!("Appointment/{action}"), json!({ "appointment": id })).await;
            assert_eq!(refused.code(), "BAD_APPOINTMENT_ID");
        }
    }
}

#[tokio::test]
async fn confirm_requires_that_it_has_not_begun() {
    after(&["confirm", "confirm"]).await;
    assert_eq!(refused(&["confirm", "recordPayment", "begin"], "confirm").await, "WRONG_STATUS");
}

#[tokio::test]
async fn cancel_requires_that_it_has_not_begun() {
    after(&["cancel", "cancel"]).await;
    let begun = ["confirm", "recordPayment", "begin"];
    let (app, appointment) = after(&begun).await;
    let refused = app.refused("Appointment/cancel", appointment).await;
    assert_eq!((refused.code(), refused.detail("status")), ("WRONG_STATUS", Some(&json!("In Progress"))));
}

#[tokio::test]
async fn begin_requires_that_it_is_confirmed() {
    assert_eq!(refused(&["recordPayment"], "begin").await, "NOT_CONFIRMED");
    assert_eq!(refused(&["confirm", "recordPayment", "begin"], "begin").await, "NOT_CONFIRMED");
}

#[tokio::test]
async fn begin_requires_that_it_has_been_paid_for() {
    assert_eq!(refused(&["confirm"], "begin").await, "PAYMENT_PENDING");
}

#[tokio::test]
async fn complete_requires_that_it_is_in_progress() {
    assert_eq!(refused(&["confirm", "recordPayment"], "complete").await, "NOT_IN_PROGRESS");
}

#[tokio::test]
async fn a_users_appointments_are_listed_whichever_part_they_take() {
    let (app, _) = after(&[]).await;
    app.ok("Appointment/schedule", wish(PSYCHOLOGIST, "507f1f77bcf86cd799439014", "Supervision")).await;
    let of = async |user: &str| app.ok("Appointment/_ofUser", json!({ "user": user })).await;
    assert_eq!(of(PSYCHOLOGIST).await.as_array().unwrap().len(), 2);
    assert_eq!(of(CLIENT).await.as_array().unwrap().len(), 1);
    assert_eq!(of("nobody").await, json!([]));
}
