//! Settings of topics that exist already, whoever made them: what would lose, double or hold up records is refused at the
//! start, with the topic's and the setting's name.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rdkafka::admin::{AdminOptions, OwnedResourceSpecifier, ResourceSpecifier};
use schemas::topics::{self, Cleanup, Topic};

use super::{ADMIN_TIMEOUT, Admin, TopicsError};
use crate::config::Kafka;

/// The largest `max.message.bytes` of a topic: what one answer of the broker can bring here.
const LARGEST_BATCH: usize = 32 << 20;

/// What a topic is set to. A broker that describes it may leave out what has Kafka's default.
type Settings = BTreeMap<String, String>;

/// Checks the clock, and the topics as far as the broker describes them.
pub(super) async fn check(kafka: &Kafka, admin: &Admin) -> Result<(), TopicsError> {
    check_clock(Utc::now(), kafka.event_retention_hours)?;
    let names: Vec<String> = topics::ALL.iter().map(|topic| kafka.topic(topic.name)).collect();
    let asked: Vec<ResourceSpecifier<'_>> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT));
    let described = match admin.describe_configs(&asked, &options).await {
        Ok(described) => described,
        Err(error) => {
            tracing::warn!(%error, "the broker does not describe its topics; how they are set is not known");
            return Ok(());
        }
    };
    let mut known: BTreeMap<String, Settings> = BTreeMap::new();
    for answer in described {
        match answer {
            Ok(resource) => {
                let OwnedResourceSpecifier::Topic(name) = resource.specifier else { continue };
                let entries = resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?)));
                known.insert(name, entries.collect());
            }
            Err(error) => tracing::warn!(%error, "the broker does not describe a topic; how it is set is not known"),
        }
    }
    for (topic, name) in topics::ALL.iter().zip(names) {
        if let Some(settings) = known.get(&name).filter(|settings| !settings.is_empty()) {
            check_topic(topic, &name, settings)?;
        }
    }
    check_ledger(kafka, &known)
}

/// Times of receipt before 2020 are taken for 2020: by such a clock, nothing would ever grow old.
fn check_clock(now: DateTime<Utc>, hours: u32) -> Result<(), TopicsError> {
    const YEAR_2020: i64 = 1_577_836_800;
    let oldest = now.checked_sub_signed(TimeDelta::hours(hours.into()));
    match oldest {
        Some(oldest) if oldest.timestamp() >= YEAR_2020 => Ok(()),
        _ => Err(TopicsError::Clock { now: now.to_rfc3339(), hours }),
    }
}

fn check_topic(topic: &Topic, name: &str, settings: &Settings) -> Result<(), TopicsError> {
    let of = |setting: &str, default: &'static str| settings.get(setting).map_or(default, String::as_str);
    let refuse = |setting: &'static str, found: &str, needed: String| {
        Err(TopicsError::Setting { topic: name.to_owned(), setting, found: found.to_owned(), needed })
    };
    let stamps = of("message.timestamp.type", "CreateTime");
    if stamps != "LogAppendTime" {
        let needed = "must have LogAppendTime: a sender that chooses its time of receipt chooses what is forgotten, and an \
                      acknowledgement without that time is no proof of a delivery";
        return refuse("message.timestamp.type", stamps, needed.to_owned());
    }
    let policy = of("cleanup.policy", "delete");
    match topic.cleanup {
        Cleanup::Compact if policy.contains("delete") => {
            let needed = "must have compact alone: each key's last record is in force, however old";
            return refuse("cleanup.policy", policy, needed.to_owned());
        }
        Cleanup::EventRetention | Cleanup::DeadLetterRetention if policy.contains("compact") => {
            let needed = "must have delete alone: every record counts, not the last of each key";
            return refuse("cleanup.policy", policy, needed.to_owned());
        }
        _ => {}
    }
    let largest = of("max.message.bytes", super::MAX_BATCH_BYTES);
    let range = topics::MAX_BATCH_BYTES..=LARGEST_BATCH;
    if largest.parse().is_ok_and(|bytes: usize| !range.contains(&bytes)) {
        let needed = format!(
            "must have {} (the largest batch that usertrail writes) to {LARGEST_BATCH} (what it reads at once)",
            topics::MAX_BATCH_BYTES
        );
        return refuse("max.message.bytes", largest, needed);
    }
    Ok(())
}

/// A decision must outlive the events that it is about: without it they would be decided, and stored, anew.
fn check_ledger(kafka: &Kafka, known: &BTreeMap<String, Settings>) -> Result<(), TopicsError> {
    let retention = |name: &str| {
        let kept = known.get(&kafka.topic(name))?.get("retention.ms")?.parse::<i64>().ok()?;
        // Negative: for ever.
        Some(if kept < 0 { i64::MAX } else { kept })
    };
    match (retention(topics::LEDGER), retention(topics::EVENTS_RAW)) {
        (Some(ledger), Some(events)) if ledger < events => Err(TopicsError::Setting {
            topic: kafka.topic(topics::LEDGER),
            setting: "retention.ms",
            found: ledger.to_string(),
            needed: format!("must have at least that of {}, which is {events}", kafka.topic(topics::EVENTS_RAW)),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// B17: what is refused, and what passes, by topic and setting.
    #[test]
    fn settings_that_lose_or_double_records_are_refused() {
        let check = |topic: &str, name: &str, value: &str| {
            let topic = topics::ALL.iter().find(|known| known.name == topic).unwrap();
            let mut settings = settings(&[
                ("message.timestamp.type", "LogAppendTime"),
                ("cleanup.policy", if topic.cleanup == Cleanup::Compact { "compact" } else { "delete" }),
            ]);
            settings.insert(name.to_owned(), value.to_owned());
            check_topic(topic, topic.name, &settings).map_err(|error| error.to_string())
        };
        for (topic, name, value) in [
            (topics::EVENTS_RAW, "message.timestamp.type", "CreateTime"),
            (topics::CROSS, "message.timestamp.type", "CreateTime"),
            (topics::LEDGER, "message.timestamp.type", "CreateTime"),
            (topics::LEDGER, "cleanup.policy", "compact"),
            (topics::EVENTS_RAW, "cleanup.policy", "compact,delete"),
            (topics::SETTINGS, "cleanup.policy", "delete"),
            (topics::STATE, "cleanup.policy", "compact,delete"),
            (topics::LEDGER, "max.message.bytes", "1000"),
            (topics::EVENTS_RAW, "max.message.bytes", "1000000000"),
        ] {
            let error = check(topic, name, value).unwrap_err();
            assert!(error.contains(topic) && error.contains(&format!("{name}={value}")), "{error}");
        }
        for (topic, name, value) in [
            (topics::EVENTS_RAW, "max.message.bytes", "10485760"),
            (topics::EVENTS_RAW, "some.setting.of.tomorrow", "7"),
        ] {
            check(topic, name, value).unwrap();
        }
        // What is left out has Kafka's default.
        let raw = &topics::ALL[0];
        assert!(check_topic(raw, raw.name, &settings(&[("cleanup.policy", "delete")])).is_err());
    }

    #[test]
    fn the_ledger_outlives_the_events() {
        let kafka = crate::config::Config::defaults().unwrap().kafka;
        let check = |ledger: &str, events: &str| {
            let known = BTreeMap::from([
                (topics::LEDGER.to_owned(), settings(&[("retention.ms", ledger)])),
                (topics::EVENTS_RAW.to_owned(), settings(&[("retention.ms", events)])),
            ]);
            check_ledger(&kafka, &known).map_err(|error| error.to_string())
        };
        check("604800000", "604800000").unwrap();
        check("-1", "-1").unwrap();
        check("-1", "1000").unwrap();
        assert!(check("1000", "-1").unwrap_err().contains("enrich.ledger"));
        assert!(check("1000", "1001").is_err());
    }

    /// B17: a clock that begins at the epoch, as that of a board without a battery.
    #[test]
    fn a_clock_from_before_events_can_be_is_refused() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let error = check_clock(at(60), 168).unwrap_err().to_string();
        assert!(error.contains("1970-01-01") && error.contains("kafka.event_retention_hours = 168"), "{error}");
        assert!(check_clock(at(1_577_836_800), 1).is_err());
        check_clock(at(1_577_836_800 + 8760 * 3600), 8760).unwrap();
        assert!(check_clock(DateTime::<Utc>::MIN_UTC, u32::MAX).is_err());
    }
}
