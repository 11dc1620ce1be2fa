//! User-Agent Client Hints in the forms that applications have them: headers, by their names or ours, and what the
//! browser's script interface gives (`navigator.userAgentData`).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Unreadable, string};
use super::{Text, Unknown, clip, refuse_repeated};
use crate::decode::{MAX_NAME_BYTES, MAX_REASON_BYTES};

/// User-Agent Client Hints, each as the text of its header.
#[derive(Clone, Debug, Default)]
pub struct ClientHints<'a> {
    /// `Sec-CH-UA`.
    pub ua: Option<Text<'a>>,
    /// `Sec-CH-UA-Mobile` (`?1`).
    pub mobile: Option<Text<'a>>,
    /// `Sec-CH-UA-Platform`.
    pub platform: Option<Text<'a>>,
    /// `Sec-CH-UA-Platform-Version`.
    pub platform_version: Option<Text<'a>>,
    /// `Sec-CH-UA-Model`.
    pub model: Option<Text<'a>>,
    /// `Sec-CH-UA-Full-Version-List`.
    pub full_version_list: Option<Text<'a>>,
    /// Hints this version doesn't know, or can't read.
    pub unknown: Unknown<'a>,
}

/// Reads hints, or leaves them as they are.
pub(super) fn read(raw: &RawValue) -> Result<Option<ClientHints<'_>>, Unreadable> {
    serde_json::from_str(raw.get()).map_err(|_| Unreadable)
}

#[derive(Clone, Copy)]
enum Hint {
    Ua,
    Mobile,
    Platform,
    PlatformVersion,
    Model,
    FullVersionList,
}

impl Hint {
    /// By our name, the script interface's, or the header's in any case.
    fn of(name: &str) -> Option<Self> {
        const HEADER: &str = "sec-ch-ua";
        if let Some(header) = name.get(..HEADER.len()).filter(|begin| begin.eq_ignore_ascii_case(HEADER)) {
            return match name[header.len()..].to_ascii_lowercase().as_str() {
                "" => Some(Self::Ua),
                "-mobile" => Some(Self::Mobile),
                "-platform" => Some(Self::Platform),
                "-platform-version" => Some(Self::PlatformVersion),
                "-model" => Some(Self::Model),
                "-full-version-list" => Some(Self::FullVersionList),
                _ => None,
            };
        }
        match name {
            "ua" | "brands" => Some(Self::Ua),
            "mobile" => Some(Self::Mobile),
            "platform" => Some(Self::Platform),
            "platform_version" | "platformVersion" => Some(Self::PlatformVersion),
            "model" => Some(Self::Model),
            "full_version_list" | "fullVersionList" => Some(Self::FullVersionList),
            _ => None,
        }
    }

    /// The hint's value as its header has it.
    fn value(self, raw: &RawValue) -> Option<Text<'_>> {
        let most = match self {
            Self::Ua | Self::FullVersionList => MAX_REASON_BYTES,
            _ => MAX_NAME_BYTES,
        };
        let value = match (self, raw.get().as_bytes().first()?) {
            (_, b'"') => string(raw)?,
            (Self::Mobile, b't') => Text::from("?1"),
            (Self::Mobile, b'f') => Text::from("?0"),
            (Self::Ua | Self::FullVersionList, b'[') => brands(raw)?,
            (Self::PlatformVersion | Self::Model, b'0'..=b'9') => Text::from(raw.get()),
            _ => return None,
        };
        (value.len() <= most).then_some(value)
    }
}

/// `[{"brand": "Chromium", "version": "142"}]` as a header has it: `"Chromium";v="142"`.
fn brands(raw: &RawValue) -> Option<Text<'_>> {
    #[derive(serde::Deserialize)]
    struct Brand<'a> {
        #[serde(borrow)]
        brand: Cow<'a, str>,
        #[serde(borrow, default)]
        version: Cow<'a, str>,
    }
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let brands: Vec<Brand<'_>> = serde_json::from_str(raw.get()).ok()?;
    let list: Vec<String> = brands
        .iter()
        .map(|Brand { brand, version }| format!("\"{}\";v=\"{}\"", quoted(brand), quoted(version)))
        .collect();
    Some(Text(Cow::Owned(list.join(", "))))
}

impl<'a> ClientHints<'a> {
    fn slot(&mut self, hint: Hint) -> &mut Option<Text<'a>> {
        match hint {
            Hint::Ua => &mut self.ua,
            Hint::Mobile => &mut self.mobile,
            Hint::Platform => &mut self.platform,
            Hint::PlatformVersion => &mut self.platform_version,
            Hint::Model => &mut self.model,
            Hint::FullVersionList => &mut self.full_version_list,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ClientHints<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HintsVisitor;
        impl<'de> Visitor<'de> for HintsVisitor {
            type Value = ClientHints<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut hints, mut seen) = (ClientHints::default(), 0_u8);
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let raw: &'de RawValue = map.next_value()?;
                    let Some(hint) = Hint::of(&key) else {
                        hints.unknown.push((key, raw));
                        continue;
                    };
                    let bit = 1 << hint as u8;
                    if seen & bit != 0 {
                        return Err(A::Error::custom(format_args!("duplicate field `{}`", clip(&key))));
                    }
                    seen |= bit;
                    match hint.value(raw) {
                        Some(value) => *hints.slot(hint) = Some(value),
                        None if raw.get() == "null" => {}
                        None => hints.unknown.push((key, raw)),
                    }
                }
                refuse_repeated(&hints.unknown)?;
                Ok(hints)
            }
        }
        deserializer.deserialize_map(HintsVisitor)
    }
}
