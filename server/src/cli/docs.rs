//! `concord docs`.

use std::path::{Path, PathBuf};

use concord_lang::Sources;
use concord_runtime::ContractSettings;

use super::Outcome;
use crate::{concepts, rules};

pub(super) fn run(check: bool) -> Outcome {
    let root = root()?;
    let mut registry = concepts::unserved()?;
    let mut pages = concord_specs::generate(&registry);
    let sources = Sources::new(rules::shipped());
    let (plan, _) = concord_runtime::check_into(sources, &mut registry, &ContractSettings::default())?;
    pages.push(concord_specs::rules(&registry, &plan));
    pages.extend(concord_specs::api_pages(&registry, &plan));
    if check {
        concord_specs::check(&root, &pages)?;
        super::say("the documents in specs/api are what they should be");
    } else {
        let written = concord_specs::write(&root, &pages)?;
        super::say(&format!("{} documents in specs/api, {} of them changed", pages.len(), written.len()));
    }
    Ok(())
}

/// The checkout that this is run in, or else the folder itself.
fn root() -> std::io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let checkout = here.ancestors().find(|folder| folder.join("server/src/concepts.rs").exists());
    Ok(checkout.map_or_else(|| here.clone(), Path::to_path_buf))
}
