//! The rules that this server ships, and those that it is given.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use concord_lang::{Source, Sources, read_folder};

use crate::config::Config;

/// The rules that are built in.
pub fn shipped() -> Vec<Source> {
    concord_embed::syncs!("../syncs")
}

/// All rules of a server: those that are built in, unless they are left out, and those of its folders.
pub(crate) fn sources(config: &Config, more: &[impl AsRef<Path>]) -> Result<Sources, Box<dyn Error>> {
    let mut sources = if config.only { Vec::new() } else { shipped() };
    let first = |source: &Source| source.folder.split('/').next().unwrap_or_default().to_owned();
    let mut taken: BTreeSet<String> = sources.iter().map(first).collect();
    let folders = config.syncs.iter().map(AsRef::as_ref).chain(more.iter().map(AsRef::as_ref));
    for folder in folders {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
        if !taken.insert(name.to_string()) {
            let path = folder.display();
            return Err(format!("{path}: there are rules in a folder called `{name}` already").into());
        }
        sources.extend(of_folder(folder, &name)?);
    }
    Ok(Sources::new(sources))
}

/// The rules of a folder. Its subfolders have names below its own; and as what is in one folder belongs together, no two
/// have the same one.
fn of_folder(folder: &Path, name: &str) -> Result<Vec<Source>, Box<dyn Error>> {
    let sources = read_folder(folder)?.into_iter();
    let named = |source: Source| {
        let below =
            if source.folder.is_empty() { name.to_owned() } else { format!("{name}/{}", source.folder) };
        Source { folder: below, ..source }
    };
    Ok(sources.map(named).collect())
}
