//! What is asked for, as parsed and checked from the query string.

use schemas::event::{Category, Class};

use crate::http::params::{ParamError, Params};
use crate::http::period::{PeriodSpec, Width};
use crate::log::countries::COUNTRIES;
use crate::log::filter::{device_kinds, words};
use crate::statistics::view::Dimension;
use crate::store::sql::Clauses;

/// Most dimensions at once.
const MAX_DIMENSIONS: usize = 2;
/// Most groups that are named.
const MAX_TOP: u32 = 100;
const DEFAULT_TOP: u32 = 10;

/// What is counted distinct, beside the events.
pub(crate) const DISTINCT: &[&str] = &["devices", "users"];
/// What a period is shown beside.
pub(crate) const COMPARED: &[&str] = &["previous"];
/// Widths of the series' buckets.
pub(crate) const INTERVALS: &[&str] = &["minute", "hour", "day", "week", "month"];

/// Parameters that narrow, and their conditions; the columns have the same names in all tables that know them.
const FILTERS: [(&str, &str); 9] = [
    ("user", "actor_id IN {user:Array(String)}"),
    ("action", "action IN {action:Array(String)}"),
    ("object_type", "object_type IN {object_type:Array(String)}"),
    ("channel", "channel IN {channel:Array(String)}"),
    ("device", "device_kind IN {device:Array(String)}"),
    ("country", "country IN {country:Array(String)}"),
    ("location", "location IN {location:Array(String)}"),
    ("class", "class IN {class:Array(String)}"),
    ("category", "category IN {category:Array(String)}"),
];

/// One filter that was given.
#[derive(Debug)]
struct Filter {
    name: &'static str,
    condition: &'static str,
    values: Vec<String>,
}

/// A request for statistics.
#[derive(Debug)]
pub(super) struct StatisticsRequest {
    pub(super) period: PeriodSpec,
    pub(super) by: Vec<Dimension>,
    pub(super) interval: Option<Width>,
    pub(super) top: u32,
    pub(super) users: bool,
    pub(super) devices: bool,
    pub(super) compare: bool,
    filters: Vec<Filter>,
}

impl StatisticsRequest {
    /// Takes all parameters.
    pub(super) fn take(params: &mut Params) -> Result<Self, ParamError> {
        let period = PeriodSpec::take(params)?;
        let by = params.list_of("by", &words(&Dimension::ALL, Dimension::as_str))?;
        if by.len() > MAX_DIMENSIONS {
            return Err(ParamError::bad("by", format!("at most {MAX_DIMENSIONS} dimensions go together")));
        }
        let distinct = params.list_of("distinct", DISTINCT)?;
        let has = |name: &str| distinct.iter().any(|thing| thing == name);
        Ok(Self {
            by: Dimension::ALL.into_iter().filter(|known| by.iter().any(|name| name == known.as_str())).collect(),
            interval: interval(params)?,
            top: params.number("top", 1, MAX_TOP)?.unwrap_or(DEFAULT_TOP),
            users: has("users"),
            devices: has("devices"),
            compare: params.one_of("compare", COMPARED)?.is_some(),
            filters: filters(params)?,
            period,
        })
    }

    /// Adds the conditions.
    pub(super) fn add_to(&self, clauses: &mut Clauses) {
        for Filter { name, condition, values } in &self.filters {
            clauses.texts(condition, name, values);
        }
    }

    /// Returns whether an answer would show what single users did.
    pub(super) fn tells_users_apart(&self) -> bool {
        self.by.contains(&Dimension::User) || self.filters_by("user")
    }

    /// Whether a parameter narrows.
    pub(super) fn filters_by(&self, name: &str) -> bool {
        self.filters.iter().any(|filter| filter.name == name)
    }
}

fn interval(params: &mut Params) -> Result<Option<Width>, ParamError> {
    let name = params.one_of("interval", INTERVALS)?;
    Ok(name.as_deref().map(|name| match name {
        "minute" => Width::Minute,
        "hour" => Width::Hour,
        "day" => Width::Day,
        "week" => Width::Week,
        _ => Width::Month,
    }))
}

fn filters(params: &mut Params) -> Result<Vec<Filter>, ParamError> {
    let mut filters = Vec::new();
    for (name, condition) in FILTERS {
        let values = match name {
            "class" => params.list_of(name, &words(Class::ALL, Class::as_str))?,
            "category" => params.list_of(name, &words(Category::ALL, Category::as_str))?,
            "device" => device_kinds(params, name)?,
            "country" => params.codes_or_empty(name, COUNTRIES)?,
            "location" => params.list_or_empty(name)?,
            _ => params.ids_or_empty(name)?,
        };
        if !values.is_empty() {
            filters.push(Filter { name, condition, values });
        }
    }
    Ok(filters)
}
