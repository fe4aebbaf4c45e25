//! `concord new concept NAME`: a crate that compiles, is registered, is served and is tested.

use std::fs;
use std::path::{Path, PathBuf};

const MANIFEST: &str = include_str!("../../templates/Cargo.toml.txt");
const SOURCE: &str = include_str!("../../templates/lib.rs.txt");
const TESTS: &str = include_str!("../../templates/tests.rs.txt");

/// Concepts that the server itself feeds.
const RESERVED: &[&str] = &["Requesting", "Socket"];

/// Why there is no new concept.
#[derive(Debug, thiserror::Error)]
pub(super) enum NewConceptError {
    #[error("`{0}` is no name for a concept: write it like `Upvote` or `CallWindow`")]
    Name(String),
    #[error("the name `{0}` is taken by the server itself")]
    Reserved(String),
    #[error("this is no checkout of Concord: there is no server/src/concepts.rs here or above")]
    NoCheckout,
    #[error("there is a concept of that name already: {0}")]
    Exists(PathBuf),
    #[error("{path} does not look as expected; add this line by hand: {line}")]
    Shape { path: PathBuf, line: String },
    #[error("cannot write {path}")]
    File { path: PathBuf, source: std::io::Error },
}

/// The spellings of a name.
struct Names {
    /// `CallWindow`
    pascal: String,
    /// `call-window`
    kebab: String,
    /// `call_window`
    snake: String,
}

/// Writes the crate; says what to do next.
pub(super) fn run(here: &Path, name: &str) -> Result<String, NewConceptError> {
    let names = names(name)?;
    let root = here.ancestors().find(|folder| folder.join("server/src/concepts.rs").exists());
    let root = root.ok_or(NewConceptError::NoCheckout)?;
    let folder = root.join("concepts").join(&names.kebab);
    if folder.exists() {
        return Err(NewConceptError::Exists(folder));
    }
    let registered = registered(root, &names)?;
    let depended = depended(root, &names)?;
    let fill = |template: &str| {
        let text = template.replace("{{Pascal}}", &names.pascal);
        text.replace("{{kebab}}", &names.kebab).replace("{{snake}}", &names.snake)
    };
    write(&folder.join("Cargo.toml"), &fill(MANIFEST))?;
    write(&folder.join("src/lib.rs"), &fill(SOURCE))?;
    write(&folder.join(format!("tests/{}.rs", names.snake)), &fill(TESTS))?;
    write(&registered.0, &registered.1)?;
    write(&depended.0, &depended.1)?;
    Ok(next_steps(&names))
}

fn names(name: &str) -> Result<Names, NewConceptError> {
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.len() <= 40;
    if !fits {
        return Err(NewConceptError::Name(name.into()));
    }
    if RESERVED.contains(&name) {
        return Err(NewConceptError::Reserved(name.into()));
    }
    let mut kebab = String::new();
    for (place, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && place > 0 {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    Ok(Names { pascal: name.into(), snake: kebab.replace('-', "_"), kebab })
}

/// The registry with a line for the concept, before the line that ends it.
fn registered(root: &Path, names: &Names) -> Result<(PathBuf, String), NewConceptError> {
    let line = format!("    registry.add(concept_{}::{}::default())?;\n", names.snake, names.pascal);
    insert(root.join("server/src/concepts.rs"), &line, "    Ok(registry)\n")
}

/// The server's manifest with the dependency, before the blank line that ends the concepts.
fn depended(root: &Path, names: &Names) -> Result<(PathBuf, String), NewConceptError> {
    let line = format!("concept-{0} = {{ path = \"../concepts/{0}\" }}\n", names.kebab);
    insert(root.join("server/Cargo.toml"), &line, "\naxum.workspace = true\n")
}

fn insert(path: PathBuf, line: &str, before: &str) -> Result<(PathBuf, String), NewConceptError> {
    let text =
        fs::read_to_string(&path).map_err(|source| NewConceptError::File { path: path.clone(), source })?;
    let Some(place) = text.find(before) else {
        return Err(NewConceptError::Shape { path, line: line.trim().to_owned() });
    };
    Ok((path, format!("{}{line}{}", &text[..place], &text[place..])))
}

fn write(path: &Path, text: &str) -> Result<(), NewConceptError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, text));
    written.map_err(|source| NewConceptError::File { path: path.to_path_buf(), source })
}

fn next_steps(names: &Names) -> String {
    let Names { pascal, kebab, snake } = names;
    format!(
        "{pascal} is a concept now.\n\
         \n\
         1. Tell its story: concepts/{kebab}/src/lib.rs, and concepts/{kebab}/tests/{snake}.rs\n\
         2. Test it:        cargo test -p concept-{kebab}\n\
         3. Document it:    cargo run -- docs\n\
         4. Serve it:       cargo run\n\
         5. Call it. It is not among the open concepts of server/src/concepts.rs, so it asks for an admin's token:\n\
         \n\
         curl -s http://127.0.0.1:8000/api/{pascal}/add \\\n\
         \x20 -H \"authorization: Bearer $(cargo run -q -- token --user you --role admin)\" \\\n\
         \x20 -H 'content-type: application/json' -d '{{\"owner\": \"you\"}}'"
    )
}
