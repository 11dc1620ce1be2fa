//! The company at work: an endless, ordered stream of events.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemas::catalogue::{Catalogue, Category};
use serde_json::{Map, Value, json};

use crate::content::Kind;
use crate::dice::Dice;
use crate::people::{Person, Role};
use crate::rhythm;
use crate::work::Member;

/// How fast the company works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many events in every second; the time of day decides who makes them.
    Steady(f64),
    /// So many events a second in the mean: many by day, few at night and at weekends.
    Daily(f64),
}

/// One event in how many shows a type of the catalogue whose turn it is.
const TURN_EVERY: f64 = 0.12;
/// One act in how many is an attack.
const ATTACK: f64 = 0.001;

/// An endless iterator of events (JSON, as `POST /v1/events` takes them), in order of time. The same seed, people and
/// start give the same events.
#[derive(Debug)]
pub struct Generator {
    pub(crate) dice: Dice,
    pub(crate) members: Vec<Member>,
    pub(crate) clock: DateTime<Utc>,
    pub(crate) queue: VecDeque<Map<String, Value>>,
    pub(crate) created: u64,
    kinds: Vec<Kind>,
    by_type: HashMap<String, usize>,
    /// Types in the order of their turns, and whose turn it is.
    turns: Vec<usize>,
    turn: usize,
    pace: Pace,
    backfill: bool,
    /// Running sum of the people's activity in the minute that follows.
    weights: Vec<f64>,
    minute: Option<i64>,
}

impl Generator {
    /// A company of these people, from `start` on, at one event a second.
    #[must_use]
    pub fn new(seed: u64, catalogue: &Catalogue, people: Vec<Person>, start: DateTime<Utc>) -> Self {
        // The start is part of the seed, so that a second run makes other events, not the same again.
        let mut dice = Dice::new(seed ^ start.timestamp_millis().unsigned_abs());
        let kinds: Vec<Kind> = catalogue.entries().map(Kind::of).collect();
        let by_type = kinds.iter().enumerate().map(|(index, kind)| (kind.event_type.clone(), index)).collect();
        // Sign-ins and presence come of themselves, with times that fit.
        let by_themselves = |kind: &Kind| {
            matches!(kind.channel.as_str(), "pause" | "ready" | "free")
                || kind.category == Category::SignIns && kind.action.starts_with("sign_")
        };
        let mut turns: Vec<usize> = (0..kinds.len()).filter(|index| !by_themselves(&kinds[*index])).collect();
        dice.shuffle(&mut turns);
        let members = people.into_iter().map(|person| Member::new(person, start, &mut dice)).collect();
        Self {
            dice,
            members,
            clock: start,
            queue: VecDeque::new(),
            created: 0,
            kinds,
            by_type,
            turns,
            turn: 0,
            pace: Pace::Steady(1.0),
            backfill: false,
            weights: Vec::new(),
            minute: None,
        }
    }

    /// The same company at another pace.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self.weigh();
        self
    }

    /// The same company, its events marked as history.
    #[must_use]
    pub fn backfill(mut self) -> Self {
        self.backfill = true;
        self
    }

    /// When the last event occurred.
    #[must_use]
    pub fn clock(&self) -> DateTime<Utc> {
        self.clock
    }

    /// When the next event will occur, about.
    #[must_use]
    pub fn upcoming(&self) -> DateTime<Utc> {
        self.clock + self.interval()
    }

    /// Lets time pass without events, where a sender could not keep up.
    pub fn skip_to(&mut self, at: DateTime<Utc>) {
        self.clock = self.clock.max(at);
    }

    /// The kind of a type that the catalogue has.
    pub(crate) fn kind(&self, event_type: &str) -> Option<Kind> {
        self.by_type.get(event_type).map(|index| self.kinds[*index].clone())
    }

    /// Time to the next event.
    fn interval(&self) -> TimeDelta {
        let seconds = match self.pace {
            Pace::Steady(rate) => 1.0 / rate.max(1e-3),
            Pace::Daily(rate) => {
                let busy = self.weights.last().copied().unwrap_or(0.0) / self.members.len().max(1) as f64;
                rhythm::MEAN_ACTIVITY / busy.max(0.01) / rate.max(1e-3)
            }
        };
        TimeDelta::nanoseconds((seconds * 1e9) as i64)
    }

    /// Somebody, the busier the likelier; nobody in a company without people.
    pub(crate) fn somebody(&mut self) -> Option<usize> {
        let total = self.weights.last().copied().unwrap_or(0.0);
        let at = self.dice.unit() * total;
        let index = self.weights.partition_point(|sum| *sum <= at);
        (index < self.members.len()).then_some(index)
    }

    /// The busiest of a role, or else anybody.
    fn somebody_of(&mut self, role: Role) -> Option<usize> {
        let wanted = |members: &[Member], index: usize| {
            let person = &members[index].person;
            person.role == role && person.active
        };
        for _ in 0..6 {
            if let Some(index) = self.somebody()
                && wanted(&self.members, index)
            {
                return Some(index);
            }
        }
        (0..self.members.len()).find(|index| wanted(&self.members, *index)).or_else(|| self.somebody())
    }

    fn weigh(&mut self) {
        let minute = self.clock.timestamp().div_euclid(60);
        if self.minute == Some(minute) {
            return;
        }
        self.minute = Some(minute);
        let mut sum = 0.0;
        self.weights.clear();
        for member in &self.members {
            sum += rhythm::activity(&member.person, self.clock);
            self.weights.push(sum);
        }
    }

    /// Puts at least one event into the queue, as long as there are people.
    fn act(&mut self) {
        if self.dice.chance(ATTACK) {
            self.attack();
        } else if self.dice.chance(TURN_EVERY) {
            self.take_turn();
        } else if let Some(index) = self.somebody() {
            self.step(index);
        }
        if self.queue.is_empty() {
            // Nobody to do anything: the product's own housekeeping.
            let mut fields = Map::new();
            fields.insert("type".to_owned(), json!("setting.changed"));
            fields.insert("actor".to_owned(), json!({ "kind": "system" }));
            self.queue.push_back(fields);
        }
    }

    /// Every type of the catalogue has its turn, by somebody whose job it is.
    fn take_turn(&mut self) {
        let Some(kind) = self.turns.get(self.turn).map(|index| self.kinds[*index].clone()) else { return };
        self.turn = (self.turn + 1) % self.turns.len();
        if kind.action == "receive" || kind.category == Category::Configuration && self.dice.chance(0.2) {
            return self.by_the_system(&kind);
        }
        if kind.action == "create" && kind.category == Category::Changes && self.dice.chance(0.2) {
            return self.by_a_key(&kind);
        }
        let configures = kind.category == Category::Configuration || kind.event_type.starts_with("user.");
        let somebody = if configures { self.somebody_of(Role::Admin) } else { self.somebody() };
        if let Some(index) = somebody {
            self.sign_in_first(index);
            self.do_work(index, &kind);
        }
    }

    /// Gives a draft its id and its time.
    fn stamp(&mut self, mut fields: Map<String, Value>) -> Value {
        let millis = self.clock.timestamp_millis();
        let id = uuid::Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &self.dice.bytes()).into_uuid();
        fields.insert("id".to_owned(), json!(id.to_string()));
        let text = |at: DateTime<Utc>| json!(at.to_rfc3339_opts(SecondsFormat::Millis, true));
        fields.insert("occurred_at".to_owned(), text(self.clock));
        if let Some(millis) = fields.get("duration_ms").and_then(Value::as_i64) {
            fields.insert("started_at".to_owned(), text(self.clock - TimeDelta::milliseconds(millis)));
        }
        if self.backfill {
            fields.insert("backfill".to_owned(), json!(true));
        }
        Value::Object(fields)
    }
}

impl Iterator for Generator {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        self.weigh();
        self.clock += self.interval();
        if self.queue.is_empty() {
            self.act();
        }
        let fields = self.queue.pop_front()?;
        Some(self.stamp(fields))
    }
}
