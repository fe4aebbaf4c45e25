//! The variables that a line sees.

use std::sync::Arc;

use crate::ast::Name;
use crate::plan::Slot;
use crate::source::Span;
use crate::types::Type;

/// A variable.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: Arc<str>,
    pub(super) ty: Type,
    /// The fields of a request that it was made of, if it is not one itself.
    pub(super) origins: Vec<Type>,
    pub(super) slot: Slot,
    pub(super) span: Span,
    /// Whether anything reads it.
    pub(super) used: bool,
    /// Whether it is worth a word if nothing does.
    pub(super) matters: bool,
}

/// All variables of a rule so far.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: Vec<Variable>,
    /// The names of all slots that were ever given out.
    pub(super) slots: Vec<Arc<str>>,
    /// Variables that went out of sight without having been used.
    pub(super) unused: Vec<Variable>,
}

impl Scope {
    pub(super) fn find(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| *variable.name == *name)
    }

    /// Looks a variable up in order to read it.
    pub(super) fn read(&mut self, name: &str) -> Option<&Variable> {
        let found = self.variables.iter_mut().rev().find(|variable| *variable.name == *name)?;
        found.used = true;
        Some(found)
    }

    /// Adds a variable; one of the same name is hidden.
    pub(super) fn bind(&mut self, name: &Name, ty: Type, matters: bool) -> Slot {
        let slot = self.slots.len();
        self.slots.push(Arc::clone(&name.text));
        let (name, span) = (Arc::clone(&name.text), name.span);
        self.variables.push(Variable { name, ty, origins: Vec::new(), slot, span, used: false, matters });
        slot
    }

    /// The variable that was bound last was made of these.
    pub(super) fn made_of(&mut self, origins: Vec<Type>) {
        if let Some(variable) = self.variables.last_mut() {
            variable.origins = origins;
        }
    }

    /// From here on the variable is known not to be null.
    pub(super) fn not_null(&mut self, name: &str) {
        if let Some(found) = self.variables.iter_mut().rev().find(|variable| *variable.name == *name) {
            found.ty.null = false;
        }
    }

    /// What was bound after the first `count` variables may be null.
    pub(super) fn nullable_since(&mut self, count: usize) {
        for variable in self.variables.iter_mut().skip(count) {
            variable.ty.null = true;
        }
    }

    /// All variables in sight, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter()
    }

    /// A mark to come back to.
    pub(super) fn mark(&self) -> (usize, Vec<bool>) {
        (self.variables.len(), self.variables.iter().map(|variable| variable.ty.null).collect())
    }

    /// Forgets what was bound and learnt since the mark.
    pub(super) fn reset(&mut self, (count, nulls): (usize, Vec<bool>)) {
        self.unused
            .extend(self.variables.drain(count..).filter(|variable| variable.matters && !variable.used));
        for (variable, null) in self.variables.iter_mut().zip(nulls) {
            variable.ty.null = null;
        }
    }

    /// The names in sight.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|variable| &*variable.name)
    }

    /// All variables that nothing read, and that should have been.
    pub(super) fn idle(&mut self) -> Vec<Variable> {
        let mark = (0, Vec::new());
        self.reset(mark);
        std::mem::take(&mut self.unused)
    }
}
