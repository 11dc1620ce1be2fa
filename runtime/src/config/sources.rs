//! Where values come from, and in which order.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::Value;
use serde::de::DeserializeOwned;

use super::{ConfigError, DEFAULTS};

/// Prefix of environment variables; levels are separated by two underscores as well.
const PREFIX: &str = "USERTRAIL__";
/// Here keys are names of librdkafka: free, and with dots.
const OPTIONS: &str = "kafka.options.";

pub(super) fn merge<T: DeserializeOwned>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&str, String)],
) -> Result<T, ConfigError> {
    let defaults = Figment::from(Toml::string(DEFAULTS));
    let mut merged = defaults.clone();
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        merged = merged.merge(Toml::string(&text));
    }
    for (name, value) in environment {
        if let Some(key) = name.strip_prefix(PREFIX) {
            merged = set(merged, &defaults, &key.to_lowercase().replace("__", "."), &value, &name)?;
        }
    }
    for (key, value) in flags {
        merged = set(merged, &defaults, key, value, key)?;
    }
    merged.extract().map_err(|error| {
        let all: Vec<String> = error.into_iter().map(|error| describe(&error)).collect();
        ConfigError::Shape(all.join("; "))
    })
}

/// Sets one key from a text. The default's type decides how the text is read, so that a password of digits stays text.
fn set(merged: Figment, defaults: &Figment, key: &str, text: &str, origin: &str) -> Result<Figment, ConfigError> {
    if let Some(option) = key.strip_prefix(OPTIONS) {
        // Set as a table, because a dotted key would become levels.
        let table = std::collections::BTreeMap::from([(option.replace('_', "."), text.to_owned())]);
        return Ok(merged.merge(Serialized::default("kafka.options", table)));
    }
    let bad = |why: &str| ConfigError::Shape(format!("{origin}: {why}"));
    let default = defaults.find_value(key).map_err(|_| bad(&format!("unknown key `{key}`")))?;
    let value = match default {
        Value::String(..) => Value::from(text),
        Value::Dict(..) => return Err(bad(&format!("`{key}` is a table"))),
        Value::Array(..) if !text.trim_start().starts_with('[') => {
            Value::from(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>())
        }
        _ => text.parse().map_err(|_| bad(&format!("`{key}` can't be read")))?,
    };
    Ok(merged.merge(Serialized::default(key, value)))
}

/// The key first: that is what has to be found in the file.
fn describe(error: &figment::Error) -> String {
    let path = error.path.join(".");
    match &error.kind {
        // The path ends in the unknown name.
        figment::error::Kind::UnknownField(_, known) => {
            format!("unknown key `{path}`; known there: {}", known.join(", "))
        }
        kind if path.is_empty() => kind.to_string(),
        kind => format!("`{path}`: {kind}"),
    }
}
