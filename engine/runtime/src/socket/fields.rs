//! The fields of connections and messages, checked against what the contract's syncs take them for.

use std::sync::Arc;

use concord::{Name, Refusal, Value};
use concord_lang::plan::{RouteField, Socket};

use crate::contract::fields::{converted, fault, from_query, invalid};

type Named = Vec<(Name, Value)>;

/// What a connection brings along: the named parts of its path, then its query.
pub(super) fn opening(
    socket: &Socket,
    params: &[(Arc<str>, String)],
    query: &str,
    bound: &Named,
) -> Result<Named, Refusal> {
    let mut fields = bound.clone();
    for field in &socket.opening {
        let value = match params.iter().find(|(name, _)| *name == field.name) {
            Some((_, text)) => converted(text, field),
            None => from_query(query, field)?,
        };
        take(&mut fields, field, value)?;
    }
    Ok(fields)
}

/// What a message carries: what belongs to its connection wins, then its data, then the connection's query.
pub(super) fn of_message(fields: &[RouteField], data: &Value, query: &str) -> Result<Named, Refusal> {
    let mut named = Named::new();
    for field in fields {
        let value = match data.field(&field.name) {
            Value::Null => from_query(query, field)?,
            value => value,
        };
        take(&mut named, field, value)?;
    }
    Ok(named)
}

fn take(fields: &mut Named, field: &RouteField, value: Value) -> Result<(), Refusal> {
    if let Some(fault) = fault(field, &value) {
        Err(invalid(&field.name, fault))
    } else {
        if !value.is_null() {
            fields.push(((&field.name).into(), value));
        }
        Ok(())
    }
}
