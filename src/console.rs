//! The console's files, which are part of the program: as the build of `console` has left them (see `build.rs`).

use query_api::Assets;

const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The files; none where the program was built without the console.
#[must_use]
pub fn assets() -> Assets {
    Assets::new(FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C1: a release has the console inside; a build on the way may go without, and says so.
    #[test]
    fn a_release_has_the_console_inside() {
        let is_required = !cfg!(debug_assertions) || option_env!("USERTRAIL_CONSOLE") == Some("required");
        let missing = "console/dist is missing: run `npm ci && npm run build` in console, then build again";
        assert!(assets().are_built() || !is_required, "{missing}");
    }

    /// C1: the page has nothing that its policy would refuse, and asks nobody else for anything.
    #[test]
    fn the_page_holds_to_its_policy() {
        let Some((_, page)) = FILES.iter().find(|(path, _)| *path == "index.html") else { return };
        let page = std::str::from_utf8(page).unwrap();
        let scripts: Vec<&str> = page.split("<script").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
        assert!(scripts.iter().all(|script| script.contains(" src=\"/")), "{scripts:?}");
        for refused in ["<style", " style=", " onload=", " onclick=", "javascript:", "http://", "https://", "src=\"//"]
        {
            assert!(!page.contains(refused), "{refused}: {page}");
        }
    }
}
