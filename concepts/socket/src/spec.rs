//! What the concept says of itself: its actions, their parameters and documentation.

use std::collections::BTreeMap;

use concord::spec::{ActionSpec, ConceptSpec, ParamSpec, Role, Rows};
use concord::{ConceptError, Id, rt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Connection, Details, Error, Target};

pub(super) const OPEN: usize = 0;
pub(super) const RECEIVE: usize = 1;
pub(super) const CLOSE: usize = 2;
pub(super) const JOIN: usize = 3;
pub(super) const LEAVE: usize = 4;
pub(super) const EMIT: usize = 5;
pub(super) const DISCONNECT: usize = 6;
pub(super) const GET: usize = 7;
pub(super) const ALL: usize = 8;

#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct OpenInput {
    contract: String,
    connection: Id<Connection>,
    headers: Option<BTreeMap<String, String>>,
    ip: Option<String>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct ReceiveInput {
    contract: String,
    connection: Id<Connection>,
    event: String,
    data: Option<serde_json::Value>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct CloseInput {
    contract: String,
    connection: Id<Connection>,
    reason: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grouping {
    connection: Id<Connection>,
    group: Id<Target>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "for its schema")]
struct EmitInput {
    to: Id<Target>,
    except: Option<Id<Target>>,
    event: String,
    data: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<Id<Connection>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Id<Target>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Getting {
    pub(super) connection: Id<Connection>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Id<Connection>>,
}

pub(super) const SPEC: ConceptSpec = ConceptSpec {
    name: "Socket",
    purpose: "Hold connections to the outside, and send them what syncs say.",
    principle: "If a connection is opened and joins a group, what is sent to the group reaches it, in the order in which \
                it was sent, until it leaves the group or is closed.",
    actions: ACTIONS,
};

const KEPT: Role = Role::Action { external: false, transient: false };
const PASSING: Role = Role::Action { external: false, transient: true };

const fn param(name: &'static str, optional: bool) -> ParamSpec {
    ParamSpec { name, optional, secret: false }
}

/// An action without parts that most of them lack.
const PLAIN: ActionSpec = ActionSpec {
    name: "",
    role: PASSING,
    summary: "",
    requires: &[],
    effects: &[],
    params: &[],
    input: rt::schema::<Ending>,
    output: rt::output::<()>,
    errors: Error::ERRORS,
    open: false,
    stimulus: false,
};

const STIMULUS: ActionSpec = ActionSpec { open: true, stimulus: true, ..PLAIN };

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "open",
        role: KEPT,
        summary: "Notes that a connection has been let in.",
        effects: &["The connection is open, and known by these fields."],
        params: &[
            param("contract", false),
            param("connection", false),
            param("headers", true),
            param("ip", true),
        ],
        input: rt::schema::<OpenInput>,
        ..STIMULUS
    },
    ActionSpec {
        name: "receive",
        summary: "Receives a message.",
        effects: &["There is a message with these fields."],
        params: &[
            param("contract", false),
            param("connection", false),
            param("event", false),
            param("data", true),
        ],
        input: rt::schema::<ReceiveInput>,
        ..STIMULUS
    },
    ActionSpec {
        name: "close",
        role: KEPT,
        summary: "Notes that a connection has ended, in whatever way.",
        effects: &["The connection is not open any more, and is in no group."],
        params: &[param("contract", false), param("connection", false), param("reason", false)],
        input: rt::schema::<CloseInput>,
        ..STIMULUS
    },
    ActionSpec {
        name: "join",
        summary: "Puts a connection into a group.",
        effects: &["What is sent to the `group` from now on reaches the `connection`, if it is open."],
        params: &[param("connection", false), param("group", false)],
        input: rt::schema::<Grouping>,
        ..PLAIN
    },
    ActionSpec {
        name: "leave",
        summary: "Takes a connection out of a group.",
        effects: &["What is sent to the `group` from now on does not reach the `connection`."],
        params: &[param("connection", false), param("group", false)],
        input: rt::schema::<Grouping>,
        ..PLAIN
    },
    ActionSpec {
        name: "emit",
        summary: "Sends an event to a connection, or to all connections of a group.",
        requires: &["`event` must have a name."],
        effects: &[
            "Each of them receives the `event` with the `data`, but for the connection `except`.",
            "All members of a group receive its events in the same order.",
            "A connection that takes them too slowly is closed.",
        ],
        params: &[param("to", false), param("except", true), param("event", false), param("data", true)],
        input: rt::schema::<EmitInput>,
        ..PLAIN
    },
    ActionSpec {
        name: "disconnect",
        summary: "Ends a connection, or all connections of a group.",
        requires: &["There must be a `connection` or a `group`."],
        effects: &["Each of them ends, once it has received what was sent to it before."],
        params: &[param("connection", true), param("group", true)],
        input: rt::schema::<Ending>,
        ..PLAIN
    },
    ActionSpec {
        name: "_get",
        role: Role::Query(Rows::Optional),
        summary: "Tells what a connection is known by.",
        effects: &["Returns the connection; no row if it is not open."],
        params: &[param("connection", false)],
        input: rt::schema::<Getting>,
        output: rt::output::<Details>,
        ..PLAIN
    },
    ActionSpec {
        name: "_all",
        role: Role::Query(Rows::Many),
        summary: "Lists the connections that are open, a thousand at a time, in the order of their IDs.",
        effects: &["Returns one row for each connection whose ID comes `after` the given one."],
        params: &[param("after", true)],
        input: rt::schema::<Listing>,
        output: rt::output::<Details>,
        ..PLAIN
    },
];
