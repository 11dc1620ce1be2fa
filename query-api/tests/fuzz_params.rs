//! The fuzz target of query strings and cursors for a bounded time, without libFuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../fuzz/bodies/mutate.rs"]
mod mutate;
#[path = "../../fuzz/bodies/params.rs"]
mod params;

const TOKENS: &[&str] = &[
    "&",
    "=",
    ",",
    "%",
    "%00",
    "%2C",
    "%ff",
    "%C4%9B",
    "+",
    "';--",
    "{tenant:String}",
    "?",
    "\u{0}",
    "type=",
    "actor_id=",
    "object_id=",
    "order=received",
    "limit=0",
    "limit=1000",
    "period=custom",
    "period=last_week",
    "from=2026-03-29",
    "to=",
    "from=2199-12-31",
    "to=1970-01-01",
    "2026-10-25T02:30:00%2B02:00",
    "violations=true",
    "cursor=",
    "class=change",
];
const QUERIES: &[&str] = &[
    "",
    "type=task.created,task.deleted&actor_id=u-1&limit=50",
    "period=this_week&order=asc&class=create,delete&outcome=failure",
    "from=2026-03-28&to=2026-03-30&object_type=deal&object_id=D-77",
    "from=2011-12-29&to=2012-01-02&period=custom",
    "from=2026-10-25T00:30:00Z&to=2026-10-25T03:00:00%2B01:00&location=Brno&module=orders&channel=call",
    "violations=true&category=sign_ins&actor_kind=user,api_key",
    "level=high&min_level=low&rule=sign-in-tor&device_id=d-1&reviewed=false",
    "cursor=AQAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAgGUx",
];

/// J5–J8, L12–L15, pitfall 14: whatever is asked is understood within bounds or refused by name.
#[test]
fn the_query_string_takes_anything() {
    let corpus: Vec<Vec<u8>> =
        QUERIES.iter().flat_map(|query| (0_u8..15).map(|switches| [&[switches], query.as_bytes()].concat())).collect();
    mutate::run(&corpus, TOKENS, params::run);
}
