//! A user: sign-ins, devices, sessions.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use schemas::access::Access;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::log::rows::EventRow;
use crate::log::signals::signals;
use crate::log::view::{Device, Flag, Geo, Place, address, flags, is_epoch, is_false, known};
use crate::rules::titles::Titles;
use crate::users::rows::{DeviceRow, SessionRow, SignInSessionRow, UserRow};

/// A user, as the events show one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// Id in the application.
    #[schema(example = "u-17")]
    pub id: String,
    /// Display name.
    #[schema(example = "Jana Nováková")]
    pub name: String,
    /// E-mail address.
    #[schema(example = "jana@acme.example")]
    pub email: String,
    /// False for a deactivated user: by the last event that says so, whether `actor.active` of the user's own does, or a
    /// `user.deactivated` or `user.reactivated` about the user.
    pub active: bool,
    /// When the first event occurred that is still kept. Null where that was before the look-back of the plan, or in nothing that the
    /// caller may read.
    #[schema(required = true)]
    pub first_seen_at: Option<DateTime<Utc>>,
    /// The last interaction, moved at most once per 30 s. Null for a user of whom the caller may read nothing but what others did
    /// to them.
    #[schema(required = true)]
    pub last_activity_at: Option<DateTime<Utc>>,
    /// How many times the user signed in.
    pub sign_ins: u64,
    /// Violations that nobody has reviewed. Shown from the role security on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreviewed_violations: Option<u64>,
    /// The worst level of these: `low`, `medium`, `high` or `critical`; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "high")]
    pub max_level: Option<&'static str>,
    /// Whether the checks are switched off for the user now. Shown from the role security on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt: Option<bool>,
}

/// What those who may see marks are shown of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Violations that nobody has reviewed.
    pub unreviewed: u64,
    /// The worst level of these.
    pub max_level: Option<&'static str>,
    /// Whether the checks are switched off.
    pub exempt: bool,
}

impl User {
    /// Shows a row, marked for those who may see marks.
    pub fn new(row: UserRow, mark: Option<Mark>) -> Self {
        Self {
            id: row.actor_id,
            name: row.name,
            email: row.email,
            active: row.active,
            first_seen_at: known_time(row.first_seen_at),
            last_activity_at: known_time(row.last_activity_at),
            sign_ins: row.sign_ins,
            unreviewed_violations: mark.map(|mark| mark.unreviewed),
            max_level: mark.and_then(|mark| mark.max_level),
            exempt: mark.map(|mark| mark.exempt),
        }
    }
}

/// A sign-in, or an attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignIn {
    /// The event.
    #[schema(example = "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1")]
    pub id: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// `sign_in` or `sign_in_failed`.
    #[schema(example = "sign_in")]
    pub action: String,
    /// `success`, `failure` or `unknown`.
    #[schema(example = "success")]
    pub outcome: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// The session that it began or belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SignInSession>,
    /// On what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Client address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Geo>,
    /// What was new, far, fast or much about it for this user: numbers, words, or `true`.
    #[schema(value_type = Object, example = json!({"new_device": true, "travel_km": 240.0}))]
    pub signals: Map<String, Value>,
    /// Rules it broke.
    pub violations: Vec<Flag>,
    /// Brought in later.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub backfill: bool,
}

/// The session of a sign-in, as it stands now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignInSession {
    /// The session.
    pub key: String,
    /// The last event in it; null when none is kept any more.
    #[schema(required = true)]
    pub last_activity_at: Option<DateTime<Utc>>,
    /// When the user signed out of it; null while that has not happened.
    #[schema(required = true)]
    pub signed_out_at: Option<DateTime<Utc>>,
}

impl SignIn {
    /// Shows an event beside its session.
    pub(crate) fn new(row: EventRow, session: Option<&SignInSessionRow>, titles: &Titles) -> Self {
        let (place, device) = (crate::log::view::geo(&row), crate::log::view::device(&row));
        let (signals, violations) =
            (signals(&row.signals_name, &row.signals_value), flags(&row, |rule| titles.of(rule)));
        let key = Some(row.session_key).filter(|key| !key.is_empty());
        Self {
            id: row.event_id,
            occurred_at: row.occurred_at,
            action: row.action,
            outcome: row.outcome,
            reason: row.reason,
            session: key.map(|key| SignInSession {
                key,
                last_activity_at: session.map(|session| session.last_activity_at),
                signed_out_at: session.and_then(|session| known_time(session.signed_out_at)),
            }),
            device,
            ip: address(row.ip),
            place,
            signals,
            violations,
            backfill: row.backfill,
        }
    }
}

/// A sign-in of any user of the tenant, or an attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TenantSignIn {
    /// Who signed in, or tried to.
    pub user: SignInUser,
    /// The sign-in.
    #[serde(flatten)]
    pub sign_in: SignIn,
}

/// Who signed in, or tried to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignInUser {
    /// The user; empty where an attempt named nobody that the application knows.
    #[schema(example = "u-17")]
    pub id: String,
    /// The name as it was then, or as it was tried.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Jana Nováková")]
    pub name: String,
    /// The e-mail address as it was then, or as it was tried.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "jana@acme.example")]
    pub email: String,
}

impl TenantSignIn {
    /// Shows an event beside its session.
    pub(crate) fn new(mut row: EventRow, session: Option<&SignInSessionRow>, titles: &Titles) -> Self {
        let [id, name, email] = [&mut row.actor_id, &mut row.actor_name, &mut row.actor_email].map(std::mem::take);
        Self { user: SignInUser { id, name, email }, sign_in: SignIn::new(row, session, titles) }
    }
}

/// A device that a user was seen on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserDevice {
    /// What it is, as of its last event; how sure its id is.
    #[serde(flatten)]
    pub device: Device,
    /// Whether it may in.
    pub access: Access,
    /// First seen; null where that was before the look-back of the plan.
    #[schema(required = true)]
    pub first_seen_at: Option<DateTime<Utc>>,
    /// Last seen.
    pub last_seen_at: DateTime<Utc>,
    /// How many times the user signed in on it.
    pub sign_ins: u64,
    /// How many attempts failed.
    pub failed_sign_ins: u64,
    /// When the user signed in on it first; null where that never happened, or before the look-back of the plan, or before such times were kept.
    #[schema(required = true)]
    pub first_sign_in_at: Option<DateTime<Utc>>,
    /// When the user did last; null as the first.
    #[schema(required = true)]
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Last client address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl UserDevice {
    /// Makes a device as its events show it, with what was decided about it.
    pub fn new(row: DeviceRow, access: Access) -> Self {
        Self {
            access,
            device: Device {
                id: row.device_id,
                confidence: row.confidence,
                kind: row.kind,
                browser: row.browser,
                browser_version: row.browser_version,
                os: row.os,
                os_version: row.os_version,
                model: row.model,
                bot: row.bot,
            },
            first_seen_at: known_time(row.first_seen_at),
            last_seen_at: row.last_seen_at,
            sign_ins: row.sign_ins,
            failed_sign_ins: row.failed_sign_ins,
            first_sign_in_at: row.first_sign_in_at,
            last_sign_in_at: row.last_sign_in_at,
            ip: address(row.ip),
            place: Place::new(row.country, row.city),
        }
    }
}

/// A session of a user, by the application's id or by pauses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// The session.
    pub key: String,
    /// When it began; null where that was before the look-back of the plan.
    #[schema(required = true)]
    pub started_at: Option<DateTime<Utc>>,
    /// The last event in it.
    pub last_activity_at: DateTime<Utc>,
    /// When the user signed out; null while that has not happened.
    #[schema(required = true)]
    pub signed_out_at: Option<DateTime<Utc>>,
    /// How many events.
    pub events: u64,
    /// The device of the last event.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub device_id: String,
    /// How sure its id is: `high`, `medium` or `low`. Null without a device, and where it was not kept.
    #[schema(required = true, example = "high")]
    pub device_confidence: Option<String>,
    /// Its kind.
    #[schema(example = "desktop")]
    pub device_kind: String,
    /// Its browser or application.
    #[schema(example = "Firefox")]
    pub browser: String,
    /// Its operating system.
    #[schema(example = "Linux")]
    pub os: String,
    /// Client address of the last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            signed_out_at: known_time(row.signed_out_at),
            key: row.session_key,
            started_at: known_time(row.started_at),
            last_activity_at: row.last_activity_at,
            events: row.events,
            device_id: row.device_id,
            device_confidence: known(row.device_confidence),
            device_kind: row.kind,
            browser: row.browser,
            os: row.os,
            ip: address(row.ip),
            place: Place::new(row.country, row.city),
        }
    }
}

/// Rows have 1970-01-01 for a time that is not known, or not shown.
fn known_time(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(time).filter(|at| !is_epoch(at))
}
