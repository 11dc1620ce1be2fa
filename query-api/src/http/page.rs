//! What all lists share: how a page is asked for, where the next one begins, and what is said beside its rows.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use clickhouse::{RowOwned, RowRead};
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::settings::{Feature, Features, Permission, Tenant};
use schemas::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::read_log::Shown;
use crate::export::format::{self, Format, Separator};
use crate::export::heading::{self, Heading};
use crate::export::table::Tabular;
use crate::export::{self, Export, Rows};
use crate::http::answer::{Completeness, PeriodView};
use crate::http::caller::{Caller, feature_of};
use crate::http::cursor::{Binding, Position};
use crate::http::language::{Localized, language};
use crate::http::params::Params;
use crate::http::period::{self, Period, PeriodSpec, Preset};
use crate::log::filter::EventFilter;
use crate::log::type_names;
use crate::state::QueryApi;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery};
use crate::tenants::plan;

/// Orders by time.
pub(crate) const ORDERS: &[&str] = &["desc", "asc"];
/// Rows of a page when its size isn't asked for.
const DEFAULT_ROWS: u32 = 100;

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// In the order that was asked for.
    pub data: Vec<T>,
    /// Whether there is more now.
    pub has_more: bool,
    /// For the next page, with the same filter and order. Where a list can be followed by receipt it is always there: ask
    /// again later.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The period as it was understood.
    pub period: PeriodView,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A read as it begins: of whom, as of when.
pub struct ReadRequest {
    api: QueryApi,
    pub(crate) caller: Caller,
    pub(crate) tenant: Arc<Tenant>,
    /// What its plan allows.
    features: Features,
    pub(crate) params: Params,
    pub(crate) now: DateTime<Utc>,
    pub(crate) completeness: Completeness,
    /// Where the look-back of the tenant's plan begins. No answer shows what was before it.
    pub(crate) earliest: Option<DateTime<Utc>>,
    /// The period where none is asked for.
    default: Option<Preset>,
    /// The reader's language: the one that `lang=` names, or else `Accept-Language` asks for, or else the tenant's first.
    pub(crate) lang: Lang,
    separator: Separator,
    /// The zone that a file's times are shown in, where it is not the tenant's.
    zone: Option<Zone>,
    /// The columns that a file is to have; none: all.
    columns: Vec<String>,
    /// Whether a list without a period has what was last seen before the look-back, too.
    is_of_all: bool,
    /// What was asked for, to be shown in the heading of an export.
    given: Vec<(String, String)>,
}

impl ReadRequest {
    /// Takes of the query string what all reads have in common, and refuses all of them where the plan has no log: whatever is read
    /// here is what the log holds, or was made of it.
    pub(crate) fn begin(api: QueryApi, caller: Caller, mut params: Params) -> Result<Self, Problem> {
        let given = params.given();
        let tenant = caller.read_tenant(api.settings(), &mut params)?;
        let lang = language(&mut params, &caller, Some(&tenant))?;
        let completeness = Completeness::now(api.freshness());
        let now = Utc::now();
        let features = api.settings().features(&tenant);
        let earliest = features.look_back_days.map(|days| period::last_days(api.calendar(&tenant), now, days));
        let reading = Self {
            api,
            // What the plan doesn't include is closed as by a role that may not read it, in every answer.
            caller: caller.within(&features),
            lang,
            separator: Separator::default(),
            zone: None,
            columns: Vec::new(),
            tenant,
            features,
            params,
            now,
            completeness,
            earliest,
            default: None,
            is_of_all: false,
            given,
        };
        reading.feature(Feature::Log)?;
        Ok(reading)
    }

    /// Takes the period where none is asked for to be this one.
    pub(crate) fn by_default(&mut self, preset: Preset) {
        self.default = Some(preset);
    }

    /// Refuses what is no part of the tenant's plan.
    pub(crate) fn feature(&self, feature: Feature) -> Result<(), Problem> {
        plan::feature(&self.api.settings().plans(), &self.tenant.plan, feature)
    }

    /// Lists what there is, whenever it was last seen, where no period is asked for.
    pub(crate) fn of_all(&mut self) {
        self.is_of_all = true;
    }

    /// Refuses what occurred before the look-back of the plan.
    pub(crate) fn reaches(&self, occurred_at: DateTime<Utc>) -> Result<(), Problem> {
        match self.earliest {
            Some(earliest) if occurred_at < earliest => Err(plan::too_long_ago(&self.tenant.plan, &self.features)),
            _ => Ok(()),
        }
    }

    /// Leaves out what occurred before the look-back of the plan.
    pub(crate) fn look_back(&self, clauses: &mut Clauses) {
        if let Some(earliest) = self.earliest {
            clauses.time("occurred_at >= {look_back:DateTime64(3, 'UTC')}", "look_back", earliest);
        }
    }

    /// A period as it was asked for, or else the default one, as the plan allows it: an open beginning is where the look-back
    /// begins, an earlier one is refused if it was asked for.
    pub(crate) fn allowed(&self, asked: &PeriodSpec) -> Result<(PeriodSpec, Period), Problem> {
        let default = || self.default.map(|preset| preset.or_of(&self.features.periods));
        let spec = if asked.is_empty() { PeriodSpec { preset: default(), ..*asked } } else { *asked };
        let period = spec.resolve(self.api.calendar(&self.tenant), self.now)?;
        if asked.is_empty() {
            let from = if self.is_of_all { period.from } else { period.from.max(self.earliest) };
            return Ok((spec, Period { from, to: period.to }));
        }
        self.checked(&spec, period).map(|period| (spec, period))
    }

    fn checked(&self, spec: &PeriodSpec, period: Period) -> Result<Period, Problem> {
        let (plan, features) = (&self.tenant.plan, &self.features);
        if spec.is_free() && !features.free_dates {
            return Err(plan::named_periods_only(plan, features));
        }
        if spec.preset.is_some_and(|preset| !preset.is_among(&features.periods)) {
            return Err(plan::other_periods_only(plan, features));
        }
        let Some(earliest) = self.earliest else { return Ok(period) };
        if period.from.is_some_and(|from| from < earliest) || period.to.is_some_and(|to| to <= earliest) {
            return Err(plan::too_long_ago(plan, features));
        }
        Ok(Period { from: period.from.or(Some(earliest)), to: period.to })
    }

    /// Takes the period of a read that has no pages.
    pub(crate) fn period(&mut self) -> Result<Period, Problem> {
        let spec = PeriodSpec::take(&mut self.params)?;
        self.allowed(&spec).map(|(_, period)| period)
    }

    /// The conditions of a read of one thing, which takes no more parameters.
    pub(crate) fn one(&mut self) -> Result<Clauses, Problem> {
        std::mem::take(&mut self.params).finish()?;
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.tenant.id);
        clauses.bind_number("rows", 1);
        Ok(clauses)
    }

    /// What the tenant still sees.
    pub(crate) fn cutoffs(&self) -> RetentionCutoffs {
        RetentionCutoffs::at(self.now, &self.tenant.retention)
    }

    /// Narrows a read of events to what the tenant still sees, and the caller may see.
    pub(crate) fn narrow(&self, clauses: &mut Clauses) {
        self.cutoffs().add_to(clauses);
        EventFilter::visible_to(&self.caller, clauses);
    }

    /// Binds what the caller may not count, for queries that name it by themselves.
    pub(crate) fn bind_hidden(&self, clauses: &mut Clauses) {
        self.caller.bind_hidden(clauses);
    }

    /// Refuses whoever has no permission for what a parameter asks for, or whose plan doesn't include it.
    pub(crate) fn takes(&self, permission: Permission, detail: &'static str, pointer: &str) -> Result<(), Problem> {
        if let Some(feature) = feature_of(permission) {
            self.feature(feature)?;
        }
        if self.may(permission) { Ok(()) } else { Err(Problem::forbidden(detail).with_pointer(pointer)) }
    }

    /// Whether the caller has a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }

    /// Takes the format of the answer; none is JSON.
    pub(crate) fn format(&mut self) -> Result<Option<Format>, Problem> {
        let format = export::choose(&mut self.params, self.caller.info().accept())?;
        self.separator = Separator::take(&mut self.params, format)?;
        self.zone = format::zone(&mut self.params, format)?;
        if format.is_some() {
            self.feature(Feature::Exports)?;
        }
        Ok(format)
    }

    /// The export of what `list` names, of a period.
    pub(crate) fn export(&self, format: Format, list: &'static str, period: Period) -> Export {
        let filters = [self.caller.info().named(), &heading::filters(self.given.clone())].concat();
        let title = list.split('/').next().unwrap_or(list);
        let titles = self.api.titles(&self.tenant.id, self.lang);
        let catalogue = self.api.catalogue().with_tenant_types(&self.tenant.event_types);
        let called = |parameter: &str, value: &str| {
            let called = match parameter {
                "rule" | "violations" => titles.of(value),
                "type" | "exclude_type" => type_names::name(&catalogue, value, self.lang).into_owned(),
                _ => return None,
            };
            (called != value).then_some(called)
        };
        Export {
            exports: Arc::clone(self.api.exports()),
            store: self.api.store().clone(),
            audit: Arc::clone(self.api.audit()),
            caller: self.caller.clone(),
            tenant: Arc::clone(&self.tenant),
            format,
            heading: Heading {
                title: title.to_owned(),
                tenant_id: self.tenant.id.clone(),
                tenant: self.tenant.name.clone(),
                filter: heading::in_words(&filters, self.lang, called),
                period,
                zone: self.zone.unwrap_or(self.tenant.time_zone),
                columns: self.columns.clone(),
                created_at: self.now,
                complete_until: self.completeness.complete_until,
                lang: self.lang,
                separator: self.separator,
            },
            list: title,
            filters,
        }
    }

    /// Takes format, size, cursor and period of a page, and refuses what is left. The cursor is bound to `list` and `filter`.
    pub(crate) fn page(self, list: &'static str, filter: &impl Serialize) -> Result<PageRequest, Problem> {
        self.page_of((list, None), filter)
    }

    /// As [`page`](Self::page), where the cursor may be of another list as well, which is then the one that is asked for.
    pub(crate) fn page_of(
        mut self,
        (list, other): (&'static str, Option<&'static str>),
        filter: &impl Serialize,
    ) -> Result<PageRequest, Problem> {
        let format = self.format()?;
        self.columns = format::columns(&mut self.params, format)?;
        let asked = PeriodSpec::take(&mut self.params)?;
        let (spec, allowed) = self.allowed(&asked)?;
        let limit = self.params.number("limit", 1, self.api.max_rows())?;
        let cursor = self.params.one("cursor")?;
        if format.is_some() && (limit.is_some() || cursor.is_some()) {
            let pointer = if limit.is_some() { "limit" } else { "cursor" };
            let detail = "an export has all rows and no pages; leave limit and cursor out";
            return Err(Problem::bad_request("invalid_parameter", detail).with_pointer(pointer));
        }
        std::mem::take(&mut self.params).finish()?;
        let filter = serde_json::to_string(&(filter, &spec)).map_err(Problem::internal)?;
        let open = |list, text: &str| Binding { tenant: &self.tenant.id, list, filter: &filter }.open(text);
        let opened = |text: String| match (open(list, &text), other) {
            (Err(_), Some(other)) => open(other, &text).map(|position| (other, position)),
            (opened, _) => opened.map(|position| (list, position)),
        };
        let after = cursor
            .map(opened)
            .transpose()
            .map_err(|error| Problem::bad_request("invalid_cursor", error.to_string()).with_pointer("cursor"))?;
        let list = after.as_ref().map_or(list, |(list, _)| *list);
        let after = after.map(|(_, position)| position);
        let period = match &after {
            // A cursor outlives its day, and is no way around the plan.
            Some(Position { period, .. }) if self.is_of_all => *period,
            Some(Position { period, .. }) => Period { from: period.from.max(self.earliest), to: period.to },
            None => allowed,
        };
        let as_of = after.as_ref().map_or(self.now, |position| position.as_of);
        let limit = limit.unwrap_or(DEFAULT_ROWS);
        Ok(PageRequest { reading: self, list, filter, spec, period, as_of, format, limit, after })
    }
}

impl FromRequestParts<QueryApi> for ReadRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &QueryApi) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let params = Params::from_request_parts(parts, api).await?;
        Self::begin(api.clone(), caller, params)
    }
}

/// A page, or a whole list, as it was asked for.
pub(crate) struct PageRequest {
    pub(crate) reading: ReadRequest,
    list: &'static str,
    filter: String,
    /// The period as it was asked for, or else the default one.
    pub(crate) spec: PeriodSpec,
    pub(crate) period: Period,
    /// When the first page was asked for.
    pub(crate) as_of: DateTime<Utc>,
    format: Option<Format>,
    limit: u32,
    pub(crate) after: Option<Position>,
}

impl PageRequest {
    /// Returns the conditions that every page has: whose rows, how many (one more than shown, to see whether there is more), and
    /// from where.
    pub(crate) fn clauses(&self, keyset: &Keyset) -> Clauses {
        let most = self.format.map_or(self.limit, |format| self.reading.api.exports().max_rows(format));
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.reading.tenant.id);
        clauses.bind_number("rows", most + 1);
        clauses.order(keyset.order);
        if let Some(position) = &self.after {
            clauses.time(keyset.bound, "after", position.at);
            clauses.text(keyset.tie, "after_id", &position.id);
        }
        clauses
    }

    /// Adds the period of things that last: what overlaps it is inside. The conditions are over `{from}` and `{to}`.
    pub(crate) fn add_period(&self, clauses: &mut Clauses, ends: &'static str, begins: &'static str) {
        if let Some(from) = self.period.from {
            clauses.time(ends, "from", from);
        }
        if let Some(to) = self.period.to {
            clauses.time(begins, "to", to);
        }
    }

    /// Which list is asked for.
    pub(crate) fn list_name(&self) -> &'static str {
        self.list
    }

    /// Where a page ended.
    pub(crate) fn position(&self, at: DateTime<Utc>, id: String) -> Position {
        Position { at, id, period: self.period, as_of: self.as_of }
    }

    /// Cuts the rows to a page; whether there were more.
    pub(crate) fn cut<R>(&self, rows: &mut Vec<R>) -> bool {
        let has_more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        has_more
    }

    /// Runs the statement and answers a page, or the whole list in another format. `view` shows a row, and `key` returns its
    /// place in the order.
    pub(crate) async fn list<R, T>(
        &self,
        query: NamedQuery,
        clauses: Clauses,
        key: impl FnOnce(&R) -> (DateTime<Utc>, Cow<'_, str>),
        view: impl Fn(R) -> T + Send + Sync + 'static,
    ) -> Result<Response, Problem>
    where
        R: RowOwned + RowRead + Send + 'static,
        T: Tabular + Serialize + Send + 'static,
    {
        let all = move |rows: Vec<R>| std::future::ready(Ok(rows.into_iter().map(&view).collect()));
        self.list_with(query, clauses, key, all).await
    }

    /// As [`list`](Self::list), for rows that are shown together with what else has to be asked for.
    pub(crate) async fn list_with<R, T, F>(
        &self,
        query: NamedQuery,
        clauses: Clauses,
        key: impl FnOnce(&R) -> (DateTime<Utc>, Cow<'_, str>),
        show: impl Fn(Vec<R>) -> F + Send + Sync + 'static,
    ) -> Result<Response, Problem>
    where
        R: RowOwned + RowRead + Send + 'static,
        T: Tabular + Serialize + Send + 'static,
        F: Future<Output = Result<Vec<T>, Problem>> + Send,
    {
        if let Some(export) = self.export() {
            return export.rows(query, clauses, show).await;
        }
        let mut rows: Vec<R> = self.reading.api.store().rows(query, clauses).await?;
        let has_more = self.cut(&mut rows);
        let last = rows.last().filter(|_| has_more).map(key);
        let next = last.map(|(at, id)| self.position(at, id.into_owned()));
        let shown = rows.len();
        Ok(self.shown(shown, Localized(self.reading.lang, self.paged(show(rows).await?, has_more, next.as_ref()))))
    }

    /// As [`list`](Self::list), for rows that are all there already, those before the cursor left out.
    pub(crate) async fn answer<R, T>(
        &self,
        mut rows: Vec<R>,
        key: impl FnOnce(&R) -> (DateTime<Utc>, String),
        view: impl FnMut(R) -> T,
    ) -> Result<Response, Problem>
    where
        T: Tabular + Serialize + Send + 'static,
    {
        if let Some(export) = self.export() {
            export.check_columns::<T>()?;
            return export.report(Rows(self.list, rows.into_iter().map(view).collect())).await;
        }
        let has_more = self.cut(&mut rows);
        let last = rows.last().filter(|_| has_more).map(key);
        let next = last.map(|(at, id)| self.position(at, id));
        let shown = rows.len();
        let page = self.paged(rows.into_iter().map(view).collect(), has_more, next.as_ref());
        Ok(self.shown(shown, Localized(self.reading.lang, page)))
    }

    /// Whether a page is asked for, not the whole list as a file.
    pub(crate) fn is_page(&self) -> bool {
        self.format.is_none()
    }

    /// The whole list in another format, if that was asked for.
    pub(crate) fn export(&self) -> Option<Export> {
        self.format.map(|format| self.reading.export(format, self.list, self.period))
    }

    /// An answer, with a note of how many records it shows for whoever records the read.
    pub(crate) fn shown(&self, records: usize, answer: impl IntoResponse) -> Response {
        let mut answer = answer.into_response();
        answer.extensions_mut().insert(Shown { records: records as u64, period: Some(self.period), more: Vec::new() });
        answer
    }

    /// A cursor of a list with the same filter.
    pub(crate) fn cursor(&self, list: &str, position: &Position) -> String {
        Binding { tenant: &self.reading.tenant.id, list, filter: &self.filter }.seal(position)
    }

    /// A page whose next one begins after `next`.
    pub(crate) fn paged<T>(&self, data: Vec<T>, has_more: bool, next: Option<&Position>) -> Page<T> {
        Page {
            data,
            has_more,
            next_cursor: next.map(|position| self.cursor(self.list, position)),
            period: PeriodView { from: self.period.from, to: self.period.to },
            completeness: self.reading.completeness,
        }
    }
}

/// Leaves out violations that have an event before the look-back of a plan, of those that the caller may read; where there is none,
/// those whose window began before.
pub(crate) fn look_back_of_violations(earliest: Option<DateTime<Utc>>, clauses: &mut Clauses) {
    if let Some(earliest) = earliest {
        clauses.time("ifNull(first_at, window_at) >= {look_back:DateTime64(3, 'UTC')}", "look_back", earliest);
    }
}

/// An order by time and id. The bound is over the time alone, in a form that indexes understand; the other condition
/// breaks ties.
#[derive(Debug)]
pub(crate) struct Keyset {
    pub(crate) order: &'static str,
    pub(crate) bound: &'static str,
    pub(crate) tie: &'static str,
}

/// `order=` of lists that go both ways; the newest first unless asked otherwise.
pub(crate) fn ascending(params: &mut Params) -> Result<bool, Problem> {
    Ok(params.one_of("order", ORDERS)?.as_deref() == Some("asc"))
}

/// Makes a [`Keyset`] of the names of two columns and a direction; of events, by the time of a column and by
/// [`EventRow::place`](crate::log::rows::EventRow::place).
macro_rules! keyset {
    ($at:literal, event, newest) => {
        $crate::http::page::keyset!($at, event, " DESC", " <")
    };
    ($at:literal, event, oldest) => {
        $crate::http::page::keyset!($at, event, " ASC", " >")
    };
    ($at:literal, event, $direction:literal, $beyond:literal) => {
        $crate::http::page::Keyset {
            order: concat!(
                $at, $direction, ", event_id", $direction, ", key_id", $direction, ", source", $direction, ", actor_id",
                $direction
            ),
            bound: concat!($at, $beyond, "= {after:DateTime64(3, 'UTC')}"),
            tie: concat!(
                $at,
                $beyond,
                " {after:DateTime64(3, 'UTC')} OR concat(event_id, char(1), key_id, char(1), source, char(1), actor_id)",
                $beyond,
                " {after_id:String}"
            ),
        }
    };
    ($at:literal, $id:literal, newest) => {
        $crate::http::page::keyset!($at, $id, " DESC", " <")
    };
    ($at:literal, $id:literal, oldest) => {
        $crate::http::page::keyset!($at, $id, " ASC", " >")
    };
    ($at:literal, $id:literal, $direction:literal, $beyond:literal) => {
        $crate::http::page::Keyset {
            order: concat!($at, $direction, ", ", $id, $direction),
            bound: concat!($at, $beyond, "= {after:DateTime64(3, 'UTC')}"),
            tie: concat!($at, $beyond, " {after:DateTime64(3, 'UTC')} OR ", $id, $beyond, " {after_id:String}"),
        }
    };
}
pub(crate) use keyset;
