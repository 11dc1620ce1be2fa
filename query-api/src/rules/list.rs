//! The rules that apply to a tenant, with what it made of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use detect::rules::{LimitSpec, Rule};
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::catalogue::Lang;
use schemas::detection::{Detection, StoredRule};
use schemas::settings::{Invalid, Tenant};
use schemas::topics::SHARED;
use schemas::violation::Action;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::values;
use crate::http::answer::List;
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::language::{Localized, language};
use crate::http::params::Params;
use crate::rules::known::{Entry, Origin, Rules};
use crate::state::QueryApi;

/// A rule, and how the tenant wants it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleView {
    /// Its name, which violations carry.
    pub name: String,
    /// Who wrote it.
    pub origin: Origin,
    /// What to call it on a page.
    pub title: String,
    /// What it looks for, and why.
    pub description: String,
    /// `informational`, `low`, `medium`, `high` or `critical`; null for a rule that can't be used.
    #[schema(required = true)]
    pub level: Option<&'static str>,
    /// Grows with every change.
    pub version: u32,
    /// Sigma's tags.
    pub tags: Vec<String>,
    /// What becomes of the device when it is broken.
    pub action: Action,
    /// What a tenant may choose about it.
    pub limits: Vec<LimitView>,
    /// Whether it is evaluated for this tenant.
    pub enabled: bool,
    /// Why it can't be used; null when it can.
    #[schema(required = true)]
    pub problem: Option<String>,
}

/// A number in a rule that a tenant may choose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LimitView {
    /// Its name, by which `/v1/settings/detection` sets it.
    pub name: String,
    /// In force now.
    pub value: f64,
    /// The rule's own.
    pub default: f64,
    /// The least that may be chosen.
    pub min: f64,
    /// The most that may be chosen.
    pub max: f64,
    /// What it counts, in the reader's language where that has a word for it.
    #[schema(example = "devices")]
    pub unit: String,
}

/// A rule with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleText {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleView,
    /// Its text: Sigma.
    pub yaml: String,
    /// Who wrote this version: the id of a key. Null for a shipped rule.
    #[schema(required = true)]
    pub written_by: Option<String>,
    /// When. Null for a shipped rule.
    #[schema(required = true)]
    pub written_at: Option<DateTime<Utc>>,
}

/// A version of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleVersion {
    /// From 1.
    pub version: u32,
    /// Whether this version says that the rule is gone.
    pub deleted: bool,
    /// Its text; empty when it is gone.
    pub yaml: String,
    /// Who wrote it: the id of a key. Null for a shipped rule.
    #[schema(required = true)]
    pub written_by: Option<String>,
    /// When. Null for a shipped rule.
    #[schema(required = true)]
    pub written_at: Option<DateTime<Utc>>,
}

impl From<&StoredRule> for RuleVersion {
    fn from(rule: &StoredRule) -> Self {
        Self {
            version: rule.version,
            deleted: rule.is_deleted(),
            yaml: rule.yaml.clone(),
            written_by: Some(rule.written_by.clone()),
            written_at: Some(rule.written_at),
        }
    }
}

/// Rules as one tenant has them, or as all have them in common.
pub(crate) struct TenantRules {
    rules: Rules,
    detection: Detection,
    lang: Lang,
}

impl TenantRules {
    /// Compiles the rules in force, on a thread that may take its time.
    pub(crate) async fn open(settings: &Settings, tenant: Option<Arc<Tenant>>) -> Result<Self, Problem> {
        let snapshot = settings.snapshot();
        let compiled = tokio::task::spawn_blocking(move || {
            let id = tenant.as_ref().map(|tenant| tenant.id.as_str());
            let rules = Rules::of(&snapshot, id, None)?;
            let detection = tenant.map(|tenant| tenant.detection.clone()).unwrap_or_default();
            Ok(Self { rules, detection, lang: Lang::default() })
        });
        compiled.await.map_err(Problem::internal)?
    }

    /// Titles and descriptions in a language.
    fn in_language(self, lang: Lang) -> Self {
        Self { lang, ..self }
    }

    /// The rule of that name.
    pub(crate) fn find(&self, name: &str) -> Result<&Entry, Problem> {
        self.rules.find(name).ok_or_else(|| Problem::not_found("there is no such rule"))
    }

    /// Whether all is about rules that there are, and limits are in their ranges. What was said of a rule that is gone by now may
    /// stay.
    pub(crate) fn check(&self, wanted: &Detection) -> Result<(), Invalid> {
        let is_known = |name: &str, known: bool| known || self.rules.find(name).is_some();
        let lists = [
            ("enabled", &wanted.enabled, &self.detection.enabled),
            ("disabled", &wanted.disabled, &self.detection.disabled),
        ];
        for (field, names, before) in lists {
            let unknown = |(_, name): &(usize, &String)| !is_known(name, before.contains(name));
            if let Some((at, name)) = names.iter().enumerate().find(unknown) {
                let detail = format!("there is no rule {name:?}");
                return Err(Invalid { pointer: format!("/{field}/{at}"), detail });
            }
        }
        let unknown = |name: &&String| !is_known(name, self.detection.actions.contains_key(*name));
        if let Some(name) = wanted.actions.keys().find(unknown) {
            let pointer = format!("/actions/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(Invalid { pointer, detail: format!("there is no rule {name:?}") });
        }
        self.check_limits(wanted)
    }

    fn check_limits(&self, wanted: &Detection) -> Result<(), Invalid> {
        for (name, value) in &wanted.limits {
            // A rule that had it may be gone, or have other bounds by now.
            if self.detection.limits.get(name) == Some(value) {
                continue;
            }
            check_limit(self.rules.limits(), name, *value)?;
        }
        Ok(())
    }

    fn limits(&self, entry: &Entry) -> Vec<LimitView> {
        let of_rule = self.rules.limits().iter().filter(|limit| *limit.rule == *entry.name);
        let view = |limit: &LimitSpec| LimitView {
            name: limit.name.to_string(),
            value: limit.in_force(self.detection.limits.get(&*limit.name).copied()),
            default: limit.default,
            min: limit.min,
            max: limit.max,
            unit: values::value("unit", &limit.unit, self.lang),
        };
        of_rule.map(view).collect()
    }

    fn view(&self, entry: &Entry) -> RuleView {
        let compiled = self.rules.compiled(entry);
        let text =
            |of: fn(&Rule, Lang) -> &str| compiled.map(|rule| of(rule, self.lang)).unwrap_or_default().to_owned();
        let stored = entry.stored.as_deref();
        RuleView {
            name: entry.name.clone(),
            origin: entry.origin,
            title: text(Rule::title_in),
            description: text(Rule::description_in),
            level: compiled.map(|rule| rule.level.as_str()),
            version: stored.map(|rule| rule.version).or(compiled.map(|rule| rule.version)).unwrap_or_default(),
            tags: compiled.map(|rule| rule.tags.to_vec()).unwrap_or_default(),
            action: self.detection.action(&entry.name, compiled.map(|rule| rule.action).unwrap_or_default()),
            limits: if compiled.is_some() { self.limits(entry) } else { Vec::new() },
            enabled: stored.is_none_or(|rule| rule.enabled)
                && self.detection.has_on(&entry.name, entry.origin == Origin::Own),
            problem: entry.problem.clone(),
        }
    }

    /// A rule with its text.
    pub(crate) fn text(&self, name: &str) -> Result<RuleText, Problem> {
        let entry = self.find(name)?;
        Ok(RuleText {
            rule: self.view(entry),
            yaml: entry.yaml().to_owned(),
            written_by: entry.stored.as_ref().map(|rule| rule.written_by.clone()),
            written_at: entry.stored.as_ref().map(|rule| rule.written_at),
        })
    }
}

/// List rules
///
/// Those that apply: shipped ones, shared ones, the tenant's own. A key of the platform that names no tenant sees those
/// that all have in common.
#[utoipa::path(
    get,
    path = "/v1/rules",
    tag = "rules",
    operation_id = "listRules",
    params(
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of titles; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "All rules", body = List<RuleView>, example = json!(crate::openapi::examples::whole(crate::rules::examples::rule()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    caller: Caller,
    params: Params,
) -> Result<Localized<List<RuleView>>, Problem> {
    let (tenant, lang) = reader(api.settings(), &caller, params)?;
    let book = TenantRules::open(api.settings(), tenant).await?.in_language(lang);
    Ok(Localized(lang, List::of(api.freshness(), book.rules.entries().iter().map(|entry| book.view(entry)).collect())))
}

/// Get a rule
///
/// With its text, whether it is evaluated, and what a tenant may choose about it.
#[utoipa::path(
    get,
    path = "/v1/rules/{name}",
    tag = "rules",
    operation_id = "getRule",
    params(
        ("name" = String, Path, description = "Name of the rule", example = "mass-export"),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of titles; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The rule", body = RuleText, example = json!(crate::rules::examples::rule_text())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(name): InPath<String>,
    params: Params,
) -> Result<Localized<RuleText>, Problem> {
    let (tenant, lang) = reader(api.settings(), &caller, params)?;
    let book = TenantRules::open(api.settings(), tenant).await?.in_language(lang);
    Ok(Localized(lang, book.text(&name)?))
}

/// List a rule's versions
///
/// Oldest first, also of a rule that was deleted. Of a shipped rule the program has one.
#[utoipa::path(
    get,
    path = "/v1/rules/{name}/versions",
    tag = "rules",
    operation_id = "listRuleVersions",
    params(("name" = String, Path, description = "Name of the rule", example = "odd-hours"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "All versions", body = List<RuleVersion>, example = json!(crate::openapi::examples::whole(crate::rules::examples::rule_version()))),
        crate::openapi::Problems,
    ),
)]
pub async fn versions(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(name): InPath<String>,
    params: Params,
) -> Result<Json<List<RuleVersion>>, Problem> {
    let (tenant, _) = reader(api.settings(), &caller, params)?;
    let snapshot = api.settings().snapshot();
    for scope in tenant.iter().map(|tenant| tenant.id.as_str()).chain([SHARED]) {
        let kept: Vec<_> =
            snapshot.rules(scope).filter(|rule| rule.name == name).map(|rule| (&**rule).into()).collect();
        if !kept.is_empty() {
            return Ok(Json(List::of(api.freshness(), kept)));
        }
    }
    let RuleText { rule, yaml, .. } = TenantRules::open(api.settings(), tenant).await?.text(&name)?;
    let shipped = RuleVersion { version: rule.version, deleted: false, yaml, written_by: None, written_at: None };
    Ok(Json(List::of(api.freshness(), vec![shipped])))
}

fn reader(settings: &Settings, caller: &Caller, mut params: Params) -> Result<(Option<Arc<Tenant>>, Lang), Problem> {
    let tenant = caller.read_tenant_if_any(settings, &mut params)?;
    let lang = language(&mut params, caller, tenant.as_deref())?;
    params.finish()?;
    Ok((tenant, lang))
}

/// Whether one of the rules with these limits has one of that name, and takes the number for it.
///
/// # Errors
/// Why not.
pub(crate) fn check_limit(limits: &[LimitSpec], name: &str, value: f64) -> Result<(), Invalid> {
    let detail = match limits.iter().find(|limit| *limit.name == *name) {
        None => "no rule has a limit of this name".to_owned(),
        Some(limit) if value != limit.in_force(Some(value)) => {
            format!("must be a whole number from {} to {}", limit.min, limit.max)
        }
        Some(_) => return Ok(()),
    };
    Err(Invalid { pointer: format!("/limits/{}", name.replace('~', "~0").replace('/', "~1")), detail })
}
