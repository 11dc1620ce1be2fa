//! Which device: a stable, opaque id.

use schemas::access::{cookie_parts, device_number};

use super::{Agent, Confidence, DeviceInput, Traits};

/// A stable id: the same cookie (or else the same fingerprint) of a tenant gives the same id, in any process, for ever.
///
/// It is 64 bits of a SHA-256: somebody who sees an id can't make a cookie that gets the same one, and so can't pass for
/// a device that was let in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(u64);

impl DeviceId {
    /// The device is unknown.
    pub const NONE: Self = Self(0);

    /// The id as a number; 0 for none.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The id as stored: 16 lower-case hexadecimal digits, or nothing for none. Needs no allocation.
    pub fn with_str<T>(self, use_it: impl FnOnce(&str) -> T) -> T {
        if self.is_none() {
            return use_it("");
        }
        let mut digits = [b'0'; 16];
        for (i, digit) in digits.iter_mut().rev().enumerate() {
            let nibble = (self.0 >> (4 * i)) as u8 & 0xf;
            *digit = match nibble {
                0..=9 => b'0' + nibble,
                _ => b'a' + nibble - 10,
            };
        }
        use_it(std::str::from_utf8(&digits).unwrap_or(""))
    }
}

impl std::fmt::Display for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.with_str(|text| f.write_str(text))
    }
}

/// The id of the device behind `input`, and how sure it is.
pub(super) fn identify(input: &DeviceInput<'_>, agent: &Agent) -> (DeviceId, Confidence) {
    if !input.cookie_id.is_empty() {
        let id = hash(&cookie_parts(input.tenant, input.cookie_id));
        return (id, Confidence::Cookie);
    }
    let Traits { browser, os, model, kind } = &agent.traits;
    if browser.is_empty() && os.is_empty() {
        return (DeviceId::NONE, Confidence::None);
    }
    let id = hash(&["fingerprint", input.tenant, browser, os, model, kind.as_str(), input.accept_language]);
    // `iPhone` is no model, `iPhone14,5` is one.
    let is_distinctive = !agent.bot && model.bytes().any(|byte| byte.is_ascii_digit());
    (id, if is_distinctive { Confidence::FingerprintMedium } else { Confidence::FingerprintLow })
}

fn hash(parts: &[&str]) -> DeviceId {
    DeviceId(device_number(parts))
}
