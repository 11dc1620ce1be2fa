//! Sessions of the console that were signed out of: remembered until they would have ended by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::settings::EndedSession;
use schemas::topics::SettingsKey;

use super::change::json;
use super::{MAX_REMOVED, PutError, Settings, Snapshot};

/// A record outlives its session by this, so that no clock that is late believes a cookie again.
const GRACE: TimeDelta = TimeDelta::hours(1);

impl Settings {
    /// Ends a session that would end by itself at `until`. Once this returns, no copy of its cookie works here. What is of no
    /// use any more is removed from the topic.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn end_session(&self, id: &str, until: DateTime<Utc>) -> Result<(), PutError> {
        let snapshot = self.snapshot();
        if snapshot.has_ended(id) {
            return Ok(());
        }
        let of = SettingsKey::EndedSession(id);
        let version = snapshot.version(of);
        match self.put(of, version, Some(&json(&EndedSession { until })?)).await {
            // Another process was asked the same, and was first.
            Ok(()) | Err(PutError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
        self.forget_ended(Utc::now() - GRACE);
        Ok(())
    }

    /// Removes the records of sessions that are over by themselves.
    fn forget_ended(&self, before: DateTime<Utc>) {
        let snapshot = self.snapshot();
        let over = snapshot.over(before).take(MAX_REMOVED).map(|id| SettingsKey::EndedSession(id).to_string());
        let keys: Vec<String> = over.filter_map(|setting| snapshot.records().in_force(&setting)).collect();
        if self.0.log.is_none() {
            for key in &keys {
                self.0.snapshot.rcu(|known| {
                    let mut snapshot = Snapshot::clone(known);
                    // A record that is removed has nothing that can't be read.
                    let _ = snapshot.apply(snapshot.next_offset(), key, None);
                    snapshot
                });
            }
            return;
        }
        let settings = self.clone();
        tokio::spawn(async move {
            let Some(log) = &settings.0.log else { return };
            for key in keys {
                if let Err(error) = log.remove(&key).await {
                    tracing::debug!(key, %error, "the record of a session that is over is not removed yet");
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use schemas::settings::Limits;

    use super::*;

    /// C2: a session that was signed out of stays so until it is over, and is forgotten then.
    #[tokio::test]
    async fn ended_sessions_are_remembered_as_long_as_they_have_to_be() {
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let settings = Settings::in_memory(limits);
        let now = Utc::now();
        for (id, until) in [("a", now + TimeDelta::hours(1)), ("b", now - TimeDelta::hours(2)), ("c", now)] {
            settings.end_session(id, until).await.unwrap();
        }
        settings.end_session("a", now).await.unwrap();
        let known = ["a", "b", "c", "d"].map(|id| settings.snapshot().has_ended(id));
        assert_eq!(known, [true, false, true, false]);
    }
}
