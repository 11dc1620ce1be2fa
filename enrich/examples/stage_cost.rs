//! What each pure stage costs an event, in nanoseconds: `cargo run --release -p enrich --example stage_cost [mmdb …]`.
//!
//! Absolute figures are this machine's; compare them with each other, and with a run before a change.

#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Instant;

use enrich::device::{ClientHints, DeviceCache, DeviceInput, DeviceParser};
use enrich::geo::{GeoCache, GeoPaths, GeoReader};
use enrich::rules::{EventFields, FieldValue, RuleSet};

/// About thirty fields, as the workers' view has them.
struct Fields {
    kind: &'static str,
    class: &'static str,
    action: &'static str,
    category: &'static str,
    object_type: &'static str,
    changes: &'static [[&'static str; 4]],
}

const VIEW: Fields = Fields {
    kind: "deal.viewed",
    class: "other",
    action: "view",
    category: "views",
    object_type: "deal",
    changes: &[],
};
const UPDATE: Fields = Fields {
    kind: "deal.stage_changed",
    class: "change",
    action: "update",
    category: "changes",
    object_type: "deal",
    changes: &[["stage", "replace", "won", "lost"], ["amount", "replace", "10", "20"]],
};
const USER: Fields = Fields {
    kind: "user.role_changed",
    class: "change",
    action: "update",
    category: "configuration",
    object_type: "user",
    changes: &[["role", "replace", "agent", "manager"]],
};
const SIGN_IN: Fields = Fields {
    kind: "user.signed_in",
    class: "other",
    action: "sign_in",
    category: "sign_ins",
    object_type: "user",
    changes: &[],
};

impl EventFields for Fields {
    fn has(&self, path: &str) -> bool {
        if path.starts_with("changes") { !self.changes.is_empty() } else { self.field(path).is_some() }
    }

    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        let text = |text: &'static str| Some(FieldValue::Str(text.into()));
        let list = |at: usize| {
            let items = self.changes.iter().filter_map(|change| Some(FieldValue::Str((*change.get(at)?).into())));
            (!self.changes.is_empty()).then(|| FieldValue::Array(items.collect()))
        };
        match path {
            "type" => text(self.kind),
            "class" => text(self.class),
            "action" => text(self.action),
            "category" => text(self.category),
            "outcome" => text("success"),
            "actor.kind" => text("user"),
            "actor.id" => text("u-4711"),
            "actor.email" => text("jana@example.com"),
            "actor.active" => Some(FieldValue::Bool(true)),
            "object.type" => text(self.object_type),
            "object.id" => text("o-12345"),
            "object.module" => text("deals"),
            "location" => text("Prague"),
            "records" => Some(FieldValue::Int(1)),
            "context.ip" => text("46.28.110.5"),
            "context.user_agent" => text(USER_AGENT),
            "context.session_id" => text("s-1"),
            "geo.country" => text("CZ"),
            "geo.region" | "geo.city" => text("Prague"),
            "geo.asn" => Some(FieldValue::Int(6830)),
            "geo.ip_kind" => text("public"),
            "device.id" => text("ee5590846b383462"),
            "device.browser" => text("Chrome"),
            "device.os" => text("Windows"),
            "device.os_version" => text("11"),
            "device.kind" => text("desktop"),
            "device.bot" => Some(FieldValue::Bool(false)),
            "device.confidence" => text("high"),
            "backfill" => Some(FieldValue::Bool(false)),
            "changes.path" => list(0),
            "changes.op" => list(1),
            "changes.old" => list(2),
            "changes.new" => list(3),
            "changes" => (!self.changes.is_empty()).then(|| {
                let change = |change: &[&'static str; 4]| {
                    let names = ["path", "op", "old", "new"];
                    FieldValue::Map(
                        names.into_iter().zip(change).map(|(k, v)| (k.into(), FieldValue::Str((*v).into()))).collect(),
                    )
                };
                FieldValue::Array(self.changes.iter().map(change).collect())
            }),
            _ => None,
        }
    }
}

const USER_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

fn measure(name: &str, rounds: u32, mut work: impl FnMut(u32)) {
    (0..rounds / 4).for_each(&mut work);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        (0..rounds).for_each(&mut work);
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(rounds));
    }
    println!("{name:<44} {best:>10.0} ns");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = RuleSet::shipped()?;
    println!("{} rules", rules.rules().len());
    let mut out = Vec::new();
    for (name, event) in [("view", &VIEW), ("update", &UPDATE), ("user changed", &USER), ("sign-in", &SIGN_IN)] {
        measure(&format!("rules, {name}"), 200_000, |_| {
            out.clear();
            rules.evaluate(black_box(event), &mut out);
        });
    }

    let start = Instant::now();
    let parser = DeviceParser::new()?;
    println!("device parser built in {:?}", start.elapsed());
    let hints = ClientHints {
        ua: r#""Not_A Brand";v="8", "Chromium";v="120", "Google Chrome";v="120""#,
        mobile: "?0",
        platform: "\"Windows\"",
        platform_version: "\"15.0.0\"",
        ..ClientHints::default()
    };
    let input = DeviceInput { user_agent: USER_AGENT, tenant: "tenant", ..DeviceInput::default() };
    let mut cache = DeviceCache::default();
    for (name, input) in [
        ("user agent, cookie", DeviceInput { cookie_id: "0190b6a1-7c1e-7cc0-8a32-1f2e3d4c5b6a", ..input }),
        ("user agent, fingerprint", input),
        ("user agent and hints, fingerprint", DeviceInput { hints, ..input }),
    ] {
        measure(&format!("device cached, {name}"), 200_000, |_| {
            black_box(parser.parse(&mut cache, black_box(&input)));
        });
    }
    let mut fresh = DeviceCache::new(2);
    let agents: Vec<String> = (0..512).map(|i| USER_AGENT.replace("120.0.0.0", &format!("120.0.{i}.0"))).collect();
    measure("device not cached", 2_000, |i| {
        let user_agent = agents.get(i as usize % agents.len()).map_or("", String::as_str);
        black_box(parser.parse(&mut fresh, &DeviceInput { user_agent, ..input }));
    });

    let city: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let start = Instant::now();
    let reader = GeoReader::open(GeoPaths { city, ..GeoPaths::default() })?;
    println!("geolocation files read in {:?}", start.elapsed());
    let database = reader.snapshot();
    // A multiplicative step visits addresses in no order that a cache could profit from.
    let address = |i: u32| IpAddr::from(Ipv4Addr::from(i.wrapping_mul(2_654_435_761)));
    let mut cache = GeoCache::default();
    measure("geo, 1,000 addresses in turn", 200_000, |i| {
        black_box(database.lookup(&mut cache, address(i % 1000)));
    });
    measure("geo, 1,000,000 addresses in turn", 1_000_000, |i| {
        black_box(database.lookup(&mut cache, address(i)));
    });
    Ok(())
}
