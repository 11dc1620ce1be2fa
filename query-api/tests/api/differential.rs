//! The lists of a user's page, of users and of violations against a naive recomputation over the raw rows, for random filters.
//! The event log's are in `filters`, the statistics' in `statistics`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;
use schemas::settings::Role;

use crate::support::{Event, RULES, World, covering, encoded, ids, pick, rng, with_world};

/// Filters of each list.
const FILTERS: usize = 250;
const USERS: [&str; 6] = ["u0", "u1", "u2", "u3", "u4", "u5"];
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

/// A filter as it grows: its query, and whether a row of the model passes all of it.
struct Filter {
    query: String,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl Filter {
    /// A page's size, and perhaps a period.
    fn random(rng: &mut StdRng, now: DateTime<Utc>) -> Self {
        let mut filter = Self { query: format!("limit={}", rng.random_range(5..200)), from: None, to: None };
        let text = |time: DateTime<Utc>| encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
        if rng.random_bool(0.4) {
            let from = now - TimeDelta::milliseconds(rng.random_range(20..48) * 3_600_000 + 123);
            filter.query.push_str(&format!("&from={}", text(from)));
            filter.from = DateTime::from_timestamp_millis(from.timestamp_millis());
        }
        if rng.random_bool(0.4) {
            let to = now - TimeDelta::milliseconds(rng.random_range(1..20) * 3_600_000 + 77);
            filter.query.push_str(&format!("&to={}", text(to)));
            filter.to = DateTime::from_timestamp_millis(to.timestamp_millis());
        }
        filter
    }

    /// Perhaps some of `all`, by the name of a parameter.
    fn some(&mut self, rng: &mut StdRng, name: &str, all: &[&'static str]) -> Option<BTreeSet<&'static str>> {
        if !rng.random_bool(0.3) {
            return None;
        }
        let wanted: BTreeSet<&str> = (0..rng.random_range(1..=2)).map(|_| pick(rng, all)).collect();
        self.query.push_str(&format!("&{name}={}", wanted.iter().copied().collect::<Vec<_>>().join(",")));
        Some(wanted)
    }

    /// Perhaps `true` or `false`, by the name of a parameter.
    fn flag(&mut self, rng: &mut StdRng, name: &str) -> Option<bool> {
        let flag = rng.random_bool(0.3).then(|| rng.random_bool(0.5));
        if let Some(flag) = flag {
            self.query.push_str(&format!("&{name}={flag}"));
        }
        flag
    }

    /// Whether something that lasted from `begun` to `ended` overlaps the period.
    fn overlaps(&self, begun: DateTime<Utc>, ended: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| ended >= from) && self.to.is_none_or(|to| begun < to)
    }
}

fn among(wanted: Option<&BTreeSet<&str>>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.contains(value))
}

/// Some events with one thing in common.
struct Group<'a>(Vec<&'a Event>);

impl<'a> Group<'a> {
    /// Events by what they have in common; those without it are in none.
    fn by<K: Ord>(events: &'a [Event], key: impl Fn(&'a Event) -> Option<K>) -> BTreeMap<K, Self> {
        let mut groups: BTreeMap<K, Self> = BTreeMap::new();
        for event in events {
            if let Some(key) = key(event) {
                groups.entry(key).or_insert_with(|| Self(Vec::new())).0.push(event);
            }
        }
        groups
    }

    fn first(&self) -> DateTime<Utc> {
        self.0.iter().map(|event| event.occurred).min().unwrap()
    }

    fn latest(&self) -> &Event {
        self.0.iter().max_by_key(|event| event.occurred).unwrap()
    }

    /// What the last event that says something has it say.
    fn last(&self, field: impl Fn(&Event) -> &str) -> &str {
        let told = self.0.iter().filter(|event| !field(event).is_empty());
        told.max_by_key(|event| event.occurred).map_or("", |event| field(event))
    }

    fn signed_in(&self) -> bool {
        self.0.iter().any(|event| event.action == "sign_in" && event.outcome == "success")
    }

    fn count(&self, action: &str) -> usize {
        self.0.iter().filter(|event| event.action == action).count()
    }
}

/// 900 events of two tenants in several parts, no two at the same time.
async fn prepare(world: &World, seed: u64) -> Vec<Event> {
    let mut rng = rng(seed);
    for tenant in ["acme", "other"] {
        world.tenant(tenant, |_| {}).await;
    }
    let mut taken = BTreeSet::new();
    let mut events = Vec::new();
    for number in 0..900 {
        let tenant = if number % 4 == 0 { "other" } else { "acme" };
        let mut event = Event::random(&mut rng, tenant, number, TimeDelta::hours(48));
        while !taken.insert(event.occurred) {
            event.occurred -= TimeDelta::milliseconds(1);
        }
        event.actor_name = pick(&mut rng, &["Jana Nováková", "Bob", "Пётр", ""]).to_owned();
        event.actor_email = pick(&mut rng, &["", &format!("{}@Acme.example", event.actor_id)]).to_owned();
        if rng.random_bool(0.2) {
            event.device_kind = "";
        }
        event.actor_active = rng.random_bool(0.7);
        event.level = rng.random_range(0..5);
        event.backfill = rng.random_bool(0.05);
        if rng.random_bool(0.1) {
            event.action = "sign_out";
        }
        events.push(event);
    }
    for part in events.chunks(150) {
        world.insert(part).await;
    }
    events.retain(|event| event.tenant == "acme");
    events
}

async fn found(world: &World, key: &str, path: &str, filter: &Filter, id: &str) -> BTreeSet<String> {
    let rows = world.pages(&format!("{path}?{}", filter.query), key).await;
    let found: BTreeSet<String> = rows.iter().map(|row| row[id].as_str().unwrap().to_owned()).collect();
    assert_eq!(found.len(), rows.len(), "rows are repeated: {path}?{}", filter.query);
    found
}

/// K1, K2, K5, K7, K9: users, their sign-ins, devices and sessions.
#[test]
fn users_and_their_pages_agree_with_a_recount() {
    with_world("differential_users", async |world| {
        let events = prepare(&world, 61).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let (mut rng, now) = (rng(62), Utc::now());
        let of_users = |event: &&Event| event.actor_kind == "user";
        let users = Group::by(&events, |event| of_users(&event).then(|| event.actor_id.clone()));
        let mut matched = [0; 4];
        for _ in 0..FILTERS {
            let mut filter = Filter::random(&mut rng, now);
            let deactivated = filter.flag(&mut rng, "include_deactivated") == Some(true);
            let words = ["nová", "BOB", "пётр", "u1", "u3@acme", "nobody"];
            let q = rng.random_bool(0.5).then(|| pick(&mut rng, &words));
            if let Some(q) = q {
                filter.query.push_str(&format!("&q={}", encoded(q)));
            }
            let passes = |user: &Group<'_>| {
                let latest = user.latest();
                let (name, email) = (user.last(|event| &event.actor_name), user.last(|event| &event.actor_email));
                let texts = [name, email, &latest.actor_id];
                filter.overlaps(user.first(), latest.occurred)
                    && (deactivated || latest.actor_active)
                    && q.is_none_or(|q| texts.iter().any(|text| text.to_lowercase().contains(&q.to_lowercase())))
            };
            let wanted: BTreeSet<_> = users.iter().filter(|(_, user)| passes(user)).map(|(id, _)| id.clone()).collect();
            assert_eq!(found(&world, &key, "/v1/users", &filter, "id").await, wanted, "{}", filter.query);
            matched[0] += wanted.len();

            let user = pick(&mut rng, &USERS);
            let mut filter = Filter::random(&mut rng, now);
            let outcomes = filter.some(&mut rng, "outcome", &["success", "failure", "unknown"]);
            let devices = filter.some(&mut rng, "device_id", &["d1", "d2", "d9"]);
            let countries = filter.some(&mut rng, "country", &["CZ", "DE"]);
            let broken = filter.flag(&mut rng, "violations");
            let wanted: BTreeSet<_> = events
                .iter()
                .filter(|event| event.actor_kind == "user" && event.actor_id == user)
                .filter(|event| ["sign_in", "sign_in_failed"].contains(&event.action))
                .filter(|event| among(outcomes.as_ref(), event.outcome) && among(devices.as_ref(), &event.device_id))
                .filter(|event| among(countries.as_ref(), event.country))
                .filter(|event| broken.is_none_or(|broken| event.violations.is_empty() != broken))
                .filter(|event| filter.overlaps(event.occurred, event.occurred))
                .map(|event| event.id.clone())
                .collect();
            let path = format!("/v1/users/{user}/sign-ins");
            assert_eq!(found(&world, &key, &path, &filter, "id").await, wanted, "{user} {}", filter.query);
            matched[1] += wanted.len();

            let of_user = |event: &&Event| of_users(event) && event.actor_id == user;
            let mut filter = Filter::random(&mut rng, now);
            let kinds = filter.some(&mut rng, "kind", &["desktop", "mobile"]);
            let signed_in = filter.flag(&mut rng, "signed_in");
            let wanted: BTreeSet<_> = Group::by(&events, |event| {
                (of_user(&event) && !event.device_id.is_empty()).then(|| event.device_id.clone())
            })
            .into_iter()
            .filter(|(_, device)| filter.overlaps(device.first(), device.latest().occurred))
            .filter(|(_, device)| among(kinds.as_ref(), device.last(|event| event.device_kind)))
            .filter(|(_, device)| signed_in.is_none_or(|wanted| device.signed_in() == wanted))
            .map(|(id, _)| id)
            .collect();
            let path = format!("/v1/users/{user}/devices");
            assert_eq!(found(&world, &key, &path, &filter, "id").await, wanted, "{user} {}", filter.query);
            matched[2] += wanted.len();

            let mut filter = Filter::random(&mut rng, now);
            let devices = filter.some(&mut rng, "device_id", &["d1", "d2", "d3"]);
            let signed_out = filter.flag(&mut rng, "signed_out");
            let wanted: BTreeSet<_> = Group::by(&events, |event| {
                (of_user(&event) && !event.session_id.is_empty()).then(|| event.session_id.clone())
            })
            .into_iter()
            .filter(|(_, session)| filter.overlaps(session.first(), session.latest().occurred))
            .filter(|(_, session)| among(devices.as_ref(), session.last(|event| &event.device_id)))
            .filter(|(_, session)| signed_out.is_none_or(|wanted| (session.count("sign_out") > 0) == wanted))
            .map(|(id, _)| id)
            .collect();
            let path = format!("/v1/users/{user}/sessions");
            assert_eq!(found(&world, &key, &path, &filter, "key").await, wanted, "{user} {}", filter.query);
            matched[3] += wanted.len();
        }
        assert!(
            matched.iter().all(|rows| *rows > FILTERS),
            "the filters are too narrow to prove anything: {matched:?}"
        );
    });
}

/// K1, K7, K9: sign-ins and devices of all users.
#[test]
fn lists_of_the_whole_tenant_agree_with_a_recount() {
    with_world("differential_tenant", async |world| {
        let mut events = prepare(&world, 65).await;
        events.retain(|event| event.actor_kind == "user");
        let key = world.key(Some("acme"), Role::Admin).await;
        let (mut rng, now) = (rng(66), Utc::now());
        let mut matched = [0; 2];
        for _ in 0..FILTERS {
            let mut filter = Filter::random(&mut rng, now);
            let users = filter.some(&mut rng, "user_id", &USERS);
            let outcomes = filter.some(&mut rng, "outcome", &["success", "failure", "unknown"]);
            let devices = filter.some(&mut rng, "device_id", &["d1", "d2", "d9"]);
            let countries = filter.some(&mut rng, "country", &["CZ", "DE"]);
            let broken = filter.flag(&mut rng, "violations");
            let wanted: BTreeSet<_> = events
                .iter()
                .filter(|event| ["sign_in", "sign_in_failed"].contains(&event.action))
                .filter(|event| among(users.as_ref(), &event.actor_id) && among(outcomes.as_ref(), event.outcome))
                .filter(|event| among(devices.as_ref(), &event.device_id) && among(countries.as_ref(), event.country))
                .filter(|event| broken.is_none_or(|broken| event.violations.is_empty() != broken))
                .filter(|event| filter.overlaps(event.occurred, event.occurred))
                .map(|event| event.id.clone())
                .collect();
            assert_eq!(found(&world, &key, "/v1/sign-ins", &filter, "id").await, wanted, "{}", filter.query);
            matched[0] += wanted.len();

            let mut filter = Filter::random(&mut rng, now);
            let users = filter.some(&mut rng, "user_id", &USERS);
            let kinds = filter.some(&mut rng, "kind", &["desktop", "mobile"]);
            let signed_in = filter.flag(&mut rng, "signed_in");
            let least = rng.random_range(1..8);
            filter.query.push_str(&format!("&users_min={least}"));
            // A user's share of a device counts or does not, as it would in the user's own list.
            let shares = Group::by(&events, |event| {
                (!event.device_id.is_empty()).then(|| (event.device_id.clone(), event.actor_id.clone()))
            });
            let mut by_device: BTreeMap<&str, (BTreeSet<&str>, Vec<&Event>)> = BTreeMap::new();
            for ((device, user), share) in &shares {
                let counts = filter.overlaps(share.first(), share.latest().occurred)
                    && signed_in.is_none_or(|wanted| share.signed_in() == wanted);
                if counts {
                    let (users, events) = by_device.entry(device).or_default();
                    users.insert(user);
                    events.extend(&share.0);
                }
            }
            let passes = |(of, events): &(BTreeSet<&str>, Vec<&Event>)| {
                of.len() >= least
                    && users.as_ref().is_none_or(|users| !users.is_disjoint(of))
                    && among(kinds.as_ref(), Group(events.clone()).last(|event| event.device_kind))
            };
            let wanted: BTreeMap<String, usize> = by_device
                .iter()
                .filter(|(_, device)| passes(device))
                .map(|(id, (users, _))| ((*id).to_owned(), users.len()))
                .collect();
            let rows = world.pages(&format!("/v1/devices?{}", filter.query), &key).await;
            let counted = |row: &serde_json::Value| {
                let users = usize::try_from(row["users"].as_u64().unwrap()).unwrap();
                assert_eq!(row["user_ids"].as_array().unwrap().len(), users);
                (row["id"].as_str().unwrap().to_owned(), users)
            };
            let shown: BTreeMap<String, usize> = rows.iter().map(counted).collect();
            assert_eq!((rows.len(), &shown), (wanted.len(), &wanted), "{}", filter.query);
            matched[1] += wanted.len();
        }
        assert!(
            matched[0] > FILTERS && matched[1] > FILTERS / 2,
            "the filters are too narrow to prove anything: {matched:?}"
        );
    });
}

/// K5, K12, K13: violations, of all users and of one, reviewed and not, as a list and counted.
#[test]
fn violations_agree_with_a_recount() {
    with_world("differential_violations", async |world| {
        let events = prepare(&world, 63).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let (mut rng, now) = (rng(64), Utc::now());
        let mut all: BTreeMap<String, (&str, Group<'_>)> = BTreeMap::new();
        for event in &events {
            for rule in &event.violations {
                let (_, group) = all.entry(event.violation_id(rule)).or_insert_with(|| (rule, Group(Vec::new())));
                group.0.push(event);
            }
        }
        // Some have grown since: those are not reviewed any more.
        let mut looked_at: BTreeMap<String, bool> = BTreeMap::new();
        for id in all.keys() {
            if rng.random_bool(0.4) {
                looked_at.insert(id.clone(), rng.random_bool(0.3));
            }
        }
        let unchanged = |id: &&String| !looked_at[*id];
        let reviewed: BTreeSet<String> = looked_at.keys().filter(unchanged).cloned().collect();
        let count = |id: &str| all[id].1.0.len() as u64 - u64::from(looked_at[id]);
        let reviews: Vec<Event> = looked_at
            .keys()
            .enumerate()
            .map(|(number, id)| Event {
                id: format!("review-{number}"),
                changes: covering(count(id), 0.0),
                ..Event::review(id, "violation.reviewed", TimeDelta::minutes(1))
            })
            .collect();
        world.insert(&reviews).await;
        let mut matched = 0;
        for _ in 0..2 * FILTERS {
            let mut filter = Filter::random(&mut rng, now);
            let rules = filter.some(&mut rng, "rule", RULES);
            let levels = filter.some(&mut rng, "level", &LEVELS);
            let devices = filter.some(&mut rng, "device_id", &["d1", "d2", "d3"]);
            let least = rng.random_bool(0.2).then(|| pick(&mut rng, &LEVELS));
            if let Some(least) = least {
                filter.query.push_str(&format!("&min_level={least}"));
            }
            let seen = filter.flag(&mut rng, "reviewed");
            let user = rng.random_bool(0.4).then(|| pick(&mut rng, &USERS));
            let path = user.map_or("/v1/violations".to_owned(), |user| format!("/v1/users/{user}/violations"));
            let rank = |name: &str| LEVELS.iter().position(|level| *level == name).unwrap();
            let passes = |id: &str, rule: &str, found: &Group<'_>| {
                let level = usize::from(found.0.iter().map(|event| event.level).max().unwrap());
                filter.overlaps(found.first(), found.latest().occurred)
                    && among(rules.as_ref(), rule)
                    && among(levels.as_ref(), LEVELS[level])
                    && least.is_none_or(|least| level >= rank(least))
                    && among(devices.as_ref(), found.last(|event| &event.device_id))
                    && seen.is_none_or(|seen| reviewed.contains(id) == seen)
                    && user.is_none_or(|user| found.0[0].actor_id == user)
            };
            let wanted: BTreeSet<String> =
                all.iter().filter(|(id, (rule, found))| passes(id, rule, found)).map(|(id, _)| id.clone()).collect();
            assert_eq!(found(&world, &key, &path, &filter, "id").await, wanted, "{path}?{}", filter.query);
            matched += wanted.len();

            // The same violations, counted.
            let of_user = user.map_or(String::new(), |user| format!("&user_id={user}"));
            let (_, narrowed) = filter.query.split_once('&').unwrap_or_default();
            let summary = world.ok(&format!("/v1/violations/summary?top=100&{narrowed}{of_user}"), &key).await;
            let unreviewed = |id: &&String| !reviewed.contains(*id);
            assert_eq!(summary["total"]["value"], wanted.len(), "{}", filter.query);
            assert_eq!(summary["unreviewed"], wanted.iter().filter(unreviewed).count(), "{}", filter.query);
            for name in ["level", "rule", "user"] {
                let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
                for id in &wanted {
                    let (rule, found) = &all[id];
                    let value = match name {
                        "level" => LEVELS[usize::from(found.0.iter().map(|event| event.level).max().unwrap())],
                        "rule" => rule,
                        _ => &found.0[0].actor_id,
                    };
                    let count = counts.entry(value).or_default();
                    *count = (count.0 + 1, count.1 + usize::from(unreviewed(&id)));
                }
                let shown = summary[name].as_array().unwrap();
                assert_eq!(shown.len(), counts.len(), "{name} {}", filter.query);
                let order = |row: &serde_json::Value| (row["unreviewed"].as_u64(), row["count"].as_u64());
                assert!(shown.windows(2).all(|pair| order(&pair[0]) >= order(&pair[1])), "{name} {summary}");
                for row in shown {
                    let (count, open) = counts[row["value"].as_str().unwrap()];
                    assert_eq!(
                        (&row["count"], &row["unreviewed"]),
                        (&count.into(), &open.into()),
                        "{name} {}",
                        filter.query
                    );
                }
            }
        }
        assert!(matched > FILTERS, "the filters are too narrow to prove anything: {matched}");
        assert_eq!(ids(&world.pages("/v1/violations?limit=200", &key).await).len(), all.len());
    });
}
