//! Many events at once, made by ClickHouse itself: 200 tenants of very different size over 90 days, by hashes of the row's
//! number, so that the same number of rows is always the same rows.

use chrono::{DateTime, Utc};
use clickhouse::Client;

/// Tenants, `t-0` the largest (17 % of all events) and `t-199` the smallest (0.2 %).
pub(crate) const TENANTS: u64 = 200;
/// Days that the events are spread over.
pub(crate) const DAYS: i64 = 90;
/// Events of a user, in the mean: more events are more users, not busier ones.
pub(crate) const EVENTS_A_USER: u64 = 200;
/// Rows of one insert, where memory allows.
pub(crate) const CHUNK: u64 = 1_000_000;

/// What each row is made of. `{offset}` and `{rows}` are its numbers, `{total}` all of them, `{end}` the last time.
const ROWS: &str = "
INSERT INTO events
(
    tenant, event_id, type, class, category, action, module, outcome, occurred_at, received_at, enriched_at,
    actor_kind, actor_id, actor_name, actor_email, actor_active, object_type, object_id, object_name, location,
    changes.path, changes.op, changes.old, changes.new, channel, started_at, duration_ms, records, ip, user_agent,
    session_id, key_id, country, region, city, latitude, longitude, geo_time_zone, asn, as_org, browser, browser_version,
    os, os_version, device_kind, device_id, device_confidence, violations, violation_levels, violation_versions,
    session_key, session_started_at, last_activity_at, violation_ids, violation_windows, violation_seen,
    violation_limits, violation_actions, violation_groups, retention_days, kafka_partition, kafka_offset
)
WITH
    number AS n,
    cityHash64(n, 1) / pow(2, 64) AS chance,
    toUInt64(floor({tenants} * pow(chance, 3))) AS company,
    pow((company + 1) / {tenants}, 1 / 3) - pow(company / {tenants}, 1 / 3) AS share,
    greatest(1, toUInt64(share * {total} / {events_a_user})) AS staff,
    cityHash64(n, 2) % staff AS person,
    cityHash64(n, 3) % 100 AS dice,
    toDateTime64('{end}', 3, 'UTC') - toIntervalMillisecond(toInt64(({total} - n) * ({days} * 86400000 / {total}))) AS at,
    concat('u-', toString(person)) AS who,
    multiIf(dice < 8, 'sign_in', dice < 10, 'sign_in_failed', dice < 50, 'view', dice < 75, 'update', dice < 83, 'create',
        dice < 85, 'delete', dice < 86, 'export', dice < 95, 'talk', 'send') AS did,
    multiIf(dice < 10, 'sign_ins', dice < 50, 'views', dice < 85, 'changes', dice < 86, 'views', 'other') AS kept_as,
    multiIf(dice < 10, 'user', dice >= 86 AND dice < 95, 'call', dice >= 95, 'email',
        ['contact', 'deal', 'task', 'order', 'client'][cityHash64(n, 4) % 5 + 1]) AS thing,
    concat('d-', toString(person), '-', toString(cityHash64(n, 5) % 3)) AS device,
    concat('s-', toString(person), '-', toString(toRelativeDayNum(at))) AS session,
    cityHash64(person, 6) % 40 AS town,
    if(dice >= 50 AND dice < 75, 1 + cityHash64(n, 7) % 3, 0) AS edits,
    cityHash64(n, 8) % 200 = 0 AS broken,
    if(broken, [lower(hex(cityHash64(company, person, toStartOfHour(at)))) ], []) AS found
SELECT
    concat('t-', toString(company)),
    concat('e-', leftPad(toString(n), 12, '0')),
    concat(thing, '.', did),
    multiIf(did = 'create', 'create', did = 'delete', 'delete', did = 'update', 'change', 'other'),
    kept_as,
    did,
    thing,
    if(did = 'sign_in_failed', 'failure', 'success'),
    at, at, at,
    'user', who, concat('Jana Nováková ', toString(person)), concat(who, '@example.com'), person % 20 != 0,
    thing, toString(cityHash64(n, 9) % greatest(1, intDiv({total}, 50))), concat('Object ', toString(cityHash64(n, 9) % 1000)),
    concat('branch-', toString(person % 12)),
    arrayMap(i -> ['deadline', 'status', 'manager', 'price'][(n + i) % 4 + 1], range(edits)),
    arrayMap(i -> 'replace', range(edits)),
    arrayMap(i -> toString(cityHash64(n, i, 10) % 1000), range(edits)),
    arrayMap(i -> toString(cityHash64(n, i, 11) % 1000), range(edits)),
    multiIf(thing = 'call', 'call', thing = 'email', 'email', ''),
    if(dice >= 86, at - toIntervalSecond(cityHash64(n, 12) % 600), toDateTime64(0, 3, 'UTC')),
    if(dice >= 86, (cityHash64(n, 12) % 600) * 1000, 0),
    multiIf(did = 'export', cityHash64(n, 13) % 5000, did = 'view', 1, 0),
    toIPv6(concat('198.51.', toString(town), '.', toString(person % 250))),
    'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    session, 'k3jq7xw2m5ab',
    ['CZ', 'DE', 'SK', 'PL', 'AT', 'US', 'GB', 'UA'][town % 8 + 1], concat('Region ', toString(town)),
    concat('City ', toString(town)), 49 + town / 10, 14 + town / 10, 'Europe/Prague', 1000 + town, 'Example Net',
    'Firefox', '145', 'Linux', '', if(person % 4 = 0, 'phone', 'desktop'), device, 'high',
    if(broken, ['too-many-devices'], []), if(broken, [toUInt8(2)], []), if(broken, [toUInt32(1)], []),
    session, toDateTime64(toStartOfDay(at), 3, 'UTC'), at, found, if(broken, [toDateTime64(toStartOfHour(at), 3, 'UTC')], []),
    if(broken, [6.0], []), if(broken, [5.0], []), if(broken, ['flag'], []), if(broken, [''], []),
    365, 0, n
FROM numbers({offset}, {rows})";

/// Fills the client's database, which is migrated and empty, with events of so many tenants up to `end`, so many an insert.
pub(crate) async fn fill(client: &Client, tenants: u64, total: u64, chunk: u64, end: DateTime<Utc>) {
    let mut offset = 0;
    while offset < total {
        let rows = chunk.min(total - offset);
        let values = [
            ("{tenants}", tenants.to_string()),
            ("{events_a_user}", EVENTS_A_USER.to_string()),
            ("{days}", DAYS.to_string()),
            ("{total}", total.to_string()),
            ("{end}", end.format("%Y-%m-%d %H:%M:%S%.3f").to_string()),
            ("{offset}", offset.to_string()),
            ("{rows}", rows.to_string()),
        ];
        let sql = values.iter().fold(ROWS.to_owned(), |sql, (name, value)| sql.replace(name, value));
        client.query_raw(&sql).with_setting("max_insert_threads", "2").execute().await.unwrap();
        offset += rows;
    }
}
