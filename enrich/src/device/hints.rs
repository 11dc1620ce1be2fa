//! Reads User-Agent Client Hints.

use super::ClientHints;

/// Longest brand, version or model kept, in bytes.
const MAX_VALUE: usize = 64;

/// What the hints say, in the words used for user agents too. Empty means not said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hinted {
    pub(super) browser: String,
    pub(super) browser_version: String,
    pub(super) os: String,
    pub(super) os_version: String,
    pub(super) model: String,
    pub(super) mobile: Option<bool>,
}

pub(super) fn read(hints: &ClientHints<'_>) -> Hinted {
    // The full list has every brand of the short one, with better versions.
    let (browser, browser_version) =
        best_brand(hints.full_version_list).or_else(|| best_brand(hints.ua)).unwrap_or_default();
    let os = match unquote(hints.platform) {
        "Chromium OS" => "Chrome OS",
        "Unknown" => "",
        platform => platform,
    };
    Hinted {
        browser,
        browser_version,
        os_version: os_version(os, unquote(hints.platform_version)),
        os: clip(os).to_owned(),
        model: clip(unquote(hints.model)).to_owned(),
        mobile: match unquote(hints.mobile) {
            "?1" | "1" | "true" => Some(true),
            "?0" | "0" | "false" => Some(false),
            _ => None,
        },
    }
}

/// Returns the most specific brand: a browser's own name before "Google Chrome" before "Chromium", which nearly all name too.
fn best_brand(list: &str) -> Option<(String, String)> {
    let mut best: Option<(u8, &str, &str)> = None;
    for (brand, version) in brands(list) {
        let (rank, name) = match brand {
            "Chromium" => (1, "Chromium"),
            "Google Chrome" => (2, "Chrome"),
            // Stands beside YaBrowser and says the same.
            "Yowser" => (0, ""),
            "Microsoft Edge" => (3, "Edge"),
            // Programs that show pages: they name the browser beside, whose part they are.
            "Microsoft Edge WebView2" => (4, "Edge WebView2"),
            "Android WebView" => (4, "Chrome WebView"),
            "OperaMobile" => (3, "Opera"),
            "YaBrowser" => (3, "Yandex Browser"),
            "HeadlessChrome" => (5, "HeadlessChrome"),
            other if is_grease(other) => (0, ""),
            other => (3, other),
        };
        if rank > 0 && best.is_none_or(|(known, ..)| rank > known) {
            best = Some((rank, name, version));
        }
    }
    let (_, name, version) = best?;
    Some((clip(name).to_owned(), trim_zeros(clip(version)).to_owned()))
}

/// A brand put in at random so that nobody relies on a fixed list: some spelling of "Not A Brand".
fn is_grease(brand: &str) -> bool {
    let letters = brand.bytes().filter(u8::is_ascii_alphabetic);
    let folded: String = letters.map(|b| b.to_ascii_lowercase() as char).collect();
    folded.is_empty() || folded == "notabrand" || folded == "notbrand" || folded == "greasebrand"
}

/// The `"brand";v="version"` pairs of a structured header (RFC 8941). What doesn't parse ends the list.
fn brands(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.find('"')?;
        let (brand, after) = quoted(&rest[start..])?;
        // Parameters run to the comma that precedes the next brand.
        let (version, after) = match after.trim_start().strip_prefix(';') {
            Some(parameters) => match parameters.trim_start().strip_prefix("v=") {
                Some(value) => quoted(value)?,
                None => ("", parameters),
            },
            None => ("", after),
        };
        rest = after;
        Some((brand.trim(), version))
    })
}

/// The text of a quoted string at the start of `text`, and what follows it. Escapes stay as they are: only random
/// brands have any.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Windows sends the version of an API instead of its own
/// (<https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11>).
fn os_version(os: &str, version: &str) -> String {
    if os != "Windows" {
        return trim_zeros(clip(version)).to_owned();
    }
    let mut parts = version.split('.');
    let major = parts.next().and_then(|part| part.parse::<u32>().ok());
    let minor = parts.next().and_then(|part| part.parse::<u32>().ok());
    match (major, minor) {
        (Some(13..), _) => "11",
        (Some(1..), _) => "10",
        (Some(0), Some(3)) => "8.1",
        (Some(0), Some(2)) => "8",
        (Some(0), Some(1)) => "7",
        _ => "",
    }
    .to_owned()
}

/// `120.0.0.0` and `120` are the same version.
pub(super) fn trim_zeros(version: &str) -> &str {
    let mut version = version;
    while let Some(shorter) = version.strip_suffix(".0") {
        version = shorter;
    }
    if version == "0" { "" } else { version }
}

fn unquote(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value).trim()
}

pub(super) fn clip(value: &str) -> &str {
    &value[..value.floor_char_boundary(MAX_VALUE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(list: &str) -> (String, String) {
        best_brand(list).unwrap_or_default()
    }

    #[test]
    fn the_most_telling_brand_wins_and_grease_is_ignored() {
        for (list, browser, version) in [
            (r#""Not_A Brand";v="8", "Chromium";v="120", "Google Chrome";v="120""#, "Chrome", "120"),
            (r#""Google Chrome";v="129", "Not=A?Brand";v="8", "Chromium";v="129""#, "Chrome", "129"),
            (r#"" Not A;Brand";v="99", "Chromium";v="90", "Microsoft Edge";v="90""#, "Edge", "90"),
            (r#""(Not(A:Brand";v="8", "Chromium";v="98.0.4758.109""#, "Chromium", "98.0.4758.109"),
            (r#""Chromium";v="122", "Not(A:Brand";v="24", "Opera";v="108""#, "Opera", "108"),
            (r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#, "Brave", "131"),
            (
                r#""Not_A Brand";v="8", "Chromium";v="120", "YaBrowser";v="24.1", "Yowser";v="2.5""#,
                "Yandex Browser",
                "24.1",
            ),
            (r#""\\Not\"A;Brand";v="99.0.0.0", "Chromium";v="100.0.0.0""#, "Chromium", "100"),
            (r#""Android WebView";v="123", "Not:A-Brand";v="8", "Chromium";v="123""#, "Chrome WebView", "123"),
            (r#""HeadlessChrome";v="120", "Chromium";v="120""#, "HeadlessChrome", "120"),
            (
                r#""Microsoft Edge";v="120", "Chromium";v="120", "Not_A Brand";v="8", "Microsoft Edge WebView2";v="120""#,
                "Edge WebView2",
                "120",
            ),
            (r#""Samsung Internet";v="23.0", "Chromium";v="115", "Not/A)Brand";v="99""#, "Samsung Internet", "23"),
            (r#""Chrome""#, "Chrome", ""),
            (r#""unclosed"#, "", ""),
            ("", "", ""),
            ("garbage;v=1", "", ""),
        ] {
            assert_eq!(brand(list), (browser.to_owned(), version.to_owned()), "{list}");
        }
    }

    #[test]
    fn windows_eleven_is_told_by_the_platform_version() {
        for (sent, version) in [
            ("\"15.0.0\"", "11"),
            ("13.0.0", "11"),
            ("\"10.0.0\"", "10"),
            ("1.0.0", "10"),
            ("0.3.0", "8.1"),
            ("0.1", "7"),
            ("0.0.0", ""),
            ("", ""),
            ("x", ""),
        ] {
            let hinted =
                read(&ClientHints { platform: "\"Windows\"", platform_version: sent, ..ClientHints::default() });
            assert_eq!((hinted.os.as_str(), hinted.os_version.as_str()), ("Windows", version), "{sent}");
        }
    }

    #[test]
    fn values_are_taken_quoted_or_plain() {
        let header = ClientHints {
            platform: "\"Android\"",
            platform_version: "\"14.0.0\"",
            model: "\"Pixel 8\"",
            mobile: "?1",
            ..ClientHints::default()
        };
        let script = ClientHints {
            platform: "Android",
            platform_version: "14",
            model: "Pixel 8",
            mobile: "true",
            ..ClientHints::default()
        };
        assert_eq!(read(&header), read(&script));
        assert_eq!(read(&header).mobile, Some(true));
        assert_eq!(read(&ClientHints { platform: "\"Unknown\"", ..header }).os, "");
        let long = "й".repeat(100);
        assert!(read(&ClientHints { model: &long, ..header }).model.len() <= MAX_VALUE);
    }
}
