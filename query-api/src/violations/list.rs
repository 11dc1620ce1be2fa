//! Broken rules. Only staff with the right see them.

use axum::extract::State;
use axum::response::Response;
use runtime::problem::Problem;

use crate::http::answer::Item;
use crate::http::extract::InPath;
use crate::http::language::Localized;
use crate::http::page::{Keyset, Page, ReadRequest, ascending, keyset, look_back_of_violations};
use crate::http::params::ParamError;
use crate::http::period::Period;
use crate::rules::titles::Titles;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::sql::Clauses;
use crate::violations::filter::ViolationFilter;
use crate::violations::rows::{VIOLATIONS, ViolationRow};
use crate::violations::view::Violation;

const NEWEST: Keyset = keyset!("window_at", "violation_id", newest);
const OLDEST: Keyset = keyset!("window_at", "violation_id", oldest);

/// List violations
///
/// Findings of one rule about one user within one window of the rule are one violation, which may still grow. The list
/// is ordered by when the windows began; a period takes in what has any event inside.
#[utoipa::path(
    get,
    path = "/v1/violations",
    tag = "violations",
    operation_id = "listViolations",
    params(
        ("user_id" = Option<Vec<String>>, Query, description = "Ids of users; empty: violations of several together, which are nobody's", example = json!(["u-17"])),
        ViolationFilter,
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Violation>, example = json!(crate::violations::examples::violations())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let users = reading.params.ids_or_empty("user_id")?;
    page(&api, reading, &users).await
}

/// A page of violations: of some users, or of all when none is named.
pub(crate) async fn page(api: &QueryApi, mut reading: ReadRequest, users: &[String]) -> Result<Response, Problem> {
    let lang = reading.lang;
    let filter = ViolationFilter::take(&mut reading.params)?;
    check_rules(api, &reading, ("rule", &filter.rule)).await?;
    let (list, keyset) = match ascending(&mut reading.params)? {
        true => ("violations/oldest", &OLDEST),
        false => ("violations/newest", &NEWEST),
    };
    let asked = reading.page(list, &(users, &filter))?;
    let mut clauses = asked.clauses(keyset);
    add_to(&mut clauses, &asked.reading, (users, &filter, asked.period));
    let titles = api.titles(&asked.reading.tenant.id, lang);
    let view = move |row| show(row, &titles);
    asked.list(VIOLATIONS, clauses, |row: &ViolationRow| (row.window_at, (&row.violation_id).into()), view).await
}

/// Adds the conditions of violations of some users, or of all when none is named, in a period.
pub(crate) fn add_to(
    clauses: &mut Clauses,
    reading: &ReadRequest,
    (users, filter, period): (&[String], &ViolationFilter, Period),
) {
    reading.cutoffs().add_to(clauses);
    reading.bind_hidden(clauses);
    look_back_of_violations(reading.earliest, clauses);
    if !users.is_empty() {
        clauses.texts("actor_id IN {user_id:Array(String)}", "user_id", users);
    }
    filter.add_to(clauses);
    if let Some(from) = period.from {
        clauses.time("ifNull(last_at, window_at) >= {from:DateTime64(3, 'UTC')}", "from", from);
    }
    if let Some(to) = period.to {
        // No event is older than its window: the first half is over the sort key.
        let begins =
            "window_at < {to:DateTime64(3, 'UTC')} AND ifNull(first_at, window_at) < {to:DateTime64(3, 'UTC')}";
        clauses.time(begins, "to", to);
    }
}

/// Refuses names that no rule has, nor had when it found something: a rule of another version of the program may be gone.
pub(crate) async fn check_rules(
    api: &QueryApi,
    reading: &ReadRequest,
    (parameter, rules): (&'static str, &[String]),
) -> Result<(), Problem> {
    let titles = api.titles(&reading.tenant.id, reading.lang);
    for rule in rules.iter().filter(|rule| !titles.has(rule)) {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &reading.tenant.id);
        clauses.bind_number("rows", 1);
        clauses.order(NEWEST.order);
        clauses.text("rule = {rule:String}", "rule", rule);
        reading.cutoffs().add_to(&mut clauses);
        reading.bind_hidden(&mut clauses);
        if api.store().rows::<ViolationRow>(VIOLATIONS, clauses).await?.is_empty() {
            return Err(ParamError::bad(parameter, format!("there is no rule {rule:?}")).into());
        }
    }
    Ok(())
}

/// Get a violation
///
/// What was found, of whom, by which version of which rule, and whether it was reviewed.
#[utoipa::path(
    get,
    path = "/v1/violations/{id}",
    tag = "violations",
    operation_id = "getViolation",
    params(
        ("id" = String, Path, description = "Id of the violation"),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of titles; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The violation", body = Item<Violation>, example = json!(crate::violations::examples::one_violation())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Localized<Item<Violation>>, Problem> {
    let lang = reading.lang;
    let row = find(api.store(), &mut reading, &id).await?;
    let titles = api.titles(&reading.tenant.id, lang);
    Ok(Localized(lang, Item { data: show(row, &titles), completeness: reading.completeness }))
}

/// The violation of an id.
pub(crate) async fn find(store: &Store, reading: &mut ReadRequest, id: &str) -> Result<ViolationRow, Problem> {
    let mut clauses = reading.one()?;
    clauses.order(NEWEST.order);
    clauses.text("violation_id = {violation_id:String}", "violation_id", id);
    reading.cutoffs().add_to(&mut clauses);
    reading.bind_hidden(&mut clauses);
    let rows: Vec<ViolationRow> = store.rows(VIOLATIONS, clauses).await?;
    let missing = || reading.completeness.not_found("there is no such violation, or not yet, or no longer");
    let row = rows.into_iter().next().ok_or_else(missing)?;
    reading.reaches(row.first_at.unwrap_or(row.window_at))?;
    Ok(row)
}

pub(crate) fn show(row: ViolationRow, titles: &Titles) -> Violation {
    let title = titles.of(&row.rule);
    Violation::new(row, title)
}
