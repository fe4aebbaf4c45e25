//! Values with their origins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use concord::nearest;
use toml::{Table, Value};

use super::ConfigError;
use super::settings::{SETTINGS, Setting, Shape};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said.
    Default,
    /// A file.
    File(PathBuf),
    /// A variable.
    Environment(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The values that were given, the last one for each setting.
#[derive(Debug, Default)]
pub struct Layers {
    values: BTreeMap<&'static str, (Value, Source)>,
    /// Settings of contracts: tables with a capital, which are checked by whoever knows the contract.
    contracts: BTreeMap<String, (Value, Source)>,
}

/// Variables that are not settings.
const OTHER_VARIABLES: &[&str] = &[crate::token::VARIABLE];

impl Layers {
    /// Adds a file.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::File { path: path.to_path_buf(), source })?;
        let table: Table = text
            .parse()
            .map_err(|source| ConfigError::Toml { path: path.to_path_buf(), source: Box::new(source) })?;
        let from = Source::File(path.to_path_buf());
        for (name, value) in table {
            match value {
                Value::Table(inner) if name.starts_with(char::is_uppercase) => {
                    for (key, value) in inner {
                        self.contracts.insert(format!("{name}.{key}"), (value, from.clone()));
                    }
                }
                Value::Table(inner) => {
                    for (key, value) in inner {
                        self.set(&format!("{name}.{key}"), value, &from)?;
                    }
                }
                value => self.set(&name, value, &from)?,
            }
        }
        Ok(())
    }

    /// Adds the variables that begin with `CONCORD_`.
    pub fn environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix("CONCORD_") else { continue };
            if OTHER_VARIABLES.contains(&variable.as_str()) {
                continue;
            }
            let from = Source::Environment(variable.clone());
            let known = SETTINGS.iter().find(|setting| variable_of(setting.name) == name);
            match (known, name.split_once("__")) {
                (Some(setting), _) => self.set_text(setting, &text, &from)?,
                (None, Some((contract, key))) => {
                    let name = format!("{}.{}", pascal(contract), camel(key));
                    self.contracts.insert(name, (Value::String(text), from));
                }
                (None, None) => return Err(unknown(name.to_lowercase(), from)),
            }
        }
        Ok(())
    }

    /// Adds a flag.
    pub fn flag(&mut self, flag: &'static str, name: &'static str, text: &str) -> Result<(), ConfigError> {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| unknown(name.to_owned(), Source::Flag(flag)))?;
        self.set_text(setting, text, &Source::Flag(flag))
    }

    fn set_text(&mut self, setting: &'static Setting, text: &str, from: &Source) -> Result<(), ConfigError> {
        let value = match setting.shape {
            Shape::Text | Shape::Secret => Value::String(text.to_owned()),
            Shape::Number => {
                let number = text.trim().parse().map_err(|_| wrong(setting, from.clone()))?;
                Value::Integer(number)
            }
            Shape::List => split(text),
        };
        self.set(setting.name, value, from)
    }

    fn set(&mut self, name: &str, value: Value, from: &Source) -> Result<(), ConfigError> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            return Err(unknown(name.to_owned(), from.clone()));
        };
        let fits = match (&value, setting.shape) {
            (Value::String(_), Shape::Text | Shape::Secret) => true,
            (Value::Integer(number), Shape::Number) => *number >= 0,
            (Value::Array(items), Shape::List) => items.iter().all(Value::is_str),
            _ => false,
        };
        if !fits {
            return Err(wrong(setting, from.clone()));
        }
        self.values.insert(setting.name, (value, from.clone()));
        Ok(())
    }

    pub(super) fn is_default(&self, name: &str) -> bool {
        !self.values.contains_key(name)
    }

    pub(super) fn wrong(&self, name: &'static str) -> ConfigError {
        let from = self.values.get(name).map_or(Source::Default, |(_, from)| from.clone());
        match SETTINGS.iter().find(|setting| setting.name == name) {
            Some(setting) => wrong(setting, from),
            None => unknown(name.to_owned(), from),
        }
    }

    /// The value of a setting and where it comes from.
    fn value(&self, name: &'static str) -> Result<(Value, Source), ConfigError> {
        if let Some(given) = self.values.get(name) {
            return Ok(given.clone());
        }
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| unknown(name.to_owned(), Source::Default))?;
        let value = match setting.shape {
            Shape::Text | Shape::Secret => Value::String(setting.default.to_owned()),
            Shape::Number => {
                Value::Integer(setting.default.parse().map_err(|_| wrong(setting, Source::Default))?)
            }
            Shape::List => split(setting.default),
        };
        Ok((value, Source::Default))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        let (value, _) = self.value(name)?;
        value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, ConfigError> {
        let (value, _) = self.value(name)?;
        value.as_integer().and_then(|number| u64::try_from(number).ok()).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn list(&self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let (value, _) = self.value(name)?;
        let items = value.as_array().ok_or_else(|| self.wrong(name))?;
        Ok(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    /// The settings of contracts, as texts: what they have to be, the contracts know.
    pub(super) fn contracts(&self) -> concord_runtime::ContractSettings {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pair =
            |name: &str| name.split_once('.').map(|(contract, key)| (contract.to_owned(), key.to_owned()));
        self.contracts.iter().filter_map(|(name, (value, _))| Some((pair(name)?, text(value)))).collect()
    }

    /// The whole configuration as TOML that could be used again, each line with where it comes from.
    pub fn print(&self) -> Result<String, ConfigError> {
        let mut text = String::new();
        let mut table = "";
        for setting in SETTINGS {
            let (in_table, key) = setting.name.split_once('.').unwrap_or(("", setting.name));
            if in_table != table {
                text.push_str(&format!("\n[{in_table}]\n"));
                table = in_table;
            }
            let (value, from) = self.value(setting.name)?;
            let (value, shown) = match (setting.shape, value.as_str()) {
                // Not to be used again as it is: the line says only whether there is one.
                (Shape::Secret, Some(text)) if !text.is_empty() => ("(set)".into(), "# "),
                _ => (value, ""),
            };
            text.push_str(&format!("{shown}{key} = {value} # {from}: {}\n", setting.help));
        }
        let mut contract = "";
        for (name, (value, from)) in &self.contracts {
            let (in_contract, key) = name.split_once('.').unwrap_or(("", name));
            if in_contract != contract {
                text.push_str(&format!("\n[{in_contract}]\n"));
                contract = in_contract;
            }
            text.push_str(&format!("{key} = {value} # {from}\n"));
        }
        Ok(text)
    }
}

fn unknown(name: String, from: Source) -> ConfigError {
    let near = nearest(&name, SETTINGS.iter().map(|setting| setting.name));
    ConfigError::Unknown { from, name, near }
}

fn wrong(setting: &'static Setting, from: Source) -> ConfigError {
    ConfigError::Value { from, name: setting.name, expected: setting.expected }
}

fn split(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

/// `limits.bodyBytes` → `LIMITS__BODY_BYTES`.
fn variable_of(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '.' => out.push_str("__"),
            c if c.is_uppercase() => {
                out.push('_');
                out.push(c);
            }
            c => out.extend(c.to_uppercase()),
        }
    }
    out
}

/// `VIDEO_CALLS` → `VideoCalls`.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        word.get(..1).unwrap_or_default().to_owned() + &word.get(1..).unwrap_or_default().to_lowercase()
    };
    name.split('_').map(word).collect()
}

/// `REQUESTS_PER_MINUTE` → `requestsPerMinute`.
fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut chars = pascal.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn environment(pairs: &[(&str, &str)]) -> Result<Layers, ConfigError> {
        let mut layers = Layers::default();
        layers.environment(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))?;
        Ok(layers)
    }

    #[test]
    fn every_default_is_a_value_that_its_setting_can_have() {
        let config = Config::of(&Layers::default()).unwrap();
        assert_eq!(
            (config.listen.as_str(), config.store.as_str()),
            ("127.0.0.1:8000", "sqlite:./data/concord.db")
        );
    }

    #[test]
    fn a_later_layer_wins_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("concord.toml");
        std::fs::write(
            &path,
            "listen = '127.0.0.1:1'\ndata = 'd'\n[limits]\nbodyBytes = 5\n[VideoCalls]\nx = 1\n",
        )
        .unwrap();
        let mut layers = Layers::default();
        layers.file(&path).unwrap();
        let variables = [("CONCORD_LIMITS__BODY_BYTES".into(), "6".into()), ("HOME".into(), "x".into())];
        layers.environment(variables.into_iter()).unwrap();
        layers.flag("--listen", "listen", "127.0.0.1:2").unwrap();
        let config = Config::of(&layers).unwrap();
        assert_eq!((config.listen.as_str(), config.requests.body_bytes), ("127.0.0.1:2", 6));
        assert_eq!(config.store, "sqlite:d/concord.db", "the store lies in the data folder");
        let text = layers.print().unwrap();
        assert!(
            text.contains("bodyBytes = 6 # CONCORD_LIMITS__BODY_BYTES: bytes of a request's body"),
            "{text}"
        );
        assert!(text.contains("[VideoCalls]\nx = 1"), "{text}");
    }

    #[test]
    fn contracts_are_set_from_the_environment_too() {
        let layers = environment(&[("CONCORD_VIDEO_CALLS__REQUESTS_PER_MINUTE", "600")]).unwrap();
        assert!(layers.contracts.contains_key("VideoCalls.requestsPerMinute"));
    }

    #[test]
    fn faults_name_where_they_are_and_what_was_meant() {
        let fault = environment(&[("CONCORD_LISTN", "x")]).unwrap_err().to_string();
        assert_eq!(fault, "CONCORD_LISTN: there is no setting `listn`; did you mean `listen`?");
        let fault = environment(&[("CONCORD_RING__BYTES", "many")]).unwrap_err().to_string();
        assert_eq!(fault, "CONCORD_RING__BYTES: `ring.bytes` must be a whole number, not negative");
        let layers = environment(&[("CONCORD_SERVER__TRUSTED_PROXIES", "127.0.0.1, proxy.example")]).unwrap();
        let fault = Config::of(&layers).unwrap_err().to_string();
        let wanted = "a list of addresses and networks, such as 10.0.0.0/8";
        let said = format!("CONCORD_SERVER__TRUSTED_PROXIES: `server.trustedProxies` must be {wanted}");
        assert_eq!(fault, said);
        let mut layers = Layers::default();
        layers.flag("--log", "log.format", "xml").unwrap();
        let fault = Config::of(&layers).unwrap_err().to_string();
        assert_eq!(fault, "--log: `log.format` must be text or json");
    }
}
