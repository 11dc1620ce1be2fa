//! The OpenAPI document: generated from the handlers, completed here with what all of them share.

pub(crate) mod closed;
pub mod examples;
pub(crate) mod formats;
pub(crate) mod headers;

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi};

use runtime::problem::Problem;

/// Parameters of a period.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what PeriodSpec takes")]
pub struct PeriodParams {
    /// `today`, `yesterday`, `this_week`, `last_week`, `this_month`, `last_month`, `last_30_days`, `last_90_days` or
    /// `custom`, in the tenant's time zone and with its first day of the week.
    #[param(example = "this_week")]
    period: Option<String>,
    /// First instant (RFC 3339) or first local date.
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// First instant outside (RFC 3339) or last local date.
    #[param(example = "2026-03-31")]
    to: Option<String>,
}

/// Parameters of a page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the lists take")]
pub struct PageParams {
    /// Most rows of the page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filter, period and order.
    cursor: Option<String>,
    /// Tenant to read; for keys of the platform alone.
    tenant: Option<String>,
    /// `json` (default), or the whole list as a file: `csv`, `ndjson`, `xlsx`, `pdf` or `parquet`, without `limit` and
    /// `cursor`. It goes before `Accept`.
    #[param(example = "json")]
    format: Option<String>,
    /// Between the cells of CSV: `comma` (default), or `semicolon` as spreadsheets take it in languages with a decimal comma;
    /// with it Russian and Czech numbers have one.
    #[param(example = "semicolon")]
    separator: Option<String>,
    /// Language of words: `en`, `ru` or `cs`. It goes before `Accept-Language`. In English, columns are called as in JSON.
    #[param(example = "en")]
    lang: Option<String>,
    /// Zone that a file's times are shown in, a name of the IANA database; the tenant's unless it is given. Periods are the tenant's.
    #[param(example = "Europe/Prague")]
    time_zone: Option<String>,
    /// Columns of a file, in this order, by their names in English; all unless some are given. Lines of NDJSON have none.
    #[param(example = json!(["occurred_at", "text"]))]
    columns: Option<Vec<String>>,
}

/// The format of a report.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what ReadRequest::format takes")]
pub struct FormatParam {
    /// `json` (default), or a file: `csv`, `ndjson`, `xlsx`, `pdf` or `parquet`. It goes before `Accept`.
    #[param(example = "json")]
    format: Option<String>,
    /// Between the cells of CSV: `comma` (default), or `semicolon` as spreadsheets take it in languages with a decimal comma;
    /// with it Russian and Czech numbers have one.
    #[param(example = "semicolon")]
    separator: Option<String>,
    /// Language of words: `en`, `ru` or `cs`. It goes before `Accept-Language`. In English, columns are called as in JSON.
    #[param(example = "en")]
    lang: Option<String>,
    /// Zone that a file's times are shown in, a name of the IANA database; the tenant's unless it is given. Periods are the tenant's.
    #[param(example = "Europe/Prague")]
    time_zone: Option<String>,
}

/// The tenant, for keys that have none.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what Caller::read_tenant takes")]
pub struct TenantParam {
    /// Tenant to read; for keys of the platform alone.
    tenant: Option<String>,
}

/// What any operation may answer instead.
#[derive(IntoResponses)]
pub enum Problems {
    /// A parameter that is unknown or can't be understood; `pointer` names it.
    #[response(status = 400, content_type = "application/problem+json", example = json!(examples::problem(400)))]
    BadRequest(Problem),
    /// No valid key.
    #[response(status = 401, content_type = "application/problem+json", example = json!(examples::problem(401)))]
    Unauthorized(Problem),
    /// The key's role does not suffice.
    #[response(status = 403, content_type = "application/problem+json", example = json!(examples::problem(403)))]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json", example = json!(examples::problem(404)))]
    NotFound(Problem),
    /// Understood, but it can't be done as it stands.
    #[response(status = 422, content_type = "application/problem+json", example = json!(examples::problem(422)))]
    Unprocessable(Problem),
    /// Too many queries; `Retry-After` says how long to wait.
    #[response(status = 429, content_type = "application/problem+json", example = json!(examples::problem(429)))]
    TooMany(Problem),
    /// Try again after `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json", example = json!(examples::problem(503)))]
    Unavailable(Problem),
}

/// What a change may answer instead.
#[derive(IntoResponses)]
pub enum ChangeProblems {
    /// A parameter or a body that can't be understood; `pointer` names it.
    #[response(status = 400, content_type = "application/problem+json", example = json!(examples::problem(400)))]
    BadRequest(Problem),
    /// No valid key.
    #[response(status = 401, content_type = "application/problem+json", example = json!(examples::problem(401)))]
    Unauthorized(Problem),
    /// The key's role does not suffice.
    #[response(status = 403, content_type = "application/problem+json", example = json!(examples::problem(403)))]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json", example = json!(examples::problem(404)))]
    NotFound(Problem),
    /// The body came too slowly.
    #[response(status = 408, content_type = "application/problem+json", example = json!(examples::problem(408)))]
    TooSlow(Problem),
    /// Somebody changed it meanwhile, or it is there already.
    #[response(status = 409, content_type = "application/problem+json", example = json!(examples::problem(409)))]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json", example = json!(examples::problem(413)))]
    TooLarge(Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json", example = json!(examples::problem(415)))]
    MediaType(Problem),
    /// A value that can't be; `pointer` leads to it.
    #[response(status = 422, content_type = "application/problem+json", example = json!(examples::problem(422)))]
    Unprocessable(Problem),
    /// Too many queries; `Retry-After` says how long to wait.
    #[response(status = 429, content_type = "application/problem+json", example = json!(examples::problem(429)))]
    TooMany(Problem),
    /// Whether the change is in force is not known; read it, and try again after `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json", example = json!(examples::problem(503)))]
    Unavailable(Problem),
}

struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description =
            Some("An API key: `ut_…`, or a token (JWT) of an identity provider of the installation. The tenant and what may be done come from it alone.".to_owned());
        components.security_schemes.insert("key".to_owned(), SecurityScheme::Http(bearer).into());
    }
}

/// What all operations share.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "usertrail",
        description = "Activity log, sign-in monitor and usage statistics for the tenants of a SaaS product."
    ),
    components(schemas(Problem)),
    modifiers(&Shared),
    security(("key" = [])),
    tags(
        (name = "events", description = "The event log"),
        (name = "users", description = "What one user did"),
        (name = "statistics", description = "What a tenant did, in figures"),
        (name = "violations", description = "Broken rules"),
        (name = "access", description = "Device access and exemptions from the checks"),
        (name = "rules", description = "What is checked: shipped rules, shared ones, and the tenant's own"),
        (name = "catalogue", description = "Types of events"),
        (name = "tenants", description = "Tenants; mostly for the platform"),
        (name = "keys", description = "API keys"),
        (name = "alerts", description = "Alert endpoints, silences and deliveries"),
        (name = "settings", description = "Settings of the own tenant"),
    )
)]
pub(crate) struct Document;
