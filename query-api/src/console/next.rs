//! Where somebody goes once they are signed in: to a page of the console, and nowhere else.

/// Longest address that is kept, in bytes.
const MAX_BYTES: usize = 2048;
/// Where there is nothing to see for who is signed in.
const NOT_TO: [&str; 2] = ["/sign-in", "/session"];

/// A path of this origin; the first page for whatever else was asked for.
pub(crate) fn local(asked: Option<&str>) -> &str {
    asked.filter(|path| is_local(path)).unwrap_or("/")
}

/// Browsers read `\` as `/` and leave out tabs and line ends, so nothing with either is a path.
fn is_local(path: &str) -> bool {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rooted = path.starts_with('/') && !path.starts_with("//");
    plain && rooted && path.len() <= MAX_BYTES && !NOT_TO.iter().any(|other| path.starts_with(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// C2: signing in leads nobody elsewhere.
    #[test]
    fn only_paths_of_the_console_are_followed() {
        for path in ["/", "/events?actor_id=u-1&period=today", "/users/u%2F1/sign-ins", "/a#b", "/x/..//y"] {
            assert_eq!(local(Some(path)), path);
        }
        for other in [
            "",
            "events",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/a\\b",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ /evil.example",
            "\t//evil.example",
            "/sign-in?next=/",
            "/session",
            "/é",
            &format!("/{}", "x".repeat(MAX_BYTES)),
        ] {
            assert_eq!(local(Some(other)), "/", "{other:?}");
        }
        assert_eq!(local(None), "/");
    }

    proptest! {
        /// C2: as a browser would resolve it, what is followed is of the same origin.
        #[test]
        fn no_path_leaves_the_origin(asked in "[/\\\\a-z:.@?#%\t\n ]{0,12}") {
            let base = url::Url::parse("https://audit.example/sign-in").unwrap();
            let followed = base.join(local(Some(&asked))).unwrap();
            prop_assert_eq!(followed.origin(), base.origin());
        }
    }
}
