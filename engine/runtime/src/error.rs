//! Why an app does not open.

use std::fmt;

use concord::storage::StorageFault;
use concord_lang::{Diagnostics, Sources};
use concord_store::PrepareError;

/// Why a registry does not take a concept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryFault {
    /// Another instance has the name.
    #[error("there are two instances called {0}")]
    NameTaken(Box<str>),
    /// Two methods have one name on the wire.
    #[error("{concept} has two actions called {action}")]
    ActionTwice {
        /// The instance.
        concept: Box<str>,
        /// The name.
        action: &'static str,
    },
    /// More than 65,536 instances, or actions of one.
    #[error("too many instances, or actions of one instance")]
    TooMany,
}

/// Why an app does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The registry has faults.
    #[error("the registry is not sound")]
    Registry(#[from] RegistryFault),
    /// Something is set that no contract has.
    #[error("there is no setting `{name}` of a contract `{contract}`")]
    NoSuchSetting {
        /// The contract.
        contract: String,
        /// The setting.
        name: String,
    },
    /// The rules have faults.
    #[error("{0}")]
    Rules(Box<RulesFault>),
    /// The store cannot serve a collection.
    #[error("the store cannot be used")]
    Store(#[from] PrepareError),
    /// The store cannot be read.
    #[error(transparent)]
    Failed(#[from] StorageFault),
    /// Connections that the last process left open cannot be closed.
    #[error("connections that were left open cannot be closed: {0}")]
    Connections(String),
}

/// Rules that do not start: what is wrong, and with which files.
#[derive(Debug)]
pub struct RulesFault {
    /// What is wrong.
    pub diagnostics: Diagnostics,
    /// The files.
    pub sources: Sources,
}

impl fmt::Display for RulesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (errors, _) = self.diagnostics.count();
        writeln!(f, "the rules have {errors} faults")?;
        f.write_str(&self.diagnostics.render(&self.sources, false))
    }
}
