//! One person's day: signing in, working, pausing, travelling, signing out.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use schemas::catalogue::Class;
use serde_json::{Map, Value, json};

use crate::content::{self, Kind};
use crate::devices::DeviceKind;
use crate::dice::Dice;
use crate::generator::Generator;
use crate::jobs::jobs;
use crate::people::{Person, Role};
use crate::places::{self, DESTINATIONS, Place};
use crate::rhythm;

/// A person, and what the person is in the middle of.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) person: Person,
    session: Option<Session>,
    /// Away from home, until when.
    trip: Option<(Place, DateTime<Utc>)>,
    last_seen: DateTime<Utc>,
}

impl Member {
    /// Somebody who is not signed in yet; one in twelve is on a trip.
    pub(crate) fn new(person: Person, now: DateTime<Utc>, dice: &mut Dice) -> Self {
        let trip = dice.chance(1.0 / 12.0).then(|| trip(now, dice));
        Self { person, session: None, trip, last_seen: now }
    }

    /// The person as an event's actor.
    pub(crate) fn actor(&self) -> Value {
        let person = &self.person;
        json!({ "kind": "user", "id": person.id, "name": person.name, "email": person.email, "active": person.active })
    }
}

#[derive(Debug, Clone)]
struct Session {
    id: String,
    device: usize,
    ip: IpAddr,
    started: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// On a pause, paid or not, since.
    pause: Option<(bool, DateTime<Utc>)>,
    /// Ready, and free, since (the contact centre only).
    ready: Option<DateTime<Utc>>,
    free: Option<DateTime<Utc>>,
}

/// Some days in another city.
fn trip(now: DateTime<Utc>, dice: &mut Dice) -> (Place, DateTime<Utc>) {
    let until = now + TimeDelta::hours(dice.range(20, 110) as i64);
    (*dice.pick(DESTINATIONS), until)
}

impl Generator {
    /// The next thing a person does.
    pub(crate) fn step(&mut self, index: usize) {
        let now = self.clock;
        let member = &self.members[index];
        let role = member.person.role;
        let off_duty = rhythm::off_duty(&member.person, now);
        let Some(session) = &member.session else { return self.sign_in(index) };
        if now - session.last_seen > TimeDelta::hours(3) || now - session.started > TimeDelta::hours(11) {
            self.emit(index, "user.session_expired", |_| {});
            self.members[index].session = None;
            return;
        }
        if let Some((paid, since)) = session.pause {
            return self.end_pause(index, paid, since);
        }
        if self.dice.chance(if off_duty { 0.3 } else { 0.006 }) {
            return self.sign_out(index);
        }
        if role == Role::Support && self.dice.chance(0.05) {
            return self.change_presence(index);
        }
        let job = *self.dice.weighted(jobs(role));
        if let Some(kind) = self.kind(job) {
            self.do_work(index, &kind);
        }
    }

    /// Makes sure that the person is signed in, as one must be for what follows.
    pub(crate) fn sign_in_first(&mut self, index: usize) {
        if self.members[index].session.is_none() {
            self.sign_in(index);
        }
    }

    /// An event of a kind, by a person at work.
    pub(crate) fn do_work(&mut self, index: usize, kind: &Kind) {
        let mut fields = self.draft(index, &kind.event_type);
        fields.insert("location".to_owned(), json!(self.members[index].person.office.city));
        self.fill(kind, &mut fields);
        let call = fields.get("object").cloned();
        let duration = fields.get("duration_ms").and_then(Value::as_u64);
        self.queue.push_back(fields);
        if let ("call_in" | "call_out", Some(duration)) = (kind.action.as_str(), duration) {
            // The talk is what is left of the call after the ringing.
            let talk = duration - duration.min(self.dice.range(2_000, 20_000));
            let about = |fields: &mut Map<String, Value>| {
                fields.extend(call.iter().map(|call| ("object".to_owned(), call.clone())));
            };
            self.emit(index, "call.talked", |fields| {
                about(fields);
                fields.insert("duration_ms".to_owned(), json!(talk));
            });
            if self.dice.chance(0.8) {
                self.emit(index, "call.closed", about);
            }
        }
    }

    /// An event that nobody did.
    pub(crate) fn by_the_system(&mut self, kind: &Kind) {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(kind.event_type));
        fields.insert("actor".to_owned(), json!({ "kind": "system" }));
        self.fill(kind, &mut fields);
        self.queue.push_back(fields);
    }

    /// An event that another program did, with an API key.
    pub(crate) fn by_a_key(&mut self, kind: &Kind) {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(kind.event_type));
        fields.insert("actor".to_owned(), json!({ "kind": "api_key", "id": "key-web-form", "name": "Web form" }));
        fields.insert("context".to_owned(), json!({ "ip": "116.203.17.5", "user_agent": "acme-web-form/3.2" }));
        self.fill(kind, &mut fields);
        self.queue.push_back(fields);
    }

    fn fill(&mut self, kind: &Kind, fields: &mut Map<String, Value>) {
        if kind.class == Class::Create {
            self.created += 1;
        }
        if let Some(object) = content::object(kind, self.created, &mut self.dice) {
            fields.insert("object".to_owned(), object);
        }
        content::detail(kind, fields, &mut self.dice);
    }

    /// The frame of an event by a person: type, actor, and the session's context.
    fn draft(&mut self, index: usize, event_type: &str) -> Map<String, Value> {
        let request = self.dice.hex(12);
        let now = self.clock;
        let member = &mut self.members[index];
        member.last_seen = now;
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(event_type));
        fields.insert("actor".to_owned(), member.actor());
        if let Some(session) = &mut member.session {
            session.last_seen = now;
            let mut context = Map::new();
            context.insert("ip".to_owned(), json!(session.ip.to_string()));
            context.insert("session_id".to_owned(), json!(session.id));
            context.insert("request_id".to_owned(), json!(request));
            if let Some(device) = member.person.devices.get(session.device) {
                device.describe(&mut context);
            }
            fields.insert("context".to_owned(), Value::Object(context));
        }
        fields
    }

    /// Queues an event of a type, with what the caller adds.
    fn emit(&mut self, index: usize, event_type: &str, add: impl FnOnce(&mut Map<String, Value>)) {
        let mut fields = self.draft(index, event_type);
        add(&mut fields);
        self.queue.push_back(fields);
    }

    fn sign_in(&mut self, index: usize) {
        self.plan_trip(index);
        let device = self.choose_device(index);
        let session = Session {
            id: format!("s-{}", self.dice.hex(12)),
            device,
            ip: self.choose_ip(index, device),
            started: self.clock,
            last_seen: self.clock,
            pause: None,
            ready: None,
            free: None,
        };
        self.members[index].session = Some(session);
        if self.dice.chance(0.07) {
            let reason = *self.dice.pick(&["wrong_password", "wrong_password", "wrong_code", "expired_password"]);
            self.emit(index, "user.sign_in_failed", |fields| {
                fields.insert("outcome".to_owned(), json!("failure"));
                fields.insert("reason".to_owned(), json!(reason));
                // Who is not in has no session.
                if let Some(Value::Object(context)) = fields.get_mut("context") {
                    context.remove("session_id");
                }
            });
        }
        self.emit(index, "user.signed_in", |fields| {
            fields.insert("outcome".to_owned(), json!("success"));
        });
        if self.members[index].person.role == Role::Support {
            self.become_ready(index);
        }
    }

    fn sign_out(&mut self, index: usize) {
        self.leave_ready(index);
        self.emit(index, "user.signed_out", |_| {});
        self.members[index].session = None;
    }

    /// After a night at home, some leave for another city for some days.
    fn plan_trip(&mut self, index: usize) {
        let now = self.clock;
        let member = &mut self.members[index];
        if member.trip.is_some_and(|(_, until)| until < now) {
            member.trip = None;
        }
        let rested = now - member.last_seen > TimeDelta::hours(12);
        if member.trip.is_none() && rested && self.dice.chance(0.03) {
            member.trip = Some(trip(now, &mut self.dice));
        }
    }

    fn choose_device(&mut self, index: usize) -> usize {
        let devices = self.members[index].person.devices.len();
        // Mostly the first; that is the computer at work.
        if self.dice.chance(0.7) { 0 } else { self.dice.index(devices) }
    }

    fn choose_ip(&mut self, index: usize, device: usize) -> IpAddr {
        let Self { members, dice, .. } = self;
        let Member { person, trip, .. } = &members[index];
        let phone = person.devices.get(device).is_some_and(|device| device.kind == DeviceKind::Phone);
        if let Some((place, _)) = trip {
            return if phone { place.mobile_ip(dice) } else { place.home_ip(dice) };
        }
        match dice.unit() {
            chance if phone && chance < 0.6 => person.office.mobile_ip(dice),
            chance if chance < 0.72 => person.office_ip,
            chance if chance < 0.96 => person.home_ip,
            _ => places::data_centre_ip(dice),
        }
    }

    /// A pause begins, or the person is free for a while, or no longer.
    fn change_presence(&mut self, index: usize) {
        if self.dice.chance(0.4) {
            self.leave_ready(index);
            let paid = self.dice.chance(0.6);
            let now = self.clock;
            self.emit(index, if paid { "pause.paid_started" } else { "pause.unpaid_started" }, |_| {});
            if let Some(session) = &mut self.members[index].session {
                session.pause = Some((paid, now));
            }
            return;
        }
        match self.members[index].session.as_ref().and_then(|session| session.free) {
            Some(since) => self.leave_free(index, since),
            None => self.become_free(index),
        }
    }

    fn end_pause(&mut self, index: usize, paid: bool, since: DateTime<Utc>) {
        let event_type = if paid { "pause.paid_ended" } else { "pause.unpaid_ended" };
        let reason = *self.dice.pick(&["lunch", "coffee", "training", "meeting"]);
        self.lasting(index, event_type, since, Some(reason));
        if let Some(session) = &mut self.members[index].session {
            session.pause = None;
        }
        self.become_ready(index);
    }

    fn become_ready(&mut self, index: usize) {
        let now = self.clock;
        self.emit(index, "ready_state.entered", |_| {});
        if let Some(session) = &mut self.members[index].session {
            session.ready = Some(now);
        }
        self.become_free(index);
    }

    fn become_free(&mut self, index: usize) {
        let now = self.clock;
        self.emit(index, "free_state.entered", |_| {});
        if let Some(session) = &mut self.members[index].session {
            session.free = Some(now);
        }
    }

    fn leave_ready(&mut self, index: usize) {
        let Some(session) = &self.members[index].session else { return };
        let (ready, free) = (session.ready, session.free);
        if let Some(since) = free {
            self.leave_free(index, since);
        }
        if let Some(since) = ready {
            self.lasting(index, "ready_state.left", since, None);
        }
        if let Some(session) = &mut self.members[index].session {
            session.ready = None;
        }
    }

    fn leave_free(&mut self, index: usize, since: DateTime<Utc>) {
        self.lasting(index, "free_state.left", since, None);
        if let Some(session) = &mut self.members[index].session {
            session.free = None;
        }
    }

    /// The end of a state that began at `since`.
    fn lasting(&mut self, index: usize, event_type: &str, since: DateTime<Utc>, reason: Option<&str>) {
        let lasted = (self.clock - since).num_milliseconds();
        self.emit(index, event_type, |fields| {
            fields.insert("duration_ms".to_owned(), json!(lasted));
            if let Some(reason) = reason {
                fields.insert("reason".to_owned(), json!(reason));
            }
        });
    }
}
