//! A rule tried on stored history: what it would have flagged, how often, and by whom.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use detect::findings::{Finding, violation_of};
use detect::rules::RuleSet;
use detect::trial::{Crossed, Trial};
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::detection::MAX_RULE_BYTES;
use schemas::settings::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::clip;
use crate::audit::read_log::Shown;
use crate::http::answer::Completeness;
use crate::http::body::{YEARS, body, check_time, invalid};
use crate::http::page::ReadRequest;
use crate::http::period::Period;
use crate::log::rows::EventRow;
use crate::rules::history::{HISTORY, Stored};
use crate::rules::known::Rules;
use crate::rules::list::check_limit;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::sql::Clauses;

/// Events read at once.
const CHUNK: u32 = 5_000;
/// Most events of one trial.
const MOST_EVENTS: u64 = 500_000;
/// Findings that an answer shows.
const SHOWN: usize = 1_000;
/// Bytes of a rule's text that the record of a trial keeps.
const MAX_TOLD: usize = 4096;
/// Users that an answer names.
const USERS: usize = 20;

/// What to try.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewTrial {
    /// Name of a rule that applies to the tenant, or of the one in `yaml`.
    #[schema(example = "too-many-devices")]
    pub name: String,
    /// Text of a rule that is not stored yet.
    #[serde(default)]
    pub yaml: Option<String>,
    /// Limits to try it with; the tenant's where absent.
    #[serde(default)]
    #[schema(example = json!({"devices_per_day": 3}))]
    pub limits: BTreeMap<String, f64>,
    /// Events that occurred from then on …
    pub from: DateTime<Utc>,
    /// … until then; until now when absent.
    #[serde(default)]
    pub to: Option<DateTime<Utc>>,
}

/// What the rule would have found.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialAnswer {
    /// The rule.
    pub rule: String,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Events of that time, history that was sent in later included.
    pub events: u64,
    /// Of these, the ones that arrived too late to have signals but this: rules about signals left them out.
    pub late: u64,
    /// Findings: events that break the rule.
    pub findings: u64,
    /// Violations: findings about one user in one window of the rule are one.
    pub violations: u64,
    /// Who broke it most, at most 20.
    pub users: Vec<UserCount>,
    /// Findings by day, UTC.
    pub days: BTreeMap<NaiveDate, u64>,
    /// The first 1000 findings, user by user.
    pub shown: Vec<TrialFinding>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How often one user broke it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserCount {
    /// The user.
    pub user_id: String,
    /// Findings.
    pub findings: u64,
}

/// One event that breaks the rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialFinding {
    /// The violation that it would belong to.
    pub violation_id: String,
    /// The event.
    pub event_id: String,
    /// Its user; empty for a correlation across users.
    pub user_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was seen.
    pub seen: Option<f64>,
    /// The limit it was tried with.
    pub limit: Option<f64>,
}

#[derive(Default)]
struct Count {
    findings: u64,
    violations: HashSet<String>,
    users: BTreeMap<String, u64>,
    days: BTreeMap<NaiveDate, u64>,
    shown: Vec<TrialFinding>,
}

impl Count {
    fn add(&mut self, finding: TrialFinding) {
        self.findings += 1;
        self.violations.insert(finding.violation_id.clone());
        *self.users.entry(finding.user_id.clone()).or_default() += 1;
        *self.days.entry(finding.at.date_naive()).or_default() += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(finding);
        }
    }
}

/// Test a rule on stored events
///
/// Tries a rule on history before it is switched on. It is tried on what the caller may see: on changes of the
/// configuration it takes the permission `read_configuration`.
#[utoipa::path(
    post,
    path = "/v1/rules/test",
    tag = "rules",
    operation_id = "testRule",
    params(crate::openapi::TenantParam),
    request_body(content = NewTrial, example = json!({"name": "mass-export", "from": "2026-11-01T00:00:00Z"})),
    responses(
        (status = 200, description = "What it would have found", body = TrialAnswer, example = json!(crate::rules::examples::trial())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn test(
    State(api): State<QueryApi>,
    mut reading: ReadRequest,
    request: Request,
) -> Result<Response, Problem> {
    // What it is tried on is the log.
    drop(reading.one()?);
    let wanted: NewTrial = body(request).await?;
    check_time("/from", Some(wanted.from), YEARS)?;
    check_time("/to", wanted.to, YEARS)?;
    let to = wanted.to.unwrap_or(reading.now);
    if wanted.from >= to {
        return Err(invalid(Invalid { pointer: "/from".into(), detail: "must lie before `to`".into() }));
    }
    reading.reaches(wanted.from).map_err(|problem| problem.with_pointer("/from"))?;
    let rules = compile(api.settings(), &reading, &wanted).await?;
    let lookback = rules.correlations().iter().map(detect::correlate::Correlation::timespan_ms).max().unwrap_or(0);
    let mut trial = Trial::new(&rules);
    let mut count = Count::default();
    let mut events = 0;
    let mut late = 0;
    let mut after: Option<(String, DateTime<Utc>, String)> = None;
    loop {
        let from = wanted.from - TimeDelta::milliseconds(lookback);
        let rows = chunk(api.store(), &reading, (from, to), after.as_ref()).await?;
        let is_last = rows.len() < CHUNK as usize;
        after = rows.last().map(|row| (row.actor_id.clone(), row.occurred_at, row.event_id.clone()));
        for row in &rows {
            let stored = Stored(row);
            let found = trial.event(&row.actor_id, &stored, stored.subject());
            // What came before only fills the windows.
            if row.occurred_at >= wanted.from {
                events += 1;
                late += u64::from(row.signals_name.iter().any(|name| name == "late"));
                for finding in found {
                    count.extend_by(&rules, &reading.tenant.id, &stored, finding);
                }
            }
        }
        if events > MOST_EVENTS {
            return Err(Problem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "period_too_long",
                format!("the period has more than {MOST_EVENTS} events; choose a shorter one"),
            )
            .with_pointer("/from"));
        }
        if is_last {
            break;
        }
    }
    for crossed in trial.finish().iter().filter(|crossed| crossed.at >= wanted.from.timestamp_millis()) {
        count.extend_across(&rules, &reading.tenant.id, crossed);
    }
    let mut more = vec![("rule".to_owned(), wanted.name.clone())];
    more.extend(wanted.yaml.iter().map(|yaml| ("yaml".to_owned(), clip(yaml, MAX_TOLD).to_owned())));
    more.extend(wanted.limits.iter().map(|(name, limit)| (format!("limits.{name}"), limit.to_string())));
    let shown = Shown { records: events, period: Some(Period { from: Some(wanted.from), to: Some(to) }), more };
    let answer = answer(wanted, to, (events, late), count, reading.completeness);
    Ok((Extension(shown), Json(answer)).into_response())
}

impl Count {
    fn extend_by(&mut self, rules: &RuleSet, tenant: &str, stored: &Stored<'_>, finding: &Finding) {
        let Some(rule) = rules.rules().get(usize::from(finding.rule)) else { return };
        let row = stored.0;
        self.add(TrialFinding {
            violation_id: violation_of(tenant, rule, &row.actor_id, finding.at).0,
            event_id: row.event_id.clone(),
            user_id: row.actor_id.clone(),
            at: row.occurred_at,
            seen: finding.seen,
            limit: finding.limit,
        });
    }

    fn extend_across(&mut self, rules: &RuleSet, tenant: &str, crossed: &Crossed) {
        let Some(rule) = rules.rules().get(usize::from(crossed.rule)) else { return };
        let group: BTreeMap<&str, &str> =
            crossed.group.iter().map(|(field, value)| (&**field, value.as_str())).collect();
        // As the stream names the group: the JSON of its fields.
        let group = serde_json::to_string(&group).unwrap_or_default();
        self.add(TrialFinding {
            violation_id: violation_of(tenant, rule, &group, crossed.at).0,
            event_id: crossed.event_id.clone(),
            user_id: String::new(),
            at: DateTime::from_timestamp_millis(crossed.at).unwrap_or_default(),
            seen: Some(crossed.seen),
            limit: rules.limit(crossed.rule),
        });
    }
}

fn answer(
    wanted: NewTrial,
    to: DateTime<Utc>,
    (events, late): (u64, u64),
    count: Count,
    completeness: Completeness,
) -> TrialAnswer {
    let mut users: Vec<UserCount> =
        count.users.into_iter().map(|(user_id, findings)| UserCount { user_id, findings }).collect();
    users.sort_by_key(|user| std::cmp::Reverse(user.findings));
    users.truncate(USERS);
    TrialAnswer {
        rule: wanted.name,
        from: wanted.from,
        to,
        events,
        late,
        findings: count.findings,
        violations: count.violations.len() as u64,
        users,
        days: count.days,
        shown: count.shown,
        completeness,
    }
}

/// The rule alone, with the limits to be tried.
async fn compile(settings: &Settings, reading: &ReadRequest, wanted: &NewTrial) -> Result<RuleSet, Problem> {
    let mut limits = reading.tenant.detection.limits.clone();
    limits.extend(wanted.limits.clone());
    let (snapshot, tenant) = (settings.snapshot(), reading.tenant.id.clone());
    let (name, text) = (wanted.name.clone(), wanted.yaml.clone());
    if text.as_ref().is_some_and(|text| text.len() > MAX_RULE_BYTES) {
        let detail = format!("at most {MAX_RULE_BYTES} bytes");
        return Err(invalid(Invalid { pointer: "/yaml".into(), detail }));
    }
    let wanted = wanted.limits.clone();
    let compiled = tokio::task::spawn_blocking(move || {
        let yaml = match text {
            Some(yaml) => yaml,
            None => Rules::of(&snapshot, Some(&tenant), None)?
                .find(&name)
                .ok_or_else(|| Problem::not_found("there is no such rule").with_pointer("/name"))?
                .yaml()
                .to_owned(),
        };
        let rules = RuleSet::compile([(name.as_str(), yaml.as_str())], &limits)
            .map_err(|error| invalid(Invalid { pointer: "/yaml".into(), detail: error.problem.to_string() }))?;
        // A trial with another limit than was meant would look like one.
        wanted.iter().try_for_each(|(name, value)| check_limit(rules.limits(), name, *value)).map_err(invalid)?;
        Ok(rules)
    });
    compiled.await.map_err(Problem::internal)?
}

async fn chunk(
    store: &Store,
    reading: &ReadRequest,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    after: Option<&(String, DateTime<Utc>, String)>,
) -> Result<Vec<EventRow>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", CHUNK);
    clauses.bind_time("from", from);
    clauses.bind_time("to", to);
    // A rule of the caller's own would disclose what is in an event that it matches.
    reading.narrow(&mut clauses);
    reading.look_back(&mut clauses);
    if let Some((actor, at, id)) = after {
        clauses.text("actor_id >= {after_actor:String}", "after_actor", actor);
        clauses.plain(
            "(actor_id, occurred_at, event_id) \
             > ({after_actor:String}, {after_at:DateTime64(3, 'UTC')}, {after_id:String})",
        );
        clauses.bind_time("after_at", *at);
        clauses.bind_text("after_id", id);
    }
    Ok(store.rows(HISTORY, clauses).await?)
}
