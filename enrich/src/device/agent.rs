//! Puts hints and user agent together.

use std::sync::Arc;

use ua_parser::Extractor;

use super::bots::{Bots, without_model};
use super::hints::{Hinted, clip, read, trim_zeros};
use super::kind::{form_factor, script};
use super::{Agent, ClientHints, DeviceKind, Traits};

/// What the user agent alone says.
#[derive(Debug, Default)]
struct Written {
    browser: String,
    version: String,
    os: String,
    os_version: String,
    model: String,
    spider: bool,
}

/// Describes one combination of headers. Slow (tens of microseconds): the parser caches what it returns.
pub(super) fn describe(patterns: &Extractor<'static>, bots: &Bots, user_agent: &str, hints: &ClientHints<'_>) -> Agent {
    let hinted = read(hints);
    let mut written = extract(patterns, user_agent);
    let lower = user_agent.to_ascii_lowercase();

    if hinted.browser.is_empty()
        && let Some((name, version)) = script(user_agent)
    {
        let (browser, os): (Arc<str>, Arc<str>) = (clip(name).into(), written.os.into());
        let kind = DeviceKind::Script;
        return Agent {
            traits: Traits { browser: Arc::clone(&browser), os: Arc::clone(&os), model: "".into(), kind },
            browser,
            browser_version: clip(version).into(),
            os,
            os_version: written.os_version.into(),
            model: "".into(),
            kind,
            bot: false,
        };
    }

    let bot = written.spider || bots.knows(user_agent) || hinted.browser == "HeadlessChrome";
    if !bot && written.browser.to_ascii_lowercase().ends_with("bot") {
        // The name of a model (M bot Tab), which uap-core takes for a browser's.
        (written.browser, written.version) = browser_written(patterns, &without_model(user_agent));
    }
    let traits = traits(&hinted, &written, &lower);
    let (browser, browser_version) = browser(&hinted, &written);
    let (os, os_version) = system(&hinted, &written, user_agent);
    let model = if hinted.model.is_empty() { written.model } else { hinted.model };
    let kind = if bot { DeviceKind::Bot } else { form_factor(&lower, &os, &model, hinted.mobile) };
    // A bot's imitation of a phone says nothing about a phone, and uap-core takes a Fire TV for a Kindle.
    let misleading = bot || (kind == DeviceKind::Tv && model == "Kindle");
    Agent {
        model: if misleading { Arc::from("") } else { model.into() },
        traits,
        browser: browser.into(),
        browser_version: browser_version.into(),
        os: os.into(),
        os_version: os_version.into(),
        kind,
        bot,
    }
}

/// By the user agent alone, which says the same whatever hints come with it; by the hints that are always sent where there
/// is none.
fn traits(hinted: &Hinted, written: &Written, lower: &str) -> Traits {
    if written.browser.is_empty() && written.os.is_empty() {
        let (browser, os) = (hinted.browser.as_str().into(), hinted.os.as_str().into());
        return Traits { browser, os, ..Traits::default() };
    }
    Traits {
        browser: written.browser.as_str().into(),
        os: written.os.as_str().into(),
        model: written.model.as_str().into(),
        kind: form_factor(lower, &written.os, &written.model, None),
    }
}

fn browser(hinted: &Hinted, written: &Written) -> (String, String) {
    if hinted.browser.is_empty() {
        return (written.browser.clone(), written.version.clone());
    }
    // Browsers that pass for Chrome in the hints, but name themselves in the user agent (Vivaldi, DuckDuckGo …).
    let anonymous = matches!(hinted.browser.as_str(), "Chromium" | "Chrome");
    let named =
        !matches!(written.browser.as_str(), "" | "Chrome" | "Chromium" | "Safari" | "Android" | "Chrome WebView");
    if anonymous && named {
        (written.browser.clone(), written.version.clone())
    } else {
        (hinted.browser.clone(), hinted.browser_version.clone())
    }
}

fn system(hinted: &Hinted, written: &Written, user_agent: &str) -> (String, String) {
    if hinted.os.is_empty() {
        let frozen = is_frozen(written, user_agent);
        let version = if frozen { String::new() } else { written.os_version.clone() };
        return (written.os.clone(), version);
    }
    if !hinted.os_version.is_empty() {
        return (hinted.os.clone(), hinted.os_version.clone());
    }
    // The platform alone: the user agent's version is of use if it is the same system and not frozen.
    let version = if hinted.os == written.os && !is_frozen(written, user_agent) {
        written.os_version.clone()
    } else {
        String::new()
    };
    (hinted.os.clone(), version)
}

/// Whether the user agent states the system's version that its browser states on every machine.
/// Chromium: <https://www.chromium.org/updates/ua-reduction/>; Firefox caps macOS at 10.15 and Windows at 10.0 alike;
/// Safari stopped counting macOS at 10.15.7 and iOS at 18.
fn is_frozen(written: &Written, user_agent: &str) -> bool {
    match written.os.as_str() {
        "Windows" => written.os_version == "10",
        "macOS" => matches!(written.os_version.as_str(), "10.15" | "10.15.7"),
        "Android" => written.os_version == "10" && user_agent.contains("Android 10; K"),
        "Chrome OS" => written.os_version.starts_with("14541"),
        "iOS" => {
            let safari = written.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
            written.os_version.starts_with("18.")
                && written.browser == "Safari"
                && safari.is_some_and(|major| major >= 26)
        }
        _ => false,
    }
}

fn extract(patterns: &Extractor<'static>, user_agent: &str) -> Written {
    if user_agent.is_empty() {
        return Written::default();
    }
    let (browser, version_of_it) = browser_written(patterns, user_agent);
    let mut written = Written { browser, version: version_of_it, ..Written::default() };
    if let Some(found) = patterns.os.extract(user_agent) {
        let [major, minor, patch] = [&found.major, &found.minor, &found.patch].map(Option::as_deref);
        written.os = match &*found.os {
            "Mac OS X" => "macOS",
            "ATV OS X" => "tvOS",
            "Web0S" => "webOS",
            other => clip(other),
        }
        .to_owned();
        written.os_version = version(&[major, minor, patch]);
    }
    if let Some(found) = patterns.dev.extract(user_agent) {
        written.spider = found.device == "Spider";
        let model = clip(found.model.as_deref().unwrap_or(""));
        // Not models, but what is said when there is none; "K" is Chrome's stand-in for every Android model.
        let said = !matches!(model, "K" | "Mac" | "iOS-Device" | "Smartphone" | "Tablet" | "Desktop" | "Feature Phone");
        if said && !written.spider {
            written.model = model.to_owned();
        }
    }
    written
}

/// Family and version.
fn browser_written(patterns: &Extractor<'static>, user_agent: &str) -> (String, String) {
    let Some(found) = patterns.ua.extract(user_agent) else { return Default::default() };
    let mut family = family(clip(&found.family)).to_owned();
    // Programs that show pages by a part of Edge: it is no browser of the user's. Teams says nothing else.
    if family == "Edge" && [" WebView2/", " Teams/"].iter().any(|program| user_agent.contains(program)) {
        "Edge WebView2".clone_into(&mut family);
    }
    (family, version(&[found.major, found.minor, found.patch, found.patch_minor]))
}

/// Returns uap-core's browser family without the kind of device, which has its own field.
fn family(family: &str) -> &str {
    match family {
        "Mobile Safari" => "Safari",
        "Mobile Safari UI/WKWebView" => "Safari WebView",
        "Chrome Mobile WebView" => "Chrome WebView",
        "Chrome Mobile iOS" => "Chrome",
        "Firefox iOS" => "Firefox",
        other => other.strip_suffix(" Mobile").unwrap_or(other),
    }
}

fn version(parts: &[Option<&str>]) -> String {
    let mut text = String::new();
    for part in parts.iter().map_while(|part| *part).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(part);
    }
    trim_zeros(clip(&text)).to_owned()
}
