//! Contracts: where they lie, what they say twice, and what their public routes may name.

use crate::ids_of;

/// A contract that answers on these routes.
fn contract(name: &str, bases: &str, routes: &[&str]) -> String {
    let mut text = format!("contract {name} at {bases}\n");
    for (at, route) in routes.iter().enumerate() {
        text += &format!(
            "\nsync S{at}\nwhen\n  Requesting.request (route: \"{route}\") : (request)\nthen\n  Requesting.respond (request)\n"
        );
    }
    text
}

fn at(bases: &str) -> Vec<&'static str> {
    ids_of(&[("c", &contract("C", bases, &["GET /x"]))])
}

#[test]
fn a_base_path_belongs_to_one_contract() {
    let (one, other) = (contract("C", "\"/c\"", &["GET /x"]), contract("D", "\"/d\", \"/c/\"", &["GET /y"]));
    assert_eq!(ids_of(&[("c", &one), ("d", &other)]), ["name-taken"]);
    assert_eq!(at("\"/c\", \"/c\""), ["name-taken"]);
    assert_eq!(at("\"/c\", \"/c/\""), ["name-taken"]);
    assert!(at("\"/c\", \"/v1/c\"").is_empty());
}

#[test]
fn a_base_path_has_no_named_parts_and_is_not_the_servers() {
    let bad =
        ["/base/:id", "/", "/health", "/ready", "/metrics/", "/docs", "/openapi.json", "c", "/a//b", "/a?b"];
    for base in bad {
        assert_eq!(at(&format!("{base:?}")), ["bad-route"], "{base}");
    }
    assert!(at("\"/healthy\"").is_empty());
}

#[test]
fn a_route_beneath_the_base_of_another_contract_is_never_reached() {
    let inner = contract("Inner", "\"/c/a\"", &["GET /x"]);
    let hidden = |route: &str| ids_of(&[("c", &contract("C", "\"/c\"", &[route])), ("i", &inner)]);
    assert_eq!(hidden("GET /a"), ["never-fires"]);
    assert_eq!(hidden("GET /a/:id"), ["never-fires"]);
    for route in ["GET /ab", "GET /b/a", "GET /:any", "GET /"] {
        assert!(hidden(route).is_empty(), "{route}");
    }
}

#[test]
fn a_route_that_is_hidden_at_several_bases_is_told_once() {
    let outer = contract("C", "\"/c\", \"/c/v1\"", &["GET /a/x", "GET /b"]);
    let inner = contract("Inner", "\"/c/a\", \"/c/v1/a\"", &["GET /x"]);
    assert_eq!(ids_of(&[("c", &outer), ("i", &inner)]), ["never-fires"]);
    let only_there = contract("Inner", "\"/c/v1/a\"", &["GET /x"]);
    assert_eq!(ids_of(&[("c", &outer), ("i", &only_there)]), ["never-fires"]);
}

fn parts(lines: &str) -> Vec<&'static str> {
    let rest = contract("C", "\"/c\"", &["GET /x"]);
    let (head, rest) = rest.split_once('\n').unwrap();
    ids_of(&[("c", &format!("{head}\n{lines}{rest}"))])
}

#[test]
fn what_a_contract_says_it_says_once() {
    let twice = [
        ("  settings\n    n = 1\n    n = 2\n", "name-taken"),
        ("  error A 404 \"a\"\n  error A 403 \"b\"\n", "name-taken"),
        ("  error Room.ROOM_NOT_FOUND 404 \"a\"\n  error Room.ROOM_NOT_FOUND as B 403 \"b\"\n", "name-taken"),
        ("  errors { message }\n  errors { code }\n", "syntax"),
        ("  headers { \"X-A\": \"1\" }\n  headers { \"X-B\": \"2\" }\n", "syntax"),
        ("  admit\n    true\n  own Room\n  admit\n    true\n", "syntax"),
    ];
    for (lines, id) in twice {
        assert_eq!(parts(lines), [id], "{lines}");
    }
}

#[test]
fn two_errors_may_become_one() {
    assert!(parts("  error A 404 \"a\"\n  error Room.ROOM_NOT_FOUND as A 404 \"a\"\n").is_empty());
}

#[test]
fn names_of_views_and_parameters_are_given_once() {
    assert!(ids_of(&[("v", "view v (a, a) =\n  give a\n")]).contains(&"name-taken"));
    assert_eq!(ids_of(&[("v", "view now () =\n  give 1\n")]), ["name-taken"]);
    assert_eq!(ids_of(&[("v", "view len (a) =\n  give a\n")]), ["name-taken"]);
}

/// A contract that admits a user, and a public route that names this of them.
fn public(user: &str) -> Vec<&'static str> {
    ids_of(&[(
        "c",
        &format!(
            "contract C at \"/c\"\n  admit\n    Authenticating.verify (token: headers[\"x\"]) : (user)  else INVALID_REQUEST\n\npublic sync A\nwhen\n  Requesting.request (route: \"GET /x\", {user}) : (request)\nthen\n  Requesting.respond (request, body: {{ a: true }})\n"
        ),
    )])
}

#[test]
fn a_public_route_has_nothing_of_what_admit_binds() {
    assert_eq!(public("user"), ["may-be-null"]);
    assert_eq!(public("user: who"), ["may-be-null"]);
    assert!(public("user ?? null").is_empty());
    assert!(public("other").is_empty());
}

#[test]
fn what_the_server_feeds_nobody_owns() {
    let text = "contract C at \"/c\"\n  own Requesting, Socket\n";
    assert_eq!(ids_of(&[("c", text)]), ["not-callable", "not-callable"]);
}

#[test]
fn what_stands_in_for_an_object_is_one() {
    for (default, ids) in [("null", &["may-be-null"][..]), ("5", &["type-mismatch"]), ("{id: \"x\"}", &[])] {
        let text = format!(
            "contract C at \"/c\"\n\nsync S\nwhen\n  Requesting.request (route: \"POST /\", who: {{id}} ?? {default}) : (request)\n\
             then\n  Requesting.respond (request, body: {{id}})\n"
        );
        assert_eq!(ids_of(&[("c", &text)]), ids, "{default}");
    }
}
