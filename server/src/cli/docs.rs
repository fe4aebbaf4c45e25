//! `concord docs`.

use std::path::{Path, PathBuf};

use super::Outcome;
use crate::concepts;

pub(super) fn run(check: bool) -> Outcome {
    let root = root()?;
    let registry = concepts::registry(&[])?;
    if check {
        concord_specs::check(&root, &registry)?;
        super::say("the documents in specs/api are what they should be");
    } else {
        let written = concord_specs::write(&root, &registry)?;
        let all = concord_specs::generate(&registry).len();
        super::say(&format!("{all} documents in specs/api, {} of them changed", written.len()));
    }
    Ok(())
}

/// The checkout that this is run in, or else the folder itself.
fn root() -> std::io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let checkout = here.ancestors().find(|folder| folder.join("server/src/concepts.rs").exists());
    Ok(checkout.map_or_else(|| here.clone(), Path::to_path_buf))
}
