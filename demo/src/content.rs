//! What the demo's events are about: objects, changes and details that fit any type of the catalogue.

use schemas::catalogue::{CatalogueEntry, Category, Class};
use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// What the demo needs to know of a type.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) event_type: String,
    pub(crate) class: Class,
    pub(crate) category: Category,
    pub(crate) action: String,
    pub(crate) object_type: String,
    pub(crate) channel: String,
}

impl Kind {
    pub(crate) fn of(entry: &CatalogueEntry) -> Self {
        Self {
            event_type: entry.event_type.clone(),
            class: entry.class,
            category: entry.category,
            action: entry.action.clone(),
            object_type: entry.object_type.clone(),
            channel: entry.channel.clone().unwrap_or_default(),
        }
    }

    fn verb(&self) -> &str {
        self.event_type.rsplit_once('.').map_or(self.event_type.as_str(), |(_, verb)| verb)
    }
}

const COMPANIES: &[&str] = &[
    "Kovář s.r.o.",
    "ООО «Ромашка»",
    "Northwind Ltd",
    "Müller & Söhne GmbH",
    "Alfa Stavby a.s.",
    "ТОО «Астана Трейд»",
    "Padaria São João",
    "Blue Harbour Pte",
];
const CLIENTS: &[&str] = &[
    "Lucie Černá",
    "Иван Петров",
    "Grace Walker",
    "Jonas Weiß",
    "Marta Říhová",
    "Алия Ахметова",
    "João Silva",
    "Wei Tan",
    "Karel Beneš",
];
const ORDERS: &[&str] =
    &["Boiler service", "Výměna čerpadla", "Ремонт кондиционера", "Lift inspection", "Phone repair", "Revize kotle"];
const PRODUCTS: &[&str] =
    &["Filter G4", "Bolt M8", "Насос циркуляционный", "LED panel 40 W", "Ventil DN15", "Battery 18650"];
const TASKS: &[&str] =
    &["Call the client", "Objednat díly", "Подготовить счёт", "Check the stock", "Prepare the offer"];
const PEOPLE: &[&str] = &["Petr Dvořák", "Jana Malá", "Сергей Морозов", "Emma Taylor", "Lukas Schmidt"];
const SETTINGS: &[&str] = &["Business hours", "New lead", "VIP clients", "Nordic region", "Trial follow-up"];
const CITIES: &[&str] = &["Praha", "Brno", "Москва", "London", "Berlin", "Алматы"];
const TEXTS: &[&str] = &[
    "Dobrý den, technik dorazí v 10:00.",
    "Здравствуйте, ваш заказ готов.",
    "Your order is ready to be picked up.",
    "Děkujeme, platba dorazila.",
    "Could you send us the serial number?",
];
const FAILURES: &[&str] = &["Client asked for it", "Duplicate", "Entered by mistake"];

/// How many objects of a type the company has, and what they are called.
fn stock_of(object_type: &str) -> (u64, &'static [&'static str]) {
    match object_type {
        "contact" | "client" => (900, CLIENTS),
        "company" => (200, COMPANIES),
        "deal" | "request" | "order" | "sale" | "ticket" => (600, ORDERS),
        "task" | "activity" => (500, TASKS),
        "product" => (300, PRODUCTS),
        "call" | "sms" | "email" | "chat" => (4000, CLIENTS),
        "employee" | "user" | "person" => (40, PEOPLE),
        "warehouse" | "location" | "territory" => (6, CITIES),
        _ => (12, SETTINGS),
    }
}

/// The object of an event; something that is being created has a number of its own.
pub(crate) fn object(kind: &Kind, created: u64, dice: &mut Dice) -> Option<Value> {
    if kind.object_type.is_empty() || kind.category == Category::SignIns {
        return None;
    }
    if kind.action == "export" {
        return Some(json!({ "type": kind.object_type }));
    }
    let (count, names) = stock_of(&kind.object_type);
    let number = if kind.class == Class::Create && !kind.verb().contains('_') {
        count + created
    } else {
        // A few objects are at the centre of things, most are rarely touched.
        dice.log_range(1.0, (count + 1) as f64)
    };
    let name = names[usize::try_from(number).unwrap_or(0) % names.len()];
    Some(json!({ "type": kind.object_type, "id": (1000 + number).to_string(), "name": name }))
}

/// Adds what an event of this type says beyond who, where and what: changes, counts, durations, contents.
pub(crate) fn detail(kind: &Kind, fields: &mut Map<String, Value>, dice: &mut Dice) {
    let changes = changes(kind, dice);
    if !changes.is_empty() {
        fields.insert("changes".to_owned(), Value::Array(changes));
    }
    match kind.action.as_str() {
        "export" => {
            fields.insert("records".to_owned(), json!(dice.log_range(5.0, 4000.0)));
            fields.insert("payload".to_owned(), json!({ "format": dice.pick(&["xlsx", "csv", "pdf"]) }));
        }
        "view" => {
            fields.insert("records".to_owned(), json!(1));
        }
        "delete" => {
            let name = fields.get("object").and_then(|object| object.get("name")).cloned().unwrap_or_default();
            fields.insert("payload".to_owned(), json!({ "last_state": { "name": name, "note": dice.pick(TEXTS) } }));
            fields.insert("reason".to_owned(), json!(dice.pick(FAILURES)));
        }
        _ => {}
    }
    if kind.event_type.ends_with(".failed") {
        fields.insert("outcome".to_owned(), json!("failure"));
        fields.insert("reason".to_owned(), json!("The application did not answer"));
    }
    channel(kind, fields, dice);
}

/// Calls and messages last a while and say something.
fn channel(kind: &Kind, fields: &mut Map<String, Value>, dice: &mut Dice) {
    let mut lasts = |fields: &mut Map<String, Value>, low: f64, high: f64| {
        fields.insert("duration_ms".to_owned(), json!(dice.log_range(low * 1000.0, high * 1000.0)));
    };
    match (kind.channel.as_str(), kind.action.as_str()) {
        ("call", "call_in" | "call_out") => {
            lasts(fields, 20.0, 1500.0);
            let url = format!("https://crm.acme.example/recordings/{}", dice.hex(10));
            fields.insert("payload".to_owned(), json!({ "recording_url": url }));
        }
        ("call", "talk") => lasts(fields, 10.0, 1200.0),
        ("pause" | "ready" | "free", action) if !action.ends_with("_start") => lasts(fields, 120.0, 3600.0),
        ("pause" | "ready" | "free" | "ticket" | "call" | "", _) => {}
        (channel, "send" | "receive") => {
            if kind.action == "send" {
                lasts(fields, 8.0, if channel == "email" { 900.0 } else { 120.0 });
            }
            fields.insert("payload".to_owned(), json!({ "text": dice.pick(TEXTS) }));
        }
        _ => {}
    }
}

fn changes(kind: &Kind, dice: &mut Dice) -> Vec<Value> {
    let verb = kind.verb();
    if let Some(field) = verb.strip_suffix("_changed") {
        return vec![replaced(field, dice)];
    }
    if let Some(part) = verb.strip_suffix("_added") {
        let path = format!("{part}s/{}", dice.range(0, 6));
        return vec![json!({ "path": path, "op": "add", "new": line(part, dice) })];
    }
    if kind.object_type == "order" && verb.ends_with("_removed") {
        let part = verb.trim_end_matches("_removed");
        let path = format!("{part}s/{}", dice.range(0, 6));
        return vec![json!({ "path": path, "op": "remove", "old": line(part, dice) })];
    }
    match verb {
        "comment_created" => vec![json!({ "path": "comments/0", "op": "add", "new": dice.pick(TEXTS) })],
        "file_attached" => vec![json!({ "path": "files/0", "op": "add", "new": "invoice.pdf" })],
        "renamed" => vec![replaced("name", dice)],
        "updated" | "changed" if kind.category == Category::Configuration => inside_lists(dice),
        "updated" | "edited" | "changed" => {
            let fields = ["phone", "email", "address", "priority", "amount"];
            let first = dice.index(fields.len());
            (0..=dice.index(3)).map(|step| replaced(fields[(first + step) % fields.len()], dice)).collect()
        }
        _ => Vec::new(),
    }
}

/// A line of an order: a work, a service or a product.
fn line(part: &str, dice: &mut Dice) -> Value {
    match part {
        "file" => json!("photo.jpg"),
        "product" => json!(dice.pick(PRODUCTS)),
        _ => json!(dice.pick(ORDERS)),
    }
}

/// A field's old and new value; now and then only the new one is known.
fn replaced(field: &str, dice: &mut Dice) -> Value {
    let mut value = || match field {
        "deadline" => json!(format!("2026-12-{:02}", dice.range(1, 29))),
        "appointment_time" => json!(format!("{:02}:{:02}", dice.range(8, 18), 15 * dice.range(0, 4))),
        "status" | "stage" => json!(dice.pick(&["new", "in progress", "waiting", "won", "done"])),
        "type" => json!(dice.pick(&["repair", "installation", "inspection", "warranty"])),
        "client" => json!(dice.pick(CLIENTS)),
        "location" => json!(dice.pick(CITIES)),
        "manager" | "executor" | "assignee" | "owner" => json!(dice.pick(PEOPLE)),
        "discount" | "priority" => json!(dice.range(0, 20)),
        "amount" => json!(dice.log_range(100.0, 90_000.0)),
        "role" => json!(dice.pick(&["viewer", "agent", "supervisor", "admin"])),
        "phone" => json!(format!("+420 60{} {:03} {:03}", dice.range(1, 9), dice.range(0, 1000), dice.range(0, 1000))),
        "email" => json!(format!("info{}@example.com", dice.range(1, 90))),
        "address" => json!(format!("{}, {}", dice.pick(CITIES), dice.range(1, 200))),
        "name" => json!(dice.pick(PRODUCTS)),
        _ => json!(dice.pick(TEXTS)),
    };
    let (old, new) = (value(), value());
    if dice.chance(0.1) {
        json!({ "path": field, "op": "replace", "new": new })
    } else {
        json!({ "path": field, "op": "replace", "old": old, "new": new })
    }
}

/// Changes inside lists and trees of conditions.
fn inside_lists(dice: &mut Dice) -> Vec<Value> {
    let condition =
        json!({ "field": dice.pick(&["country", "source", "amount"]), "operator": "is", "value": dice.pick(CITIES) });
    let all = [
        json!({ "path": "conditions/2", "op": "add", "new": condition }),
        json!({ "path": "conditions/0", "op": "remove", "old": condition }),
        json!({ "path": "conditions/1/value", "op": "replace", "old": dice.range(1, 100), "new": dice.range(100, 900) }),
        json!({ "path": "conditions/operator", "op": "replace", "old": "AND", "new": "OR" }),
        json!({ "path": "rotation/users/3", "op": "add", "new": dice.pick(PEOPLE) }),
        json!({ "path": "steps", "op": "move", "old": dice.range(1, 5), "new": 0 }),
        json!({ "path": "enabled", "op": "replace", "old": false, "new": true }),
    ];
    let first = dice.index(all.len());
    (0..=dice.index(3)).map(|step| all[(first + step) % all.len()].clone()).collect()
}
