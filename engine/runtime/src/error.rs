//! Why an app does not open.

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
    /// The store cannot serve a collection.
    #[error("the store cannot be used")]
    Store(#[from] PrepareError),
}
