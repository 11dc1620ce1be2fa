//! Why a rule fired, or how far it was from it.

use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use detect::correlate::{Correlation, CorrelationExplanation};
use detect::rules::{RuleError, RuleSet};
use detect::trial::Standing;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::address;
use schemas::catalogue::Catalogue;
use schemas::detection::StoredRule;
use schemas::event::Category;
use schemas::settings::Permission;
use schemas::topics::SHARED;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use utoipa::ToSchema;

use crate::audit::read_log::Shown;
use crate::http::answer::Completeness;
use crate::http::extract::InPath;
use crate::http::language::Localized;
use crate::http::page::ReadRequest;
use crate::log::rows::{EVENT_BY_ID, EventRow};
use crate::log::view::measured;
use crate::log::which::Which;
use crate::rules::explained::{ExplainedStep, Explaining, Verdict};
use crate::rules::history::{HISTORY, Stored};
use crate::rules::known::{Rules, last_version};
use crate::rules::reasons;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::sql::Clauses;
use crate::violations::list::find;

/// Events of a violation that are explained.
const EVENTS: usize = 20;
/// Events that the record of an explanation names.
const TOLD: usize = 100;
/// Most events of a window that are looked at.
const WINDOW: u32 = 20_000;

/// Why a rule fired.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedViolation {
    /// The violation.
    pub violation_id: String,
    /// Its rule.
    pub rule: String,
    /// What to call the rule, in the reader's language.
    pub title: String,
    /// Version of the rule that found it.
    pub rule_version: u32,
    /// Version of the rule that explains it: the one that found it, or, where that is no longer known, the one in force now.
    pub explained_by_version: u32,
    /// Its first events, at most 20; of those the ones that the caller may see.
    pub events: Vec<Explained>,
    /// What else is to be known of it, in the reader's language: that the rule has changed since, or that not all events are here.
    #[schema(example = json!(["2 of 35 events are explained here"]))]
    pub notes: Vec<String>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How an event stands to a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explained {
    /// The event.
    pub event_id: String,
    /// When it occurred.
    pub occurred_at: DateTime<Utc>,
    /// Whether it breaks the rule.
    pub matched: bool,
    /// That in words, in the reader's language.
    #[schema(example = "The rule is not broken; found: 7; limit: 10; still lacking: 3")]
    pub text: String,
    /// What the rule asks, and what was found, in the reader's language.
    pub steps: Vec<ExplainedStep>,
    /// The same for programs: every condition with its verdict and the value seen; for a correlation, those of the detection that the event matches.
    #[schema(value_type = Object)]
    pub conditions: Value,
    /// What was seen, where the rule compares a number.
    pub seen: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// How much more it would have taken, when it was a number that was not reached.
    pub missing: Option<f64>,
    /// For a correlation: what it counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<ExplainedWindow>,
}

/// What a correlation counted up to an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedWindow {
    /// What it groups by.
    pub group: BTreeMap<String, String>,
    /// Length of the window, milliseconds.
    pub timespan_ms: i64,
    /// Events that counted, the latest 100; of those the ones that the caller may see.
    pub event_ids: Vec<String>,
    /// How it stands.
    #[schema(value_type = Object)]
    pub standing: Value,
}

/// How an event stands to a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedEvent {
    /// The rule.
    pub rule: String,
    /// What to call the rule, in the reader's language.
    pub title: String,
    /// Its version.
    pub rule_version: u32,
    /// How it stands.
    pub data: Explained,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// Explain a violation
///
/// Which condition of the rule matched, on which values.
#[utoipa::path(
    get,
    path = "/v1/violations/{id}/explain",
    tag = "violations",
    operation_id = "explainViolation",
    params(
        ("id" = String, Path, description = "Id of the violation"),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of texts; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "Event by event", body = ExplainedViolation, example = json!(crate::rules::examples::explained_violation())),
        crate::openapi::Problems,
    ),
)]
pub async fn violation(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    let found = find(api.store(), &mut reading, &id).await?;
    let latest = AsFound { version: found.rule_version, limit: measured(found.limit) };
    let mut known = vec![(latest, compile(api.settings(), &reading, &found.rule, Some(latest)).await?)];
    let mut events = Vec::new();
    for event_id in found.event_ids.iter().take(EVENTS) {
        let rows = of_id(api.store(), &reading, event_id, &Which::default()).await?;
        // Of several events with this id, the one that the violation is of.
        let found_by = |row: EventRow| Some((AsFound::of(&row, &id)?, row));
        let Some((as_found, row)) = rows.into_iter().find_map(found_by) else { continue };
        // A finding across users is an event of its own, which names those that led to it.
        let behind = match led_to(&row) {
            Some(last) => of_id(api.store(), &reading, &last, &Which::default()).await?.into_iter().next(),
            None => Some(row),
        };
        let Some(row) = behind else { continue };
        if !known.iter().any(|(of, _)| *of == as_found) {
            known.push((as_found, compile(api.settings(), &reading, &found.rule, Some(as_found)).await?));
        }
        if let Some((_, rule)) = known.iter().find(|(of, _)| *of == as_found) {
            events.push(explain(&api, &reading, (&rule.set, true), &row).await?);
        }
    }
    events.sort_by_key(|event| event.occurred_at);
    let shown = shown(&events);
    let mut notes = Vec::new();
    let explaining = explaining(api.catalogue(), &reading);
    let (version, is_in_force) = known.first().map_or((0, true), |(_, rule)| (rule.version, rule.is_in_force));
    if version != found.rule_version {
        notes.push(explaining.changed_since(found.rule_version, version));
    } else if !is_in_force {
        notes.push(explaining.as_it_was(version));
    }
    if (events.len() as u64) < found.count {
        notes.push(explaining.only_some(events.len(), found.count));
    }
    let answer = ExplainedViolation {
        violation_id: id,
        title: api.titles(&reading.tenant.id, reading.lang).of(&found.rule),
        rule: found.rule,
        rule_version: found.rule_version,
        explained_by_version: version,
        events,
        notes,
        completeness: reading.completeness,
    };
    Ok((Extension(shown), Localized(reading.lang, answer)).into_response())
}

/// Explain an event
///
/// Whether it breaks a rule, and if not, how far it is from it.
#[utoipa::path(
    get,
    path = "/v1/events/{id}/explain",
    tag = "events",
    operation_id = "explainEvent",
    params(
        ("id" = String, Path, description = "Id of the event"),
        ("source" = Option<String>, Query, description = "Of several events with this id, the one of this source; empty: the one without a source"),
        ("key_id" = Option<String>, Query, description = "Of several events with this id, the one that came with this API key; empty: the one that came straight to Kafka"),
        ("rule" = String, Query, description = "Name of the rule", example = "mass-export"),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of texts; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "How it stands to the rule", body = ExplainedEvent, example = json!(crate::rules::examples::explained_event())),
        crate::openapi::Problems,
    ),
)]
pub async fn of_event(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    // What it explains is an event of the log.
    let name = reading.params.one("rule")?;
    let which = Which::take(&mut reading.params)?;
    drop(reading.one()?);
    let name = name.ok_or_else(|| {
        Problem::bad_request("invalid_parameter", "rule is required: the name of a rule").with_pointer("rule")
    })?;
    let RuleAsOf { set, version, .. } = compile(api.settings(), &reading, &name, None).await?;
    let missing = || reading.completeness.not_found("there is no such event, or not yet, or no longer");
    let row = Which::only(of_id(api.store(), &reading, &id, &which).await?)?.ok_or_else(missing)?;
    reading.reaches(row.occurred_at)?;
    let data = explain(&api, &reading, (&set, false), &row).await?;
    let shown = shown(std::slice::from_ref(&data));
    let title = api.titles(&reading.tenant.id, reading.lang).of(&name);
    let completeness = reading.completeness;
    let answer = ExplainedEvent { rule: name, title, rule_version: version, data, completeness };
    Ok((Extension(shown), Localized(reading.lang, answer)).into_response())
}

/// Explains in the reader's language, with the tenant's own types of events.
fn explaining(catalogue: &Catalogue, reading: &ReadRequest) -> Explaining {
    Explaining { lang: reading.lang, catalogue: catalogue.with_tenant_types(&reading.tenant.event_types) }
}

/// What explanations show: events, and those that counted with them.
fn shown(explained: &[Explained]) -> Shown {
    let windows = explained.iter().filter_map(|event| event.window.as_ref()).flat_map(|window| &window.event_ids);
    let mut ids: Vec<&String> = explained.iter().map(|event| &event.event_id).chain(windows).collect();
    ids.sort_unstable();
    ids.dedup();
    let more = ids.iter().take(TOLD).map(|id| ("looked_into".to_owned(), (*id).clone())).collect();
    Shown { records: ids.len() as u64, period: None, more }
}

/// The last of the events that a finding across users names.
fn led_to(row: &EventRow) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Finding {
        events: Vec<String>,
    }
    if row.event_type != "rule.matched" || row.key_id != crate::audit::KEY_ID {
        return None;
    }
    serde_json::from_str::<Finding>(&row.payload).ok()?.events.pop()
}

/// What a finding says of its rule.
#[derive(Debug, Clone, Copy, PartialEq)]
struct AsFound {
    version: u32,
    limit: Option<f64>,
}

impl AsFound {
    /// Of the finding by which an event belongs to a violation; none where it doesn't.
    fn of(row: &EventRow, violation: &str) -> Option<Self> {
        let at = row.violation_ids.iter().position(|id| id == violation)?;
        let limit = row.violation_limits.get(at).copied().and_then(measured);
        Some(Self { version: row.violation_versions.get(at).copied()?, limit })
    }
}

/// One rule alone.
struct RuleAsOf {
    set: RuleSet,
    version: u32,
    /// Whether that is the latest version.
    is_in_force: bool,
}

/// The rule alone: of the version and with the limit that found something, where that is known, or else as it is in force for the tenant.
async fn compile(
    settings: &Settings,
    reading: &ReadRequest,
    name: &str,
    found: Option<AsFound>,
) -> Result<RuleAsOf, Problem> {
    let (snapshot, tenant, name) = (settings.snapshot(), reading.tenant.id.clone(), name.to_owned());
    let limits = reading.tenant.detection.limits.clone();
    let compiled = tokio::task::spawn_blocking(move || {
        if let Some(found) = found {
            let is_it =
                |rule: &&Arc<StoredRule>| rule.name == name && rule.version == found.version && !rule.is_deleted();
            let kept = [&*tenant, SHARED].into_iter().find_map(|scope| snapshot.rules(scope).find(is_it).cloned());
            // One that this version of the program can't use any more is not known.
            let set = kept.as_ref().and_then(|rule| limited(&name, &rule.yaml, &limits, found.limit).ok());
            if let Some((rule, set)) = kept.zip(set) {
                let last = last_version(&snapshot, &rule.scope, &name);
                let is_in_force = last.is_some_and(|last| last.version == rule.version);
                return Ok(RuleAsOf { set, version: rule.version, is_in_force });
            }
        }
        let rules = Rules::of(&snapshot, Some(&tenant), None)?;
        let entry = rules.find(&name).ok_or_else(|| Problem::not_found("there is no such rule, or no longer"))?;
        let set = limited(&name, entry.yaml(), &limits, None).map_err(Problem::internal)?;
        let own = set.rules().first().map_or(1, |rule| rule.version);
        let version = entry.stored.as_ref().map_or(own, |stored| stored.version);
        let limit = found.filter(|found| found.version == version).and_then(|found| found.limit);
        let set = limited(&name, entry.yaml(), &limits, limit).map_err(Problem::internal)?;
        Ok(RuleAsOf { set, version, is_in_force: true })
    });
    compiled.await.map_err(Problem::internal)?
}

/// Compiles a rule with the tenant's limits, or with another one for its first, by which it finds.
fn limited(name: &str, yaml: &str, limits: &BTreeMap<String, f64>, limit: Option<f64>) -> Result<RuleSet, RuleError> {
    let set = RuleSet::compile([(name, yaml)], limits)?;
    let Some((limit, first)) = limit.zip(set.limits().first()) else { return Ok(set) };
    let mut limits = limits.clone();
    limits.insert(first.name.to_string(), limit);
    RuleSet::compile([(name, yaml)], &limits)
}

/// The events of an id that the caller may see.
async fn of_id(store: &Store, reading: &ReadRequest, id: &str, which: &Which) -> Result<Vec<EventRow>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_text("event_id", id);
    which.add_to(&mut clauses);
    reading.narrow(&mut clauses);
    Ok(store.rows(EVENT_BY_ID, clauses).await?)
}

/// How an event stands to a rule, which broke it for sure where it is one of a violation.
async fn explain(
    api: &QueryApi,
    reading: &ReadRequest,
    (rules, was_broken): (&RuleSet, bool),
    row: &EventRow,
) -> Result<Explained, Problem> {
    let explaining = explaining(api.catalogue(), reading);
    let stored = Stored(row);
    let correlation = rules.correlations().first().map(|correlation| correlation.rule);
    let detection = rules
        .rules()
        .iter()
        .filter_map(|rule| Some((rule, rules.explain(rules.find(&rule.name)?, &stored)?)))
        // Of several detections of a correlation, the one that the event matches.
        .max_by_key(|(_, explanation)| explanation.matched);
    let (detection, reasons) = detection
        .map(|(rule, mut explanation)| {
            let reasons = reasons::decided(rule, &mut explanation);
            (explanation, reasons)
        })
        .unzip();
    let mut explained = Explained {
        event_id: row.event_id.clone(),
        occurred_at: row.occurred_at,
        matched: detection.as_ref().is_some_and(|explanation| explanation.matched),
        text: String::new(),
        steps: detection.as_ref().map_or_else(Vec::new, |explanation| explaining.steps(&explanation.steps)),
        conditions: detection
            .as_ref()
            .and_then(|explanation| serde_json::to_value(&explanation.conditions).ok())
            .unwrap_or_default(),
        seen: detection.as_ref().and_then(|explanation| explanation.seen),
        limit: detection.as_ref().and_then(|explanation| explanation.limit),
        missing: detection.as_ref().and_then(|explanation| explanation.missing),
        window: None,
    };
    if let Some(correlation) = correlation {
        // What it counts decides, not what its detections compare.
        explained.matched = false;
        (explained.seen, explained.limit, explained.missing) = (None, rules.limit(correlation), None);
        let standing = Standing::of(rules, correlation, &stored, stored.subject().at);
        let Some(standing) = standing else {
            explained.text = if was_broken { explaining.was_broken() } else { explaining.not_counted() };
            return Ok(explained);
        };
        let (correlation, found) = window(api.store(), reading, row, standing, &mut explained).await?;
        explained.steps.push(explaining.window(correlation, &found));
    }
    let Explained { matched, seen, limit, missing, .. } = explained;
    let reasons = reasons.filter(|_| correlation.is_none()).unwrap_or_default();
    explained.text = explaining.verdict(Verdict { matched, was_broken, seen, limit, missing }, &reasons);
    Ok(explained)
}

/// Fills a correlation's window from the store, up to the event.
async fn window<'r>(
    store: &Store,
    reading: &ReadRequest,
    row: &EventRow,
    mut standing: Standing<'r>,
    explained: &mut Explained,
) -> Result<(&'r Correlation, CorrelationExplanation), Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", WINDOW);
    clauses.bind_time("from", row.occurred_at - TimeDelta::milliseconds(standing.timespan_ms()));
    clauses.bind_time("to", row.occurred_at + TimeDelta::milliseconds(1));
    reading.cutoffs().add_to(&mut clauses);
    reading.look_back(&mut clauses);
    if !standing.across_users() {
        clauses.text("actor_id = {actor_id:String}", "actor_id", &row.actor_id);
    }
    // A window over one address needs that address's events alone.
    if standing.group().iter().any(|(field, _)| matches!(&**field, "context.ip" | "context.ip_prefix")) {
        let counted = address::mapped(address::counted(row.ip.to_canonical()));
        clauses.text("ip_prefix = toIPv6({ip_prefix:String})", "ip_prefix", &counted.to_string());
    }
    let rows: Vec<EventRow> = store.rows(HISTORY, clauses).await?;
    for row in &rows {
        let stored = Stored(row);
        standing.event(&stored, stored.subject());
    }
    // What the caller may not see counts, as it did for the rule, and is not named.
    let all = reading.may(Permission::ReadConfiguration);
    let seen = |row: &&EventRow| all || row.category != Category::Configuration.as_str();
    let named: HashSet<&str> = rows.iter().filter(seen).map(|row| row.event_id.as_str()).collect();
    let group = standing.group().iter().map(|(field, value)| (field.to_string(), value.clone())).collect();
    let (timespan_ms, correlation) = (standing.timespan_ms(), standing.correlation());
    let (found, mut event_ids) = standing.explain();
    explained.matched = found.matched;
    explained.seen = Some(found.seen);
    explained.missing = (!found.matched).then_some(found.missing);
    event_ids.retain(|id| named.contains(id.as_str()));
    event_ids.drain(..event_ids.len().saturating_sub(100));
    let standing = serde_json::to_value(&found).unwrap_or_default();
    explained.window = Some(ExplainedWindow { group, timespan_ms, event_ids, standing });
    Ok((correlation, found))
}
