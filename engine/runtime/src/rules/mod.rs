//! The rules of an app, checked and ready to be matched.

mod catalog;
mod index;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use concord_lang::plan::Call;
use concord_lang::{ActionId, Diagnostics, Plan, Sources};

use self::catalog::Catalog;
pub use self::catalog::ContractSettings;
pub(crate) use self::index::{Index, SyncId};
use crate::error::{OpenError, RulesFault};
use crate::registry::Registry;

/// Rules with the text that they came from, so that a trace can point at it.
#[derive(Default)]
pub(crate) struct Rules {
    pub(crate) plan: Plan,
    pub(crate) sources: Sources,
    pub(crate) index: Index,
    /// By sync: whether it may lead to something that lasts.
    lasting: Vec<bool>,
    /// By sync: how records name it.
    names: Vec<Arc<str>>,
    by_name: HashMap<Arc<str>, SyncId>,
}

impl Rules {
    fn new(plan: Plan, sources: Sources, registry: &Registry) -> Self {
        let names: Vec<Arc<str>> = plan
            .syncs
            .iter()
            .map(|sync| match &*sync.folder {
                "" => Arc::clone(&sync.name),
                folder => format!("{folder}/{}", sync.name).into(),
            })
            .collect();
        let by_name = names.iter().cloned().zip(0..).collect();
        let lasting = lasting(&plan, registry);
        Self { index: Index::new(&plan), plan, sources, lasting, names, by_name }
    }

    /// How records name a sync: its folder and its name.
    pub(crate) fn name(&self, sync: SyncId) -> &Arc<str> {
        &self.names[sync as usize]
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<SyncId> {
        self.by_name.get(name).copied()
    }

    /// Whether a sync, or what it causes, may write something that lasts: then it is owed even after a crash.
    pub(crate) fn is_lasting(&self, sync: SyncId) -> bool {
        self.lasting[sync as usize]
    }
}

/// Checks rules against concepts, which get the instances that contracts want for themselves.
pub(crate) fn load(
    sources: Sources,
    registry: &mut Registry,
    settings: &ContractSettings,
) -> Result<(Rules, Diagnostics), OpenError> {
    for (contract, concept) in concord_lang::owned(&sources) {
        registry.add_own(&contract, &concept)?;
    }
    let checked = concord_lang::check(&sources, &Catalog::new(registry, settings));
    match checked {
        Ok((plan, warnings)) => {
            known(settings, &plan)?;
            Ok((Rules::new(plan, sources, registry), warnings))
        }
        Err(diagnostics) => Err(OpenError::Rules(RulesFault { diagnostics, sources }.into())),
    }
}

/// Whoever sets what no contract has is told, rather than left with a setting that does nothing.
fn known(settings: &ContractSettings, plan: &Plan) -> Result<(), OpenError> {
    for (contract, name) in settings.keys() {
        let found = plan.contracts.iter().find(|found| *found.name == **contract);
        if found.is_none_or(|found| !found.settings.iter().any(|setting| **setting == **name)) {
            return Err(OpenError::NoSuchSetting { contract: contract.clone(), name: name.clone() });
        }
    }
    Ok(())
}

/// By sync, whether it does anything that lasts, or wakes one that does.
fn lasting(plan: &Plan, registry: &Registry) -> Vec<bool> {
    let keeps = |call: &Call| {
        let instance = registry.instance(call.action.into());
        instance.collections().iter().any(|collection| !collection.state.volatile)
    };
    let mut lasting: Vec<bool> = plan.syncs.iter().map(|sync| sync.then.iter().any(keeps)).collect();
    loop {
        // Actions that a lasting sync waits for.
        let awaited: HashSet<ActionId> = plan
            .syncs
            .iter()
            .zip(&lasting)
            .filter(|(_, lasting)| **lasting)
            .flat_map(|(sync, _)| sync.when.iter().map(|line| line.action))
            .collect();
        let mut changed = false;
        for (sync, lasting) in plan.syncs.iter().zip(&mut lasting) {
            if !*lasting && sync.then.iter().any(|call| awaited.contains(&call.action)) {
                (*lasting, changed) = (true, true);
            }
        }
        if !changed {
            return lasting;
        }
    }
}
