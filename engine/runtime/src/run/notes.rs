//! What a flow notes of firings that did nothing, or not all.

use concord::Refusal;

use super::Run;
use crate::eval::Frame;
use crate::flow::{Cause, Failure, Note, What};

impl Run<'_> {
    /// Notes what came of a firing; of very many, those at the beginning and what is still owed.
    pub(super) fn note(&mut self, cause: Cause, what: What) {
        const ENOUGH: usize = 1_000;
        let note = Note { cause: Some(cause), what };
        if self.notes.len() < ENOUGH || note.is_stranded() {
            self.notes.push(note);
        }
    }

    pub(super) fn refused(
        &mut self,
        cause: Cause,
        line: Option<usize>,
        frame: Frame,
        refusal: &Refusal,
        answers: bool,
    ) {
        if !answers {
            let (sync, code, why) = (&*cause.sync, &*refusal.code, refusal.chain());
            tracing::warn!(flow = %self.id, sync, code, message = &*refusal.message, why, "a reaction failed");
        }
        self.note(cause, What::Refused { line, frame, failure: Failure::from(refusal) });
    }
}
