//! Attacks mixed into ordinary life, each on a user of its own, in the hours after that user signed in as always.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::json;

use super::people::{Habit, Person};
use super::world::{self, Network};
use super::{Attack, DAY, From, HOUR, MINUTE, START, Sent, Writer};

const AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const SCRIPT: &str = "python-requests/2.31.0";
/// Of each kind.
const EACH: usize = 3;

type Kind = (&'static str, &'static [&'static str], fn(&mut Scene<'_, '_>));

const KINDS: &[Kind] = &[
    ("takeover from another continent", &["impossible-travel", "new-device-new-country"], takeover),
    ("takeover through a VPN", &["new-device-new-country"], masked_takeover),
    ("brute force", &["brute-force", "brute-force-success"], brute_force),
    ("export at once", &["mass-export"], export_at_once),
    ("export in small parts", &["mass-export-window"], export_in_parts),
    ("reading the database", &["mass-view"], reading),
    ("deletion at once", &["bulk-delete", "mass-delete"], deletion_at_once),
    ("deletion one by one", &["mass-delete"], deletion_one_by_one),
    ("deactivated user comes back", &["sign-in-deactivated-user"], deactivated),
    ("rights, then export", &["privilege-change-then-export"], privileges),
    ("script signs in", &["sign-in-automated"], script),
    ("account passed round", &["too-many-devices", "too-many-sessions", "too-many-ips", "too-many-countries"], shared),
];

/// One attack under construction.
struct Scene<'a, 'b> {
    dice: &'a mut StdRng,
    writer: Writer<'b>,
    user: (&'static str, &'a str),
    /// When the user signed in last.
    at: i64,
    /// What the user works with.
    own: From,
    ids: BTreeSet<String>,
}

impl Scene<'_, '_> {
    fn write(&mut self, at: i64, kind: &str, from: &From, more: serde_json::Value) {
        let id = self.writer.write(at, self.user, kind, from, more);
        self.ids.insert(id);
    }

    /// Somebody far away, with a device of his own.
    fn stranger(&mut self, network: Network) -> From {
        let city = self.dice.random_range(world::FAR..world::CITIES.len());
        From {
            ip: world::address(city, network, self.dice.random_range(1..u16::MAX)),
            network: Some(network),
            device: format!("x{}", self.dice.random_range(0..u32::MAX)),
            agent: AGENT,
            session: format!("xs{}", self.dice.random_range(0..u32::MAX)),
            skew: 0,
        }
    }
}

/// All attacks; their events are appended.
pub(super) fn all(people: &[Person], dice: &mut StdRng, events: &mut Vec<Sent>) -> Vec<Attack> {
    let mut victims: Vec<_> = people.iter().filter(|person| person.is_plain()).collect();
    victims.shuffle(dice);
    let mut victims = victims.into_iter();
    let mut attacks = Vec::new();
    for &(kind, expected, act) in KINDS.iter().flat_map(|kind| std::iter::repeat_n(kind, EACH)) {
        // Not every user has a sign-in with hours of quiet after it.
        let Some((victim, base)) = victims.find_map(|victim| Some((victim, quiet_sign_in(victim, events)?))) else {
            break;
        };
        let own = From {
            ip: text(&base, "ip"),
            network: base.network,
            device: text(&base, "device_id"),
            agent: AGENT,
            session: text(&base, "session_id"),
            skew: 0,
        };
        let writer = Writer { events, prefix: format!("a{}-", attacks.len()) };
        let mut scene =
            Scene { dice, writer, user: (victim.tenant, &victim.id), at: base.occurred, own, ids: BTreeSet::new() };
        act(&mut scene);
        let (events, user) = (scene.ids, victim.id.clone());
        let (tenant, at) = (victim.tenant, base.occurred);
        attacks.push(Attack { kind, expected, tenant, user, at, events, before: base.id });
    }
    attacks.extend(dormant(people, events));
    for number in 0..EACH {
        attacks.push(spraying(number, people, dice, events));
    }
    attacks
}

/// A sign-in of the user, from a network that hides nothing, after which there is no other for some hours.
fn quiet_sign_in(victim: &Person, events: &[Sent]) -> Option<Sent> {
    let mut own: Vec<_> = events
        .iter()
        .filter(|event| event.tenant == victim.tenant && event.user == victim.id)
        .filter(|event| event.body["type"] == "user.signed_in" && event.occurred > START + 4 * DAY)
        .collect();
    own.sort_by_key(|event| event.occurred);
    let plain = |event: &Sent| {
        let place = matches!(event.network, Some(Network::Home | Network::Office));
        place && !text(event, "device_id").is_empty()
    };
    own.windows(2)
        .find(|pair| plain(pair[0]) && pair[1].occurred > pair[0].occurred + 4 * HOUR)
        .map(|pair| pair[0].clone())
}

fn text(event: &Sent, field: &str) -> String {
    event.body["context"][field].as_str().unwrap_or_default().to_owned()
}

fn takeover(scene: &mut Scene<'_, '_>) {
    let from = scene.stranger(Network::Strange);
    let at = scene.at + scene.dice.random_range(60..100) * MINUTE;
    scene.write(at, "user.signed_in", &from, json!({}));
    for step in 1..8 {
        scene.write(at + step * 40_000, "contact.viewed", &from, json!({"records": 5}));
    }
}

fn masked_takeover(scene: &mut Scene<'_, '_>) {
    let from = scene.stranger(Network::Vpn);
    let at = scene.at + scene.dice.random_range(60..100) * MINUTE;
    scene.write(at, "user.signed_in", &from, json!({}));
    scene.write(at + MINUTE, "contact.viewed", &from, json!({"records": 20}));
}

fn brute_force(scene: &mut Scene<'_, '_>) {
    let from = scene.stranger(Network::Strange);
    let mut at = scene.at + HOUR;
    for _ in 0..scene.dice.random_range(25..60) {
        at += scene.dice.random_range(1000..9000);
        scene.write(at, "user.sign_in_failed", &from, json!({"reason": "password"}));
    }
    scene.write(at + 5000, "user.signed_in", &from, json!({}));
}

fn export_at_once(scene: &mut Scene<'_, '_>) {
    let (own, at) = (scene.own.clone(), scene.at + 50 * MINUTE);
    scene.write(at, "contacts.exported", &own, json!({"records": 8000}));
}

fn export_in_parts(scene: &mut Scene<'_, '_>) {
    let own = scene.own.clone();
    for step in 0..40 {
        let at = scene.at + HOUR + step * 4 * MINUTE;
        scene.write(at, "contacts.exported", &own, json!({"records": 180}));
    }
}

fn reading(scene: &mut Scene<'_, '_>) {
    let own = scene.own.clone();
    for step in 0..60 {
        let at = scene.at + HOUR + step * 30_000;
        scene.write(at, "contact.viewed", &own, json!({"records": 12}));
    }
}

fn deletion_at_once(scene: &mut Scene<'_, '_>) {
    let (own, at) = (scene.own.clone(), scene.at + 2 * HOUR);
    scene.write(at, "task.deleted", &own, json!({"records": 400}));
}

fn deletion_one_by_one(scene: &mut Scene<'_, '_>) {
    let own = scene.own.clone();
    for step in 0..130 {
        let at = scene.at + HOUR + step * 12_000;
        scene.write(at, "task.deleted", &own, json!({}));
    }
}

fn deactivated(scene: &mut Scene<'_, '_>) {
    let (own, at) = (scene.own.clone(), scene.at + 3 * HOUR);
    let actor = json!({"kind": "user", "id": scene.user.1, "active": false});
    scene.write(at, "user.signed_in", &own, json!({"actor": actor}));
}

fn privileges(scene: &mut Scene<'_, '_>) {
    let (own, at) = (scene.own.clone(), scene.at + HOUR);
    let object = json!({"type": "user", "id": "colleague"});
    scene.write(at, "user.role_changed", &own, json!({"object": object}));
    scene.write(at + 35 * MINUTE, "contacts.exported", &own, json!({"records": 300}));
}

fn script(scene: &mut Scene<'_, '_>) {
    let from = From { agent: SCRIPT, device: String::new(), ..scene.own.clone() };
    let at = scene.at + 2 * HOUR;
    scene.write(at, "user.signed_in", &from, json!({}));
}

/// A password that went round: a dozen people, each with a device, an address and a session.
fn shared(scene: &mut Scene<'_, '_>) {
    let at = scene.at + HOUR;
    for step in 0..12 {
        let city = step as usize % world::CITIES.len();
        let from = From {
            ip: world::address(city, Network::Home, 500 + step as u16),
            network: Some(Network::Home),
            device: format!("{}-guest-{step}", scene.user.1),
            agent: AGENT,
            session: format!("{}-guest-{step}", scene.user.1),
            skew: 0,
        };
        scene.write(at + step * 90_000, "user.signed_in", &from, json!({}));
    }
}

/// Accounts that nobody used for months: of every other one somebody else has the password.
fn dormant(people: &[Person], events: &[Sent]) -> Vec<Attack> {
    let absent = people.iter().filter(|person| person.habit == Habit::Absent).step_by(2);
    let attacks = absent.filter_map(|person| {
        let back = events
            .iter()
            .filter(|event| event.tenant == person.tenant && event.user == person.id && event.occurred >= START)
            .min_by_key(|event| event.occurred)?;
        Some(Attack {
            kind: "dormant account comes back",
            expected: &["dormant-account"],
            tenant: person.tenant,
            user: person.id.clone(),
            at: back.occurred,
            events: events
                .iter()
                .filter(|event| {
                    event.user == person.id && (back.occurred..back.occurred + DAY).contains(&event.occurred)
                })
                .map(|event| event.id.clone())
                .collect(),
            before: String::new(),
        })
    });
    attacks.collect()
}

/// A few passwords tried with every name, from one address.
fn spraying(number: usize, people: &[Person], dice: &mut StdRng, events: &mut Vec<Sent>) -> Attack {
    let tenant = people[number % 2].tenant;
    let mut names: Vec<_> = people.iter().filter(|person| person.tenant == tenant).collect();
    names.shuffle(dice);
    let from = From {
        ip: world::address(world::FAR + number % 4, Network::Strange, 77 + number as u16),
        network: Some(Network::Strange),
        device: String::new(),
        agent: SCRIPT,
        session: String::new(),
        skew: 0,
    };
    let begin = START + (7 + 7 * number as i64) * DAY + 3 * HOUR;
    let (mut writer, mut ids) = (Writer { events, prefix: format!("as{number}-") }, BTreeSet::new());
    for (place, name) in names.into_iter().take(40).enumerate() {
        let at = begin + dice.random_range(0..9 * MINUTE);
        // Every other name is nobody's.
        let (user, more) = match place % 2 {
            0 => (&*name.id, json!({"reason": "password"})),
            _ => ("", json!({"reason": "password", "actor": {"name": format!("guess-{place}")}})),
        };
        ids.insert(writer.write(at, (tenant, user), "user.sign_in_failed", &from, more));
    }
    let expected = &["password-spraying"];
    Attack {
        kind: "password spraying",
        expected,
        tenant,
        user: String::new(),
        at: begin,
        events: ids,
        before: String::new(),
    }
}
