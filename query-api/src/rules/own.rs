//! Writing rules: a tenant's own, or, with a key of the platform, those that all tenants share. A text is tried with
//! all the rules that it will live with before it is kept; every version is kept. What a tenant's staff writes is an event
//! of the tenant.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::Utc;
use runtime::problem::Problem;
use schemas::detection::StoredRule;
use schemas::settings::Tenant;
use schemas::topics::SHARED;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::audit::StaffEvent;
use crate::http::answer::not_changed;
use crate::http::body::body;
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters};
use crate::rules::known::{Origin, Verdict, check, last_version};
use crate::rules::list::{RuleText, RuleVersion, TenantRules};
use crate::state::QueryApi;
use crate::tenants::changes::shown;
use crate::tenants::settings::change_tenant;

/// A new rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewRule {
    /// 1 to 63 of a-z, 0-9 and `-`; no other rule's.
    pub name: String,
    /// Sigma, at most 64 KiB. Its `version` has to be there and is not looked at: versions are counted here.
    pub yaml: String,
}

/// A new text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewText {
    /// Sigma, at most 64 KiB.
    pub yaml: String,
}

/// Whether a rule is evaluated.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Enabled {
    /// Whether it is.
    pub enabled: bool,
}

/// Create a rule
///
/// It is evaluated from now on.
#[utoipa::path(
    post,
    path = "/v1/rules",
    tag = "rules",
    operation_id = "createRule",
    request_body(content = NewRule, example = json!(crate::rules::examples::new_rule())),
    responses(
        (status = 201, description = "Written and in force", body = RuleText, example = json!(crate::rules::examples::rule_text())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn create(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<RuleText>), Problem> {
    let NewRule { name, yaml } = body(request).await?;
    if TenantRules::open(api.settings(), caller.own().cloned()).await?.find(&name).is_ok() {
        return Err(exists());
    }
    let rule = write(&api, &caller, "rule.created", (&name, text(yaml)?)).await?;
    Ok((StatusCode::CREATED, Json(TenantRules::open(api.settings(), caller.own().cloned()).await?.text(&rule.name)?)))
}

/// Replace a rule
///
/// Writes its next version. It is evaluated from now on; what the version before found stays.
#[utoipa::path(
    put,
    path = "/v1/rules/{name}",
    tag = "rules",
    operation_id = "replaceRule",
    params(("name" = String, Path, description = "Name of the rule", example = "odd-hours")),
    request_body(content = NewText, example = json!({"yaml": crate::rules::examples::rule_text()["yaml"]})),
    responses(
        (status = 200, description = "Written and in force", body = RuleText, example = json!(crate::rules::examples::rule_text())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn replace(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(name): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<RuleText>, Problem> {
    writable(&api, &caller, &name).await?;
    let NewText { yaml } = body(request).await?;
    write(&api, &caller, "rule.updated", (&name, text(yaml)?)).await?;
    Ok(Json(TenantRules::open(api.settings(), caller.own().cloned()).await?.text(&name)?))
}

/// Delete a rule
///
/// Its versions are kept, so that what they found can be explained.
#[utoipa::path(
    delete,
    path = "/v1/rules/{name}",
    tag = "rules",
    operation_id = "deleteRule",
    params(("name" = String, Path, description = "Name of the rule", example = "odd-hours")),
    responses(
        (status = 200, description = "Deleted: the version that says so", body = RuleVersion, example = json!(crate::rules::examples::rule_version())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn delete(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(name): InPath<String>,
    _: NoParameters,
) -> Result<Json<RuleVersion>, Problem> {
    writable(&api, &caller, &name).await?;
    let deleted = write(&api, &caller, "rule.deleted", (&name, String::new())).await?;
    Ok(Json(RuleVersion::from(&*deleted)))
}

/// Switch a rule on or off
///
/// For the tenant alone, whoever wrote the rule.
#[utoipa::path(
    put,
    path = "/v1/rules/{name}/enabled",
    tag = "rules",
    operation_id = "enableRule",
    params(("name" = String, Path, description = "Name of the rule", example = "mass-export")),
    request_body(content = Enabled, example = json!({"enabled": false})),
    responses(
        (status = 200, description = "Switched and in force", body = Enabled, example = json!({"enabled": false})),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn enable(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(name): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<Enabled>, Problem> {
    let tenant = caller.own_tenant()?;
    let own = TenantRules::open(api.settings(), Some(tenant)).await?.find(&name)?.origin == Origin::Own;
    let wanted: Enabled = body(request).await?;
    let touched = |tenant: &Tenant| tenant.detection.has_on(&name, own);
    change_tenant(&api, &caller, touched, |tenant| tenant.detection.switch(&name, own, wanted.enabled)).await?;
    Ok(Json(wanted))
}

fn exists() -> Problem {
    Problem::new(StatusCode::CONFLICT, "rule_exists", "there is a rule of this name").with_pointer("/name")
}

/// An empty text would delete the rule.
fn text(yaml: String) -> Result<String, Problem> {
    if yaml.trim().is_empty() { Err(bad_text("the text is empty")) } else { Ok(yaml) }
}

fn bad_text(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_rule", detail.into()).with_pointer("/yaml")
}

fn scope(caller: &Caller) -> &str {
    caller.own().map_or(SHARED, |tenant| &tenant.id)
}

/// Whether the rule is there, and the caller's to write.
async fn writable(api: &QueryApi, caller: &Caller, name: &str) -> Result<(), Problem> {
    let book = TenantRules::open(api.settings(), caller.own().cloned()).await?;
    let entry = book.find(name)?;
    let own = if caller.own().is_some() { Origin::Own } else { Origin::Shared };
    if entry.origin != own {
        return Err(Problem::forbidden("this rule is not yours to change; you may switch it off"));
    }
    Ok(())
}

/// Tries a text and writes it as the next version of a rule.
async fn write(
    api: &QueryApi,
    caller: &Caller,
    kind: &'static str,
    (name, yaml): (&str, String),
) -> Result<Arc<StoredRule>, Problem> {
    let snapshot = api.settings().snapshot();
    let known = last_version(&snapshot, scope(caller), name);
    // It may have come, or gone, since it was looked for.
    match (kind, known.as_ref().is_some_and(|rule| !rule.is_deleted())) {
        ("rule.created", true) => return Err(exists()),
        ("rule.updated" | "rule.deleted", false) => return Err(Problem::not_found("there is no such rule")),
        _ => {}
    }
    let mut candidate = StoredRule {
        scope: scope(caller).to_owned(),
        name: name.to_owned(),
        version: known.as_ref().map_or(0, |rule| rule.version) + 1,
        enabled: true,
        yaml,
        written_by: caller.key_id().to_owned(),
        written_at: Utc::now(),
    };
    candidate.validate().map_err(crate::http::body::invalid)?;
    if !candidate.is_deleted() {
        let rule = Arc::new(candidate.clone());
        let tried = tokio::task::spawn_blocking(move || check(&snapshot, &rule));
        match tried.await.map_err(Problem::internal)?? {
            Verdict::Good => {}
            Verdict::Bad(problem) => return Err(bad_text(problem)),
            Verdict::TooMuch(problem) => {
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "rules_budget_exceeded", problem);
                return Err(problem.with_pointer("/yaml"));
            }
            Verdict::Displaces { tenant, rule } => {
                let detail = format!("the rule {rule} of the tenant {tenant} has the same name or id");
                return Err(Problem::new(StatusCode::CONFLICT, "rule_exists", detail));
            }
        }
    }
    candidate.version -= 1;
    let in_force =
        || last_version(&api.settings().snapshot(), scope(caller), name).map(|rule| RuleVersion::from(&*rule));
    let written = api.settings().put_rule(candidate).await.map_err(|error| not_changed(error, in_force))?;
    record(api, caller, kind, (known.as_deref(), &written)).await?;
    Ok(written)
}

/// Shared rules belong to no tenant: who writes them is in the log of the program.
async fn record(
    api: &QueryApi,
    caller: &Caller,
    kind: &'static str,
    (old, new): (Option<&StoredRule>, &StoredRule),
) -> Result<(), Problem> {
    let Some(tenant) = caller.own() else {
        tracing::info!(
            kind,
            rule = new.name,
            version = new.version,
            key = caller.key_id(),
            "a shared rule was written"
        );
        return Ok(());
    };
    let text = |rule: Option<&StoredRule>| match rule {
        Some(rule) if !rule.is_deleted() => shown(json!(rule.yaml)),
        _ => Value::Null,
    };
    let version = old.map_or(Value::Null, |rule| json!(rule.version));
    let event = StaffEvent {
        kind,
        object_type: "rule",
        object_id: new.name.clone(),
        object_name: new.name.clone(),
        reason: String::new(),
        changes: vec![
            ("version".to_owned(), version, json!(new.version)),
            ("yaml".to_owned(), text(old), text(Some(new))),
        ],
    };
    api.audit().record(caller, &tenant.id, event).await?;
    Ok(())
}
