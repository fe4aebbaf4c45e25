//! What becomes part of the program besides its source: the rules, and the pages if they have been built.
//!
//! A file that is added or removed is a change. The pages are listed in a table for `include!`; without them the table is
//! empty, and the server says in their place how to build them.

use std::fs;
use std::path::{Path, PathBuf};

/// Where `npm run build` puts the pages.
const PAGES: &str = "../web/built/pages";

/// A folder that is always there, so that cargo sees them come.
const AROUND: &str = "../web/built";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../syncs");
    println!("cargo:rerun-if-changed={AROUND}");
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(PAGES);
    let mut files = Vec::new();
    if root.is_dir() {
        gather(&root, &mut files)?;
    }
    files.sort();
    let entry = |path: &PathBuf| -> Result<String, Box<dyn std::error::Error>> {
        let name = path.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        Ok(format!("    ({name:?}, include_bytes!({:?})),\n", path.canonicalize()?.to_string_lossy()))
    };
    let entries = files.iter().map(entry).collect::<Result<String, _>>()?;
    let out = Path::new(&std::env::var("OUT_DIR")?).join("pages.rs");
    fs::write(out, format!("&[\n{entries}]\n"))?;
    Ok(())
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
