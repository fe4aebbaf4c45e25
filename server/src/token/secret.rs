//! The secret that tokens are signed with: from the environment, or made on the first run and kept in the data folder.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The variable that takes precedence over the file.
pub const VARIABLE: &str = "CONCORD_JWT_SECRET";

const FILE: &str = "jwt-secret";

/// A secret. It does not print.
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// An empty secret is none.
    #[error("the secret in {0} is empty")]
    Empty(String),
    /// The file cannot be read or made.
    #[error("cannot use the secret in {path}")]
    File {
        /// Where it is, or should be.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

impl Secret {
    /// The secret of a data folder; `given` is what the environment says. The first run makes one.
    pub fn of(data: &Path, given: Option<String>) -> Result<Self, SecretError> {
        if let Some(given) = given {
            return Self::from_text(given, || VARIABLE.to_owned());
        }
        let path = data.join(FILE);
        let failed = |source| SecretError::File { path: path.clone(), source };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(data, &path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        Self::from_text(text.trim().to_owned(), || path.display().to_string())
    }

    fn from_text(text: String, place: impl FnOnce() -> String) -> Result<Self, SecretError> {
        if text.is_empty() { Err(SecretError::Empty(place())) } else { Ok(Self(text.into_bytes())) }
    }

    /// What tokens are signed with.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Makes a secret that only its owner can read. Of two first runs at once, both end up with the same one: the file
/// appears whole, under its name, once.
fn make(data: &Path, path: &Path) -> io::Result<String> {
    fs::create_dir_all(data)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string does not fail
        text
    });
    let draft = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => fs::read_to_string(path),
    }
}
