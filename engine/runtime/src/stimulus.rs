//! What starts a flow, and what whoever started it waits for.

use concord::{Json, Output, Refusal};

use crate::flow::Record;
use crate::registry::ActionRef;
use crate::spool::Upload;

/// The input of a flow's first action.
pub(crate) struct Input {
    pub(crate) given: Json,
    /// What its record keeps of it, if that is not what the action says.
    pub(crate) keep: Option<Json>,
    /// The files that came with it, if any did.
    pub(crate) upload: Option<Box<Upload>>,
    /// What `admit` did before, for the trace.
    pub(crate) admitted: Vec<Record>,
}

/// What a flow tells whoever started it.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The action's result.
    Result(Output),
    /// What a sync responded: the input of `Requesting.respond`.
    Response(Json),
    /// Why not; and which action said so, if one did.
    Refused(Option<ActionRef>, Refusal),
}

/// What kind of answer is waited for.
#[derive(Debug, Clone)]
pub(crate) enum Waits {
    /// The result of the action itself.
    Result,
    /// A response to the request.
    Response(ActionRef),
    /// The end of the flow, and whether what started it was refused. If a reaction is wanted, it is refused as well when
    /// no sync takes it up.
    End {
        /// Whether a sync has to take it up.
        reaction: bool,
    },
    /// Nobody waits.
    No,
}
