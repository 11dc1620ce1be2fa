//! Sessions: by the application's id, or else by device and a gap of inactivity.

use serde::{Deserialize, Serialize};

use super::{ActionKind, DAY_MS, Observation, Signals};

/// Without an id of the application's, activity of a device after this long a silence is another session, milliseconds.
pub const SESSION_GAP_MS: i64 = 30 * 60 * 1000;
/// Most sessions remembered of a user: the ones with the latest activity.
const REMEMBERED: usize = 64;

/// One session of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The application's id, or one made of device and start.
    pub key: String,
    /// First activity, milliseconds.
    pub started_at: i64,
    /// Last activity, milliseconds.
    pub last_at: i64,
    /// Whether the user signed out.
    pub ended: bool,
    /// The device, or else the address, that a session without an id is identified by; 0 with an id.
    identified_by: u64,
    ip: u128,
    country: u64,
}

/// The sessions of a user that are remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sessions(Vec<Session>);

impl Sessions {
    /// Files the event under its session, a new one if need be, and says what changed in it.
    pub(super) fn file(&mut self, sighting: &Observation<'_>, device: u64, country: u64, signals: &mut Signals) {
        let at = sighting.at();
        let identified_by = match (sighting.session_id, device) {
            ("", 0) => sighting.ip as u64 ^ (sighting.ip >> 64) as u64,
            ("", device) => device,
            _ => 0,
        };
        // A failed sign-in opens nothing, and no session can be found for an event without a device, address or session.
        let identifiable = !sighting.session_id.is_empty() || identified_by != 0;
        if !identifiable || !sighting.act.makes_known() {
            return;
        }
        let index = match self.find(sighting.session_id, identified_by, at) {
            Some(index) => index,
            None => self.open(sighting, identified_by, country),
        };
        let session = &mut self.0[index];
        signals.session_ip_changed = session.ip != 0 && sighting.ip != 0 && session.ip != sighting.ip;
        signals.session_country_changed = session.country != 0 && country != 0 && session.country != country;
        session.started_at = session.started_at.min(at);
        if at >= session.last_at {
            session.last_at = at;
            if sighting.ip != 0 {
                session.ip = sighting.ip;
            }
            if country != 0 {
                session.country = country;
            }
        }
        session.ended |= matches!(sighting.act, ActionKind::SignOut | ActionKind::Expired);
        signals.session_key.clone_from(&session.key);
        signals.session_started_at = session.started_at;
    }

    fn find(&self, id: &str, identified_by: u64, at: i64) -> Option<usize> {
        self.0.iter().position(|session| {
            if identified_by == 0 {
                session.identified_by == 0 && session.key == id
            } else {
                // What occurred before the sign-out belongs to the session, however late it comes: another one of the same
                // start would have the same key.
                session.identified_by == identified_by
                    && (!session.ended || at <= session.last_at)
                    && at - session.last_at <= SESSION_GAP_MS
                    && session.started_at - at <= SESSION_GAP_MS
            }
        })
    }

    fn open(&mut self, sighting: &Observation<'_>, identified_by: u64, country: u64) -> usize {
        if self.0.len() >= REMEMBERED
            && let Some(oldest) = (0..self.0.len()).min_by_key(|&index| self.0[index].last_at)
        {
            self.0.swap_remove(oldest);
        }
        let at = sighting.at();
        // Two sessions of a device may begin at one time: one in history, and one that is live.
        let backfilled = if sighting.backfill { "-b" } else { "" };
        let key = if identified_by == 0 {
            sighting.session_id.to_owned()
        } else {
            format!("{identified_by:016x}-{at}{backfilled}")
        };
        let ip = sighting.ip;
        self.0.push(Session { key, started_at: at, last_at: at, ended: false, identified_by, ip, country });
        self.0.len() - 1
    }

    /// Sessions with activity in the last 24 hours.
    pub(super) fn of_day(&self, at: i64) -> u32 {
        self.0.iter().filter(|session| session.last_at > at - DAY_MS).count() as u32
    }

    /// Sessions that go on at `at`: not ended, and active within the gap.
    pub(super) fn active(&self, at: i64) -> u32 {
        self.0.iter().filter(|session| !session.ended && session.last_at > at - SESSION_GAP_MS).count() as u32
    }

    /// Drops what no later event can belong to or count. Sessions with an id are kept for a week: an application's
    /// session can be long silent.
    pub(super) fn forget(&mut self, clock: i64) {
        self.0.retain(|session| {
            let keep = if session.identified_by == 0 { 7 * DAY_MS } else { 2 * DAY_MS };
            session.last_at > clock - keep
        });
    }
}
