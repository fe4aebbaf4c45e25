//! The headers that a contract sets on its replies: those whose variables are bound.
//!
//! A reply to whoever `admit` turns away has what the lines before bound, so a status may have them only sometimes. They
//! are documented where they can come, and as nothing that has to be there.

use concord_lang::plan::{Contract, Expr, Route};
use serde_json::{Map, Value, json};

use super::schema::of_type;
use super::walk::{bound, slots};

/// The headers on the replies of a route.
pub(super) struct Headers(Vec<Header>);

struct Header {
    name: String,
    schema: Value,
    /// How many lines of `admit` it takes until its variables are bound.
    ready: usize,
}

impl Headers {
    pub(super) fn of(contract: &Contract, route: &Route) -> Self {
        if route.public {
            return Self(Vec::new()); // nobody is asked, so nothing is bound
        }
        let headers = contract.headers.iter().zip(&contract.header_types).map(|((name, value), ty)| Header {
            name: name.to_string(),
            // It is left out when it would be null.
            schema: of_type(&ty.clone().not_null()),
            ready: ready(contract, value),
        });
        Self(headers.collect())
    }

    /// Those on a reply that a line of `admit` gives; on one that comes after all of them.
    pub(super) fn after(&self, line: Option<usize>) -> Map<String, Value> {
        let Self(headers) = self;
        let are_sent = |header: &&Header| line.is_none_or(|line| header.ready <= line);
        let sent = headers.iter().filter(are_sent);
        sent.map(|header| (header.name.clone(), json!({ "schema": header.schema }))).collect()
    }
}

fn ready(contract: &Contract, value: &Expr) -> usize {
    let used = slots(value);
    let binds = |line| bound(line).iter().any(|slot| used.contains(slot));
    contract.admit.iter().rposition(binds).map_or(0, |line| line + 1)
}
