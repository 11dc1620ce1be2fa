//! What an event was done with: browser, operating system, kind of device, and which device.
//!
//! Browsers freeze most of the user agent: every Chrome on Windows 11 says "Windows NT 10.0", every Android 14 says
//! "Android 10; K". So Client Hints count first, the user agent fills in what they leave out, and a value known to be
//! frozen is left empty: unknown beats wrong.
//!
//! The description of a browser (an [`Agent`]) depends on its headers alone and is cached, because the patterns of
//! uap-core cost some tens of microseconds. Which device it is (a [`DeviceId`]) depends on the cookie and the tenant as
//! well and is a hash, computed for each event.

mod agent;
mod bots;
mod hints;
mod identity;
mod kind;
mod parser;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemas::access::OF_COOKIES;

pub use identity::DeviceId;
pub use parser::{DeviceCache, DeviceParser};

/// What an event says of the device. Absent headers are empty strings.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceInput<'a> {
    /// `User-Agent`. Beyond 1 KiB it is cut: no browser sends that much.
    pub user_agent: &'a str,
    /// User-Agent Client Hints.
    pub hints: ClientHints<'a>,
    /// `Accept-Language`, for the fingerprint; optional.
    pub accept_language: &'a str,
    /// The application's own cookie, which distinguishes two browsers on one machine.
    pub cookie_id: &'a str,
    /// The tenant: the same browser is another device to another tenant.
    pub tenant: &'a str,
}

/// User-Agent Client Hints (<https://wicg.github.io/ua-client-hints/>), as sent in the headers (`"Windows"`, `?1`) or as
/// the script interface gives them (`Windows`, `true`). Absent ones are empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientHints<'a> {
    /// `Sec-CH-UA`: brands with their major versions.
    pub ua: &'a str,
    /// `Sec-CH-UA-Mobile`: `?0` or `?1`.
    pub mobile: &'a str,
    /// `Sec-CH-UA-Platform`: `"Windows"`, `"macOS"`, `"Android"` …
    pub platform: &'a str,
    /// `Sec-CH-UA-Platform-Version`; on Windows not the version of Windows, but of an API (13 and more is Windows 11).
    pub platform_version: &'a str,
    /// `Sec-CH-UA-Model`: filled on phones and tablets.
    pub model: &'a str,
    /// `Sec-CH-UA-Full-Version-List`: brands with their full versions.
    pub full_version_list: &'a str,
}

/// What the headers say. Unknown texts are empty; the same texts are used whether they come from hints or user agent
/// (`Chrome`, never `Chrome Mobile`: the kind says that).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Family of the browser or program: `Chrome`, `Safari`, `Edge`, `Firefox`, `Googlebot`, `curl` …
    pub browser: Arc<str>,
    /// Its version without trailing zeros (`120`, `17.2.1`).
    pub browser_version: Arc<str>,
    /// Operating system: `Windows`, `macOS`, `iOS`, `Android`, `Linux`, `Chrome OS` …
    pub os: Arc<str>,
    /// Its version (`11`, `14.2.1`); empty where the browser hides it.
    pub os_version: Arc<str>,
    /// Model (`Pixel 8`, `SM-S918B`, `iPhone`); empty where unknown, as on nearly every desktop.
    pub model: Arc<str>,
    /// Kind of device.
    pub kind: DeviceKind,
    /// Whether a crawler or another automated visitor says so of itself. Programs that call an API
    /// ([`DeviceKind::Script`]) are not bots: many a mobile application is one.
    pub bot: bool,
    /// What a fingerprint is made of.
    traits: Traits,
}

/// What a browser says of itself in every request, whatever Client Hints it adds, before an update and after it: without
/// versions, which updates change, and without what stands in hints alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Traits {
    browser: Arc<str>,
    os: Arc<str>,
    /// From user agents that aren't frozen: those of programs on telephones, and of old browsers.
    model: Arc<str>,
    kind: DeviceKind,
}

/// Kind of device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// Nothing shows what it is.
    #[default]
    Unknown,
    /// Desktop or laptop computer.
    Desktop,
    /// Phone.
    Mobile,
    /// Tablet.
    Tablet,
    /// Television, set-top box, streaming stick.
    Tv,
    /// Games console.
    Console,
    /// Watch or headset.
    Wearable,
    /// Crawler, monitor, headless browser.
    Bot,
    /// HTTP library or command-line tool.
    Script,
}

impl DeviceKind {
    /// The word stored and seen by the rules (`device.kind`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Tv => "tv",
            Self::Console => "console",
            Self::Wearable => "wearable",
            Self::Bot => "bot",
            Self::Script => "script",
        }
    }
}

/// How sure it is that two events with one [`DeviceId`] came from one device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Neither cookie nor anything to make a fingerprint of; there is no id.
    #[default]
    None,
    /// A fingerprint of what thousands of devices share: browser, system, kind of device.
    FingerprintLow,
    /// A fingerprint that includes a model.
    FingerprintMedium,
    /// The application's cookie.
    Cookie,
}

impl Confidence {
    /// The word stored and seen by the rules (`device.confidence`): `none`, `low`, `medium`, `high`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::FingerprintLow => "low",
            Self::FingerprintMedium => "medium",
            Self::Cookie => OF_COOKIES,
        }
    }

    /// The same as signals have it, for which no device and one that thousands share prove alike.
    #[must_use]
    pub fn of_identity(self) -> detect::signals::Confidence {
        match self {
            Self::None | Self::FingerprintLow => detect::signals::Confidence::Low,
            Self::FingerprintMedium => detect::signals::Confidence::Medium,
            Self::Cookie => detect::signals::Confidence::High,
        }
    }

    /// The same as a number, 0 to 1: a scale to compare by, not a probability.
    #[must_use]
    pub fn score(self) -> f32 {
        match self {
            Self::None => 0.0,
            Self::FingerprintLow => 0.2,
            Self::FingerprintMedium => 0.5,
            Self::Cookie => 0.95,
        }
    }
}

/// The device of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it is.
    pub agent: Arc<Agent>,
    /// Which one it is; [`DeviceId::NONE`] when nothing shows it.
    pub id: DeviceId,
    /// How sure that is.
    pub confidence: Confidence,
}

/// Why the parser can't be built; only possible with a broken build, since its data is compiled in.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The file of patterns is not what uap-core's specification describes.
    #[error("cannot read the user agent patterns")]
    Patterns(#[from] yaml_serde::Error),
    /// A pattern is not a regular expression.
    #[error("cannot compile the user agent patterns")]
    Compile(#[from] ua_parser::Error),
    /// A pattern of a bot is not a regular expression.
    #[error("cannot compile the patterns of bots")]
    Bots(#[from] regex::Error),
    /// There are too many names of bots.
    #[error("cannot search for the names of bots")]
    Names(#[from] aho_corasick::BuildError),
}
