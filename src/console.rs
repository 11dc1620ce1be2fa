//! The console's files, which are part of the program: as the build of `console` has left them (see `build.rs`).

use query_api::Assets;

const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The files; none where the program was built without the console.
#[must_use]
pub fn assets() -> Assets {
    Assets::new(FILES)
}
