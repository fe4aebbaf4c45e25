//! `concord fmt`: the one layout.

use std::path::{Path, PathBuf};

use concord_lang::{Source, Sources, layout, read_folder};

use super::Outcome;

pub(super) fn run(paths: &[PathBuf], check: bool) -> Outcome {
    let usual = [PathBuf::from("syncs")];
    let paths = if paths.is_empty() { &usual[..] } else { paths };
    let mut sources = Vec::new();
    for path in paths {
        sources.extend(read(path)?);
    }
    let mut changed = Vec::new();
    for source in &sources {
        let laid = match layout(source) {
            Ok(laid) => laid,
            Err(faults) => {
                return Err(faults.render(&Sources::new(vec![source.clone()]), false).into());
            }
        };
        if laid != source.text {
            changed.push(&*source.path);
            if !check {
                std::fs::write(&source.path, laid)?;
            }
        }
    }
    if check && !changed.is_empty() {
        return Err(format!("laid out otherwise: {}; run `concord fmt`", changed.join(", ")).into());
    }
    super::say(&format!("{} files, {} of them changed", sources.len(), changed.len()));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Source>, Box<dyn std::error::Error>> {
    if path.is_dir() {
        return Ok(read_folder(path)?);
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(vec![Source { folder: String::new(), path: path.display().to_string(), text }])
}
