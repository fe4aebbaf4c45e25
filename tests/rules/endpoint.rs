//! REST endpoints, each one sync.

use serde_json::json;

use crate::site::site;

const ROOMS: &str = r#"
contract Rooms at "/rooms", "/api/v1/rooms"
  own Room, Participant
  errors { success: false, message, code, details }
  error NOT_THE_OWNER 403 "This room belongs to somebody else"
  error Room.ROOM_NOT_FOUND as NO_SUCH_ROOM 404 "There is no such room"

sync Open
when
  Requesting.request (route: "POST /", owner, people ?? []) : (request)
then
  Room.open (style: "hex8", owner) : (room)
  Participant.join (room, user: owner, name: "the owner")
  Requesting.respond (request, status: 201, body: {success: true, data: room(room)})

sync Show
when
  Requesting.request (route: "GET /:room", room) : (request)
where
  let found = room(room)  else Room.ROOM_NOT_FOUND
then
  Requesting.respond (request, body: {success: true, data: found})

sync Close
when
  Requesting.request (route: "DELETE /:room", room, by) : (request)
where
  Room._get (room) : (owner)    else Room.ROOM_NOT_FOUND
  owner == by                   else NOT_THE_OWNER
then
  Room.close (room)
  Requesting.respond (request, status: 204)

view room (room) =
  Room._get (room) : (owner, status)
  give { id: room, owner, status, people: [Participant._in (room) : (user, name) => {id: user, name}] }

sync EmptyWhenClosed
when
  Room.close (room) : ()
where
  Participant._in (room) : (user)
then
  Participant.leave (room, user)
"#;

#[tokio::test]
async fn an_endpoint_is_one_sync() {
    let app = site().rules("rooms", ROOMS).open().await;
    let opened = app.request("POST /rooms", json!({ "owner": "ada" })).await;
    assert_eq!(opened.status(), 201, "{opened:?}");
    let room = opened.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        opened.json(),
        json!({ "success": true, "data": {
            "id": room, "owner": "ada", "status": "open", "people": [{ "id": "ada", "name": "the owner" }],
        } })
    );
    let shown = app.request(&format!("GET /api/v1/rooms/{room}/"), json!(null)).await;
    assert_eq!((shown.status(), shown.json()), (200, opened.json()));

    let missing = app.request("GET /rooms/nowhere", json!(null)).await;
    let said = json!({ "success": false, "message": "There is no such room", "code": "NO_SUCH_ROOM" });
    assert_eq!((missing.status(), missing.json()), (404, said));

    let refused = app.request(&format!("DELETE /rooms/{room}?by=ben"), json!(null)).await;
    assert_eq!((refused.status(), &refused.json()["code"]), (403, &json!("NOT_THE_OWNER")));

    let closed = app.request(&format!("DELETE /rooms/{room}?by=ada"), json!(null)).await;
    assert_eq!(closed.status(), 204);
    app.app().quiet().await;
    let shown = app.request(&format!("GET /rooms/{room}"), json!(null)).await;
    assert_eq!(shown.json()["data"]["status"], "closed");
    assert_eq!(shown.json()["data"]["people"], json!([]), "a reaction goes on behind the answer");
}

#[tokio::test]
async fn what_a_client_gets_wrong_it_is_told_in_the_contracts_shape() {
    let app = site().rules("rooms", ROOMS).open().await;
    let cases = [
        ("POST /rooms", json!({}), 400, "INVALID_REQUEST", "the field `owner` is missing"),
        ("POST /rooms", json!({ "owner": null }), 400, "INVALID_REQUEST", "the field `owner` is missing"),
        (
            "POST /rooms",
            json!({ "owner": 7 }),
            400,
            "INVALID_REQUEST",
            "the field `owner` must be an id, not a number",
        ),
        ("POST /rooms", json!([1]), 400, "INVALID_REQUEST", "the body must be a JSON object, not a list"),
        ("PATCH /rooms", json!({}), 405, "METHOD_NOT_ALLOWED", "this method is not allowed here"),
        ("GET /rooms/a/b", json!(null), 404, "NOT_FOUND", "there is nothing at GET /a/b"),
    ];
    for (line, body, status, code, message) in cases {
        let refused = app.request(line, body).await;
        let said = refused.json();
        assert_eq!(
            (refused.status(), &said["code"], &said["message"]),
            (status, &json!(code), &json!(message))
        );
        assert_eq!(said["success"], false);
    }
}

#[tokio::test]
async fn a_refusal_between_actions_undoes_those_before_it() {
    let text = r#"
contract Guarded at "/guarded"
  error NOPE 409 "no"

view guard (name) =
  name == "ada"  else NOPE
  give name

sync Open
when
  Requesting.request (route: "POST /", owner) : (request)
then
  Room.open (owner) : (room)
  Participant.join (room, user: owner, name: guard(owner))
  Requesting.respond (request, body: {room})
"#;
    let app = site().rules("guarded", text).open().await;
    for (owner, status, rooms) in [("ada", 200, 1), ("ben", 409, 0)] {
        let answer = app.request("POST /guarded", json!({ "owner": owner })).await;
        assert_eq!(answer.status(), status, "{answer:?}");
        let opened = app.ok("Room/_ofOwner", json!({ "owner": owner })).await;
        assert_eq!(opened.as_array().unwrap().len(), rooms, "{owner}");
    }
}

#[tokio::test]
async fn a_nested_field_is_required_whatever_it_is() {
    let text = r#"
contract Echo at "/echo"

sync Say
when
  Requesting.request (route: "POST /", who: {id, nick ?? null}) : (request)
then
  Requesting.respond (request, body: {id, nick})
"#;
    let app = site().rules("echo", text).open().await;
    let said = app.request("POST /echo", json!({ "who": { "id": 7 } })).await;
    assert_eq!(said.json(), json!({ "id": 7, "nick": null }));
    for who in [json!({}), json!({ "id": null }), json!({ "nick": "x" })] {
        let refused = app.request("POST /echo", json!({ "who": who })).await;
        assert_eq!((refused.status(), &refused.json()["details"]["field"]), (400, &json!("who")), "{who}");
    }
}

#[tokio::test]
async fn a_named_part_of_a_path_is_not_empty() {
    let text = r#"
contract Echo at "/echo"

sync Say
when
  Requesting.request (route: "GET /:one/:other", one, other) : (request)
then
  Requesting.respond (request, body: [one, other])
"#;
    let app = site().rules("echo", text).open().await;
    assert_eq!(app.request("GET /echo/a/b", json!(null)).await.json(), json!(["a", "b"]));
    for line in ["GET /echo//b", "GET /echo/a//", "GET /echo//"] {
        assert_eq!(app.request(line, json!(null)).await.status(), 404, "{line}");
    }
}
