//! The rules that come with the program, compiled in. A test holds this list against the directory.

macro_rules! rules {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../rules/", $name, ".yml"))),)*]
    };
}

/// Names and texts.
pub(super) const SOURCES: &[(&str, &str)] = rules![];
