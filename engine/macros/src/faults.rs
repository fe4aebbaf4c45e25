//! Faults, gathered so that an author sees all of them at once.

use quote::ToTokens;
use syn::{Error, Result};

#[derive(Default)]
pub(crate) struct Faults(Vec<Error>);

impl Faults {
    /// Notes a fault of these tokens.
    pub(crate) fn add(&mut self, at: &impl ToTokens, message: &str) {
        self.0.push(Error::new_spanned(at, message));
    }

    pub(crate) fn push(&mut self, fault: Error) {
        self.0.push(fault);
    }

    pub(crate) fn extend(&mut self, faults: Vec<Error>) {
        self.0.extend(faults);
    }

    /// Notes the fault of a result; its value, if it has one.
    pub(crate) fn absorb<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }

    /// All faults as one error.
    pub(crate) fn finish(self) -> Result<()> {
        let mut faults = self.0.into_iter();
        let Some(mut all) = faults.next() else { return Ok(()) };
        faults.for_each(|fault| all.combine(fault));
        Err(all)
    }
}
