//! Recognises automated visitors by what they say of themselves: a list that others keep, and words that need no list.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

use super::DeviceError;

/// Patterns of crawler-user-agents; see the README beside the file for version and licence.
const LISTED: &str = include_str!("../../data/crawler-user-agents/patterns.txt");

/// Listed, but also in the user agents of people's browsers, programs and telephones.
const PEOPLE: &[&str] = &[
    r"008\/",
    r"AP3A\.240617\.008",
    r"Asana\/",
    "Butterfly",
    "Chirp|gotosocial",
    r"Code\/1\.",
    "Fever",
    "Fluid",
    r"Grammarly\/",
    "NewsBlur",
    r"Notion\/",
    r"Overcast\/",
    r"PocketCasts\/",
    "Podimo",
    "Sogou",
    "Sonic",
    r"Valve\/Steam",
    "Viber",
    "WhatsApp",
];

/// What no person's browser says, in any case: an address to write to or to read about it, a name inside the brackets or
/// behind the browser whose page it asks for, and words for what machines do.
const WORDS: &str = r"(?i)\(khtml, like gecko; |(?:safari|firefox|chrome|edg)/[0-9.]+ \((?:compatible;|https?:)|[\w.+-]+@[\w-]+\.[a-z]|\+http|headless|webdriver|cypress/|cloudflare\w+/|uptime|(?:monitor|monitoring|checker|validator|fetcher|scanner|synthetics?|transcoder|crawler|spider|scraper|inspector)(?:[^a-z]|$)";

/// The compiled patterns.
pub(super) struct Bots {
    /// Nearly all of the list.
    names: AhoCorasick,
    /// The rest of it, and our own words.
    patterns: [Regex; 2],
}

impl Bots {
    pub(super) fn new() -> Result<Self, DeviceError> {
        let (mut names, mut patterns) = (Vec::new(), Vec::new());
        for line in LISTED.lines().filter(|line| !line.is_empty() && !PEOPLE.contains(line)) {
            match literal(line) {
                Some(name) => names.push(name),
                None => patterns.push(format!("(?:{line})")),
            }
        }
        let compile = |pattern: &str| RegexBuilder::new(pattern).unicode(false).build();
        let patterns = [compile(&patterns.join("|"))?, compile(WORDS)?];
        Ok(Self { names: AhoCorasick::new(names)?, patterns })
    }

    /// Whether the user agent says of itself that nobody sits behind it.
    pub(super) fn knows(&self, user_agent: &str) -> bool {
        let said = without_model(user_agent);
        names_a_bot(&said.to_ascii_lowercase())
            || self.names.is_match(&*said)
            || self.patterns.iter().any(|pattern| pattern.is_match(said.as_bytes()))
            // The one that puts itself behind a model (`Pixel 2; Storebot-Google/1.0`).
            || user_agent.contains("-Google/")
    }
}

/// The text that a pattern matches, if it is one.
fn literal(pattern: &str) -> Option<String> {
    let (mut text, mut symbols) = (String::new(), pattern.chars());
    while let Some(symbol) = symbols.next() {
        text.push(match symbol {
            '\\' => symbols.next().filter(char::is_ascii_punctuation)?,
            '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => return None,
            other => other,
        });
    }
    Some(text)
}

/// The user agent without what stands behind `Android` in its brackets: models have all sorts of names (Cubot, M bot Tab,
/// ViewSonic).
pub(super) fn without_model(user_agent: &str) -> Cow<'_, str> {
    let lower = user_agent.to_ascii_lowercase();
    let Some(system) = lower.find("android").or_else(|| lower.find("; adr ").map(|at| at + 1)) else {
        return user_agent.into();
    };
    let end = lower[system..].find(')').map_or(lower.len(), |length| system + length);
    match lower[system..end].find(';') {
        Some(length) if !lower[system..end].contains("compatible") => {
            format!("{}{}", &user_agent[..system + length], &user_agent[end..]).into()
        }
        _ => user_agent.into(),
    }
}

/// `…bot` as the end of a word, except for the phones of the make Cubot.
fn names_a_bot(lower: &str) -> bool {
    lower.match_indices("bot").any(|(at, word)| {
        let rest = &lower[at + word.len()..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        !rest.starts_with(|next: char| next.is_ascii_alphanumeric()) && !lower[..at].ends_with("cu")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P3: what is passed over is on the list, under that name.
    #[test]
    fn what_is_passed_over_is_listed() {
        for pattern in PEOPLE {
            assert!(LISTED.lines().any(|line| line == *pattern), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_are_texts() {
        assert_eq!(literal(r"Googlebot\/").as_deref(), Some("Googlebot/"));
        assert_eq!(literal(r"elmah\.io Uptime").as_deref(), Some("elmah.io Uptime"));
        for pattern in [r"^curl", r"a|b", r"BlogTraffic\/\d", "[wW]get", r"(^| )PTST\/"] {
            assert_eq!(literal(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn bots_are_told_from_phones_called_bot() {
        let bots = Bots::new().unwrap();
        for (user_agent, want) in [
            ("Mozilla/5.0 (compatible; ExampleBot/1.0)", true),
            ("examplebot", true),
            ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", true),
            ("Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) Mobile", false),
            (
                "Mozilla/5.0 (Linux; Android 7.1.2; M bot Tab 103) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.106 Safari/537.36",
                false,
            ),
            ("Dalvik/2.1.0 (Linux; U; Android 9; M bot tab Build/PPR1)", false),
            ("UCWEB/2.0 (Linux; U; Adr 4.2.2; en-US; M bot tab) U2/1.0.0 Mobile", false),
            ("Mozilla/5.0 (Linux; Android 4.3; ViewSonic A8 bots) Safari", false),
            ("Mozilla/5.0 (Linux; Android 6.0; compatible; ExampleBot/1.0)", true),
            ("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) Mobile (compatible; ExampleBot/2.1)", true),
            ("Mozilla/5.0 (Linux; Android", false),
            ("Mozilla/5.0 (bottle; botany; bots2)", false),
        ] {
            assert_eq!(bots.knows(user_agent), want, "{user_agent}");
        }
    }
}
