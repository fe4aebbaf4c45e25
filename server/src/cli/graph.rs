//! `concord graph`: concepts, actions and syncs as a diagram.

use super::Outcome;
use crate::config::Config;
use crate::{concepts, rules};

pub(super) fn run(config: &Config) -> Outcome {
    let sources = rules::sources(config, &config.syncs[..0])?;
    let mut registry = concepts::unserved()?;
    let (plan, _) = concord_runtime::check_into(sources, &mut registry, &config.contracts)?;
    super::say(concord_specs::graph(&registry, &plan).trim_end());
    Ok(())
}
