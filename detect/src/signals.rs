//! Signals: what is new, far, fast or much about an event, for this user. Plain fields that rules match and rows keep.
//!
//! Everything goes by the time of the event, taken as the earlier of its occurrence and its receipt, so that a clock that
//! runs ahead can't make a user's later events look late. An event more than [`LATENESS_MS`] behind the user's latest one
//! gets the signal `late` alone and changes nothing. Windows look back from the event; they count what had arrived when
//! it arrived. A user's events arrive in the order of their Kafka partition, so each replay gives the same signals.
//!
//! History that is sent in later makes known what it shows, in whatever order it comes. It has a clock and counts of its
//! own, so that it never makes a live event late, nor takes part in what goes on now.

mod recent;
mod sessions;
mod slots;
#[cfg(test)]
mod tests;
mod travel;
mod user;

use std::borrow::Cow;

use schemas::{passive, sign_ins};

use crate::rules::FieldValue;

pub use sessions::{SESSION_GAP_MS, Session};
pub use travel::{Confidence, is_carrier};
pub use user::{KNOWN_COUNTRIES, KNOWN_DEVICES, KNOWN_IPS, KNOWN_NETWORKS, User};

/// How far an event may lie behind the latest of its user and still count, milliseconds.
pub const LATENESS_MS: i64 = HOUR_MS;
/// The last activity moves only by at least this much, milliseconds.
pub const ACTIVITY_STEP_MS: i64 = 30_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// What kind of activity an event is, as far as signals distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A successful sign-in.
    SignIn,
    /// A failed one.
    SignInFailed,
    /// A sign-in of which nobody knows whether it failed, or anything else about sign-ins that failed, such as a change of the password:
    /// nothing becomes known by it.
    Refused,
    /// The end of a session.
    SignOut,
    /// The end of a session because nobody was there.
    Expired,
    /// Anything else that happens to a user, such as a missed call.
    Passive,
    /// Records were seen.
    View,
    /// Records were exported.
    Export,
    /// An object was deleted.
    Delete,
    /// Anything else.
    Other,
}

impl ActionKind {
    /// From how an event is filed, and how it ended.
    #[must_use]
    pub fn of(action: &str, category: &str, outcome: &str) -> Self {
        match action {
            _ if sign_ins::has_failed(action, outcome) => Self::SignInFailed,
            _ if sign_ins::makes_nothing_known(action, category, outcome) => Self::Refused,
            sign_ins::SIGN_IN => Self::SignIn,
            "sign_out" => Self::SignOut,
            passive::SESSION_EXPIRED => Self::Expired,
            _ if passive::is_passive(action) => Self::Passive,
            "view" => Self::View,
            "export" => Self::Export,
            "delete" => Self::Delete,
            _ => Self::Other,
        }
    }

    /// Whether it shows that the user was there. What failed may be anybody's.
    pub(crate) fn makes_known(self) -> bool {
        !matches!(self, Self::SignInFailed | Self::Refused)
    }

    /// Whether the user did it.
    pub(crate) fn is_interaction(self) -> bool {
        self.makes_known() && !matches!(self, Self::Expired | Self::Passive)
    }
}

/// One event of a user, as far as signals look at it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// When it occurred, milliseconds.
    pub occurred_at: i64,
    /// When it was received, milliseconds.
    pub received_at: i64,
    /// What it was.
    pub act: ActionKind,
    /// How many records it touched; 0 when it doesn't say, which counts as one.
    pub records: u64,
    /// The device; empty when unknown.
    pub device: &'a str,
    /// How sure it is that events with this device come from one: high by a cookie, low where thousands share it.
    pub device_confidence: Confidence,
    /// What counts as one address ([`schemas::address::counted`]), IPv4 mapped; 0 when unknown.
    pub ip: u128,
    /// Number of the autonomous system; 0 when unknown.
    pub asn: u32,
    /// ISO 3166-1 alpha-2; empty when unknown.
    pub country: &'a str,
    /// Latitude and longitude in degrees.
    pub position: Option<(f32, f32)>,
    /// Radius of the position in kilometres; 0 when unknown.
    pub accuracy_km: u16,
    /// Whether the network hides where its users are: an anonymiser, a data centre, a mobile carrier.
    pub masked: bool,
    /// The application's session; empty when it doesn't say.
    pub session_id: &'a str,
    /// Whether it is history that was sent in later.
    pub backfill: bool,
}

impl Observation<'_> {
    /// The time that signals go by.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.occurred_at.min(self.received_at)
    }
}

/// What was found. Numbers are there only on events that move them; flags only when true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// More than [`LATENESS_MS`] behind; nothing else was looked at but the session that the application names. Of history:
    /// behind other history, or what is live.
    pub late: bool,
    /// Nothing was known of the user before.
    pub first_sign_in: bool,
    /// A device that this user, who has known ones, was not seen with.
    pub new_device: bool,
    /// An address likewise.
    pub new_ip: bool,
    /// A network (autonomous system, or else /24 or /48) likewise.
    pub new_network: bool,
    /// A country likewise.
    pub new_country: bool,
    /// Kilometres from the last sign-in, great circle, from 100.
    pub travel_km: Option<f64>,
    /// The least speed that takes, in km/h.
    pub travel_kmh: Option<f64>,
    /// How sure it is that somebody travelled.
    pub travel_confidence: Option<Confidence>,
    /// The address changed inside a session.
    pub session_ip_changed: bool,
    /// The country changed inside a session.
    pub session_country_changed: bool,
    /// Whole days since the user's last activity, from 1.
    pub days_since_seen: Option<u32>,
    /// Hour of the day in the tenant's zone, 0 to 23.
    pub local_hour: Option<u8>,
    /// Day of the week there, 1 (Monday) to 7.
    pub local_weekday: Option<u8>,
    /// Failed sign-ins in the last hour, this one included.
    pub failed_sign_ins_1h: Option<u32>,
    /// Distinct devices in the last 24 hours.
    pub devices_24h: Option<u32>,
    /// Distinct addresses, IPv6 by /64.
    pub ips_24h: Option<u32>,
    /// Distinct countries, but for those of networks that hide where their users are.
    pub countries_24h: Option<u32>,
    /// Sessions with activity in the last 24 hours.
    pub sessions_24h: Option<u32>,
    /// Sessions going on at once.
    pub sessions_active: Option<u32>,
    /// Records seen in the last hour, in steps of five minutes.
    pub viewed_1h: Option<u64>,
    /// Records seen in the last 24 hours.
    pub viewed_24h: Option<u64>,
    /// Records exported in the last hour.
    pub exported_1h: Option<u64>,
    /// Records exported in the last 24 hours.
    pub exported_24h: Option<u64>,
    /// Objects deleted in the last hour.
    pub deleted_1h: Option<u64>,
    /// What was decided about the device: `block` or `ask`.
    pub device_access: Option<&'static str>,
    /// The session the event belongs to; empty for none.
    pub session_key: String,
    /// When that session began, milliseconds; 0 for none.
    pub session_started_at: i64,
    /// The user's last activity as it is shown, milliseconds; 0 when unknown.
    pub last_activity_at: i64,
}

/// Calls `$each!(name, kind)` for every signal that is a field, in the order in which rows keep them.
macro_rules! fields {
    ($each:ident) => {
        $each!(late, flag);
        $each!(first_sign_in, flag);
        $each!(new_device, flag);
        $each!(new_ip, flag);
        $each!(new_network, flag);
        $each!(new_country, flag);
        $each!(travel_km, number);
        $each!(travel_kmh, number);
        $each!(travel_confidence, word);
        $each!(session_ip_changed, flag);
        $each!(session_country_changed, flag);
        $each!(days_since_seen, number);
        $each!(local_hour, number);
        $each!(local_weekday, number);
        $each!(failed_sign_ins_1h, number);
        $each!(devices_24h, number);
        $each!(ips_24h, number);
        $each!(countries_24h, number);
        $each!(sessions_24h, number);
        $each!(sessions_active, number);
        $each!(viewed_1h, number);
        $each!(viewed_24h, number);
        $each!(exported_1h, number);
        $each!(exported_24h, number);
        $each!(deleted_1h, number);
        $each!(device_access, word);
    };
}

impl Signals {
    /// Every signal that is present, with its value: 1 for a flag, 0 to 2 for the confidence, 1 and 2 for a device that
    /// is to be asked about and one that is blocked.
    pub fn each(&self, mut found: impl FnMut(&'static str, f64)) {
        macro_rules! each {
            ($name:ident, flag) => {
                if self.$name {
                    found(stringify!($name), 1.0);
                }
            };
            ($name:ident, number) => {
                if let Some(value) = self.$name {
                    #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "one macro for all widths")]
                    found(stringify!($name), value as f64);
                }
            };
            ($name:ident, word) => {
                if let Some(value) = self.$name {
                    found(stringify!($name), value.rank());
                }
            };
        }
        fields!(each);
    }

    /// The value of `signal.<name>` for the rules; nothing when it is absent.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldValue<'_>> {
        macro_rules! each {
            ($field:ident, flag) => {
                if name == stringify!($field) {
                    return self.$field.then_some(FieldValue::Bool(true));
                }
            };
            ($field:ident, number) => {
                if name == stringify!($field) {
                    return self.$field.map(Number::value);
                }
            };
            ($field:ident, word) => {
                if name == stringify!($field) {
                    return self.$field.map(|word| FieldValue::Str(Cow::Borrowed(word.word())));
                }
            };
        }
        fields!(each);
        None
    }

    /// The value of a signal as the rules see it, from the number that rows keep of it ([`Self::each`]).
    #[must_use]
    pub fn stored(name: &str, value: f64) -> FieldValue<'static> {
        match name {
            "travel_confidence" => FieldValue::Str(Cow::Borrowed(Confidence::from_rank(value).as_str())),
            "device_access" => FieldValue::Str(Cow::Borrowed(if value >= 2.0 { "block" } else { "ask" })),
            _ if Self::is_flag(name) => FieldValue::Bool(value != 0.0),
            "travel_km" | "travel_kmh" => FieldValue::Float(value),
            _ => FieldValue::Int(value as i64),
        }
    }

    fn is_flag(name: &str) -> bool {
        macro_rules! each {
            ($field:ident, flag) => {
                if name == stringify!($field) {
                    return true;
                }
            };
            ($field:ident, $kind:ident) => {};
        }
        fields!(each);
        false
    }

    /// The names of all signals.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        let mut names = Vec::new();
        macro_rules! each {
            ($field:ident, $kind:ident) => {
                names.push(stringify!($field));
            };
        }
        fields!(each);
        names
    }
}

trait Number {
    fn value(self) -> FieldValue<'static>;
}

impl Number for f64 {
    fn value(self) -> FieldValue<'static> {
        FieldValue::Float(self)
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {
            fn value(self) -> FieldValue<'static> {
                FieldValue::Int(i64::try_from(self).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers!(u8 u32 u64);

/// A signal that is a word, and a number in rows.
trait Word {
    fn word(self) -> &'static str;
    fn rank(self) -> f64;
}

impl Word for Confidence {
    fn word(self) -> &'static str {
        self.as_str()
    }
    fn rank(self) -> f64 {
        f64::from(self as u8)
    }
}

impl Word for &'static str {
    fn word(self) -> &'static str {
        self
    }
    fn rank(self) -> f64 {
        if self == "block" { 2.0 } else { 1.0 }
    }
}
