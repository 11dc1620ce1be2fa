//! What receivers are sent, in the form that each understands. The same report has the same bytes in every attempt.

use chrono::{DateTime, SecondsFormat, Utc};
use schemas::alerts::{AlertFormat, PendingKind};
use schemas::bidi::plain;
use schemas::catalogue::Lang;
use schemas::ids::is_blank;
use schemas::violation::Violation;
use serde_json::{Map, Value, json};

const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

/// A report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) kind: PendingKind,
    pub(crate) violation: &'a Violation,
    /// Findings so far.
    pub(crate) count: u64,
    /// When it began.
    pub(crate) since: DateTime<Utc>,
    /// Address of a violation for people, with `{id}`; none when empty.
    pub(crate) violation_url: &'a str,
    /// The language of whoever reads: the tenant's first, which the rule's title is in, too.
    pub(crate) lang: Lang,
}

/// What stands around a violation where people read it.
struct Words {
    levels: [&'static str; 5],
    test: &'static str,
    user: &'static str,
    from: &'static str,
    rule: &'static str,
    so_far: &'static str,
}

impl Words {
    const fn of(lang: Lang) -> Self {
        match lang {
            Lang::En => Self {
                levels: ["informational", "low", "medium", "high", "critical"],
                test: "Test",
                user: "User",
                from: "From",
                rule: "Rule",
                so_far: "Times so far",
            },
            Lang::Ru => Self {
                levels: ["для сведения", "низкий", "средний", "высокий", "критический"],
                test: "Проверка",
                user: "Пользователь",
                from: "Откуда",
                rule: "Правило",
                so_far: "Всего раз",
            },
            Lang::Cs => Self {
                levels: ["informativní", "nízká", "střední", "vysoká", "kritická"],
                test: "Zkouška",
                user: "Uživatel",
                from: "Odkud",
                rule: "Pravidlo",
                so_far: "Zatím celkem",
            },
        }
    }
}

/// The body of a report.
pub(crate) fn body(format: AlertFormat, report: &Report<'_>) -> Vec<u8> {
    let value = match format {
        AlertFormat::Standard => standard(report),
        AlertFormat::Slack => slack(report),
        AlertFormat::Alertmanager => alertmanager(report),
    };
    value.to_string().into_bytes()
}

fn standard(report: &Report<'_>) -> Value {
    let kind = match report.kind {
        PendingKind::Violation => "violation.raised",
        PendingKind::Test => "test",
    };
    let mut data = match serde_json::to_value(report.violation) {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    };
    data.insert("count".to_owned(), report.count.into());
    if let Some(url) = url(report) {
        data.insert("url".to_owned(), url.into());
    }
    json!({ "type": kind, "timestamp": rfc3339(report.since), "data": data })
}

/// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
fn slack(report: &Report<'_>) -> Value {
    let Violation { title, rule, ip, city, country, occurred_at, .. } = report.violation;
    let title = match url(report) {
        Some(url) => format!("<{}|{}>", escaped(&url).replace('|', "%7C"), escaped(title)),
        None => escaped(title),
    };
    let words = Words::of(report.lang);
    let test = if report.kind == PendingKind::Test { format!("{}: ", words.test) } else { String::new() };
    let headline = format!("{test}*{}* {title}", words.levels[rank(report.violation)].to_uppercase());
    let who = user(report.violation).map(|user| format!("{}: {}", words.user, escaped(user)));
    let place: Vec<&str> =
        [ip, city, country].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let place = (!place.is_empty()).then(|| format!("{}: {}", words.from, escaped(&place.join(", "))));
    let times = (report.count > 1).then(|| format!("{}: {}", words.so_far, report.count));
    let rule = Some(format!("{}: {}", words.rule, escaped(rule)));
    let at = Some(rfc3339(*occurred_at));
    let detail = [who, place, rule, times, at].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    json!({
        "text": headline,
        "blocks": [
            { "type": "section", "text": { "type": "mrkdwn", "text": headline } },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": detail }] },
        ]
    })
}

/// `POST /api/v2/alerts`. An alert is known by its labels, so the count is no label.
fn alertmanager(report: &Report<'_>) -> Value {
    let violation = report.violation;
    let name = if report.kind == PendingKind::Test { "test" } else { violation.rule.as_str() };
    let labels = [("alertname", name), ("tenant", &violation.tenant), ("severity", level(violation))];
    let labels = texts(labels.into_iter().chain([("user", violation.user_id.as_str())]));
    let count = report.count.to_string();
    let annotations = texts([
        ("summary", violation.title.as_str()),
        ("violation", &violation.id),
        ("count", &count),
        ("user_name", &violation.user_name),
        ("ip", &violation.ip),
        ("country", &violation.country),
        ("city", &violation.city),
    ]);
    let mut alert = json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(violation.occurred_at),
    });
    if let Some(url) = url(report) {
        alert["generatorURL"] = url.into();
    }
    json!([alert])
}

/// Empty texts are left out: Alertmanager refuses some of them, and drops the others.
fn texts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let there = pairs.into_iter().filter(|(_, text)| !text.is_empty());
    there.map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
}

fn level(violation: &Violation) -> &'static str {
    LEVELS[rank(violation)]
}

fn rank(violation: &Violation) -> usize {
    usize::from(violation.level).min(LEVELS.len() - 1)
}

fn user(violation: &Violation) -> Option<&str> {
    [&violation.user_name, &violation.user_id].into_iter().map(String::as_str).find(|name| !is_blank(name))
}

fn url(report: &Report<'_>) -> Option<String> {
    (!report.violation_url.is_empty()).then(|| report.violation_url.replace("{id}", &report.violation.id))
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Slack reads these three; nothing else can begin a link or a mention, or turn what stands behind it.
fn escaped(text: &str) -> String {
    plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::violation;
    use proptest::prelude::*;

    fn report(violation: &Violation) -> Report<'_> {
        let since = DateTime::from_timestamp_millis(1_763_631_001_000).unwrap();
        let violation_url = "https://console.example/violations/{id}";
        Report { kind: PendingKind::Violation, violation, count: 3, since, violation_url, lang: Lang::En }
    }

    fn value(format: AlertFormat, report: &Report<'_>) -> Value {
        serde_json::from_slice(&body(format, report)).unwrap()
    }

    /// P5: the three forms, whole.
    #[test]
    fn the_three_forms() {
        let found = violation("u1", 3);
        let report = report(&found);
        insta::assert_json_snapshot!("standard", value(AlertFormat::Standard, &report));
        insta::assert_json_snapshot!("slack", value(AlertFormat::Slack, &report));
        insta::assert_json_snapshot!("alertmanager", value(AlertFormat::Alertmanager, &report));
    }

    /// P5, P16: what people read is in the tenant's first language; what programs read has no language.
    #[test]
    fn people_read_their_language() {
        let found = violation("u1", 3);
        for (lang, headline, detail) in
            [(Lang::Ru, "*ВЫСОКИЙ* ", "Всего раз: 3"), (Lang::Cs, "*VYSOKÁ* ", "Zatím celkem: 3")]
        {
            let report = Report { lang, ..report(&found) };
            let slack = value(AlertFormat::Slack, &report);
            assert!(slack["text"].as_str().unwrap().starts_with(headline), "{slack}");
            assert!(slack["blocks"][1]["elements"][0]["text"].as_str().unwrap().contains(detail), "{slack}");
            let alert = value(AlertFormat::Alertmanager, &report);
            assert_eq!(alert[0]["labels"]["severity"], "high");
        }
    }

    #[test]
    fn a_test_says_so_in_every_form() {
        let found = violation("u1", 3);
        let report = Report { kind: PendingKind::Test, violation_url: "", ..report(&found) };
        assert_eq!(value(AlertFormat::Standard, &report)["type"], "test");
        assert!(value(AlertFormat::Slack, &report)["text"].as_str().unwrap().starts_with("Test: "));
        assert_eq!(value(AlertFormat::Alertmanager, &report)[0]["labels"]["alertname"], "test");
    }

    /// K10: a report that names a device says how sure its id is. What people and Alertmanager are sent names none.
    #[test]
    fn a_device_is_named_with_how_sure_it_is() {
        let mut found = violation("u1", 3);
        for (device, confidence) in [("laptop", Some("high")), ("shared", Some("low")), ("", None)] {
            (found.device_id, found.device_confidence) = (device.to_owned(), confidence.map(str::to_owned));
            let data = value(AlertFormat::Standard, &report(&found))["data"].clone();
            assert_eq!((&data["device_id"], data.get("device_confidence")), (&json!(device), Some(&json!(confidence))));
            for format in [AlertFormat::Slack, AlertFormat::Alertmanager] {
                let text = value(format, &report(&found)).to_string();
                assert!(device.is_empty() || !text.contains(device), "{text}");
            }
        }
    }

    proptest! {
        /// Nothing that a user is called can begin a mention or a link.
        #[test]
        fn names_stay_text(name in "\\PC{0,60}", title in "\\PC{0,60}") {
            let mut found = violation("u1", 9);
            (found.user_name, found.title) = (name, title);
            let slack = value(AlertFormat::Slack, &Report { violation_url: "", ..report(&found) });
            let texts = [&slack["text"], &slack["blocks"][1]["elements"][0]["text"]];
            for text in texts.map(|text| text.as_str().unwrap()) {
                prop_assert!(!text.contains('<') && !text.contains('>'), "{}", text);
            }
        }
    }
}
