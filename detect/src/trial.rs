//! Rules over stored history: what they would have found, by the code that the stream runs.
//!
//! Rows keep the signals that the stream computed, so a trial needs no more of the past than the longest window of a
//! correlation. Events come user by user, each user's in the order in which they arrived.

use std::collections::HashMap;
use std::sync::Arc;

use crate::correlate::{Correlation, CorrelationExplanation, Fire, Item, Window};
use crate::findings::{Crossing, Finding, Findings, Subject};
use crate::rules::{EventFields, Match, RuleSet};
use crate::signals::{LATENESS_MS, User};

/// Fields that a correlation groups by, and their values.
pub type Group = Vec<(Arc<str>, String)>;

/// What a correlation across users would have found.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// Index of the rule.
    pub rule: u16,
    /// What it groups by.
    pub group: Group,
    /// The event that filled the window.
    pub event_id: String,
    /// Time of the finding, milliseconds.
    pub at: i64,
    /// What was seen.
    pub seen: f64,
}

/// A run over history.
pub struct Trial<'r> {
    rules: &'r RuleSet,
    actor: String,
    user: User,
    findings: Findings,
    crossings: Vec<(Crossing, String)>,
}

impl<'r> Trial<'r> {
    /// Of these rules.
    #[must_use]
    pub fn new(rules: &'r RuleSet) -> Self {
        let (actor, user) = (String::new(), User::default());
        Self { rules, actor, user, findings: Findings::default(), crossings: Vec::new() }
    }

    /// The next event, by `actor`.
    pub fn event<E: EventFields>(&mut self, actor: &str, event: &E, of: Subject<'_>) -> &[Finding] {
        if self.actor != actor {
            actor.clone_into(&mut self.actor);
            self.user = User::default();
        }
        self.user.reach(of.at);
        let user = (!actor.is_empty()).then_some(&mut self.user);
        self.findings.find(self.rules, event, of, user);
        self.findings.merge(self.rules);
        self.crossings.extend(self.findings.crossings.drain(..).map(|crossing| (crossing, of.event_id.to_owned())));
        &self.findings.broken
    }

    /// What the correlations across users find in all of it.
    #[must_use]
    pub fn finish(mut self) -> Vec<Crossed> {
        self.crossings.sort_by_key(|(crossing, _)| crossing.item.at);
        let mut windows: HashMap<(u16, Group), Window> = HashMap::new();
        let mut found = Vec::new();
        let mut fires: Vec<Fire> = Vec::new();
        for (crossing, event_id) in self.crossings {
            let of = |rule| self.rules.correlations().iter().find(|correlation| correlation.rule == rule);
            let Some(correlation) = of(crossing.rule) else { continue };
            let window = windows.entry((crossing.rule, crossing.group.clone())).or_default();
            window.forget(crossing.item.at - correlation.timespan_ms() - LATENESS_MS);
            fires.clear();
            window.push(crossing.item, correlation, &mut fires);
            found.extend(fires.iter().map(|fire| Crossed {
                rule: crossing.rule,
                group: crossing.group.clone(),
                event_id: event_id.clone(),
                at: fire.at,
                seen: fire.seen,
            }));
        }
        found
    }
}

/// How a correlation stood for the group of one event, at its time: collects that group's items from history.
pub struct Standing<'r> {
    rules: &'r RuleSet,
    correlation: usize,
    group: Group,
    at: i64,
    window: Window,
    counted: Vec<String>,
}

impl<'r> Standing<'r> {
    /// Of the correlation that is the rule `rule`, for the group of `event`; nothing when `rule` is no correlation, or the
    /// event matches none of its detections.
    pub fn of<E: EventFields>(rules: &'r RuleSet, rule: u16, event: &E, at: i64) -> Option<Self> {
        let correlation = rules.correlations().iter().position(|correlation| correlation.rule == rule)?;
        let mut matches = Vec::new();
        rules.evaluate(event, &mut matches);
        let group = matches.iter().find_map(|found| rules.correlations()[correlation].group(found.rule, event))?;
        Some(Self { rules, correlation, group, at, window: Window::default(), counted: Vec::new() })
    }

    /// What it groups by.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The correlation.
    #[must_use]
    pub fn correlation(&self) -> &'r Correlation {
        &self.rules.correlations()[self.correlation]
    }

    /// Length of its window, milliseconds.
    #[must_use]
    pub fn timespan_ms(&self) -> i64 {
        self.correlation().timespan_ms()
    }

    /// Whether users' events are counted together.
    #[must_use]
    pub fn across_users(&self) -> bool {
        self.correlation().across_users()
    }

    /// One more event of the time before, in any order.
    pub fn event<E: EventFields>(&mut self, event: &E, of: Subject<'_>) {
        let correlation = self.correlation();
        let mut matches: Vec<Match> = Vec::new();
        self.rules.evaluate(event, &mut matches);
        for found in matches {
            let same = correlation.group(found.rule, event).is_some_and(|group| group == self.group);
            let Some(item) = correlation.item(found.rule, event, of.at, of.identity).filter(|_| same) else { continue };
            if self.holds(&item) {
                self.window.push(item, correlation, &mut Vec::new());
                self.counted.push(of.event_id.to_owned());
            }
        }
    }

    fn holds(&self, item: &Item) -> bool {
        item.at <= self.at && item.at > self.at - self.timespan_ms()
    }

    /// How it stood, and the events that counted.
    #[must_use]
    pub fn explain(self) -> (CorrelationExplanation, Vec<String>) {
        (self.correlation().explain(&self.window, self.at), self.counted)
    }
}
