//! The workspace, as cargo sees it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the checkout.
pub fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate lies in the checkout").to_path_buf()
}

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The folder it lies in, relative to the checkout.
    pub folder: PathBuf,
    /// The other packages of the workspace that it needs when it is built for use.
    pub needs: Vec<String>,
    /// The other packages of the workspace that its tests need.
    pub tests_need: Vec<String>,
}

/// All packages of the workspace.
pub fn packages() -> Vec<Package> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(checkout())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("it lists packages");
    packages.iter().map(package).collect()
}

fn package(metadata: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(text(&metadata["manifest_path"]));
    let folder = manifest.parent().expect("a manifest lies in a folder");
    let folder = folder.strip_prefix(checkout()).expect("packages lie in the checkout").to_path_buf();
    let dependencies = metadata["dependencies"].as_array().expect("it lists dependencies");
    let local = |dev: bool| {
        let wanted = dependencies
            .iter()
            .filter(|dependency| dependency["path"].is_string() && (dependency["kind"] == "dev") == dev);
        wanted.map(|dependency| text(&dependency["name"])).collect()
    };
    Package { name: text(&metadata["name"]), folder, needs: local(false), tests_need: local(true) }
}
