//! How often values occur.

use std::collections::{BTreeMap, HashMap};

use runtime::problem::Problem;
use schemas::settings::Permission;

use crate::export::table::Word;
use crate::export::{values, words};
use crate::http::page::ReadRequest;
use crate::log::summary::rows::{FacetRow, LOG_FACETS, LOG_RULES, RuleRow};
use crate::log::summary::view::{Facet, FacetValue, Facets, Total};
use crate::log::type_names;
use crate::state::QueryApi;
use crate::store::sql::Clauses;
use crate::users::list::names;

/// What values may be counted of.
pub(crate) const FACETS: &[&str] =
    &["class", "action", "type", "object_type", "actor", "location", "outcome", "country", "module", "rule"];
/// Facets that are columns: the column, and the column as a set by itself.
const COLUMNS: [(&str, &str, &str); 9] = [
    ("class", "class", "(class)"),
    ("action", "action", "(action)"),
    ("type", "type", "(type)"),
    ("object_type", "object_type", "(object_type)"),
    ("actor", "actor_id", "(actor_id)"),
    ("location", "location", "(location)"),
    ("outcome", "outcome", "(outcome)"),
    ("country", "country", "(country)"),
    ("module", "module", "(module)"),
];
/// The rules that an event broke: not a column, for an event may have broken several.
const RULE: &str = "rule";

/// Most events whose values are counted.
const MOST: u32 = 2_000_000;
/// Most values of a facet.
const MAX_TOP: u32 = 100;
const DEFAULT_TOP: u32 = 20;

/// What is asked for, as far as the caller may know it.
#[derive(Debug)]
pub(super) struct FacetRequest {
    names: Vec<String>,
    top: u32,
}

impl FacetRequest {
    /// Takes `facets` and `top`.
    pub(super) fn take(reading: &mut ReadRequest) -> Result<Self, Problem> {
        let mut names = reading.params.list_of("facets", FACETS)?;
        let top = reading.params.number("top", 1, MAX_TOP)?.unwrap_or(DEFAULT_TOP);
        names.retain(|name| match name.as_str() {
            "actor" => reading.may(Permission::TraceUsers),
            RULE => reading.may(Permission::SeeViolations),
            _ => true,
        });
        Ok(Self { names, top })
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// Counts the values of events of some conditions, of which there are so many in all.
pub(super) async fn count(
    api: &QueryApi,
    reading: &ReadRequest,
    clauses: &Clauses,
    (asked, total): (&FacetRequest, Total),
) -> Result<Facets, Problem> {
    let mut clauses = clauses.clone();
    clauses.bind_number("most", MOST);
    clauses.bind_number("rows", asked.top + 1);
    let mut found: BTreeMap<&str, Facet> = BTreeMap::new();
    let columns: Vec<_> = COLUMNS.into_iter().filter(|(name, ..)| asked.has(name)).collect();
    if !columns.is_empty() {
        let mut clauses = clauses.clone();
        let named = columns.iter().map(|(_, column, _)| *column).collect::<Vec<_>>();
        let sets = columns.iter().map(|(.., set)| *set).collect::<Vec<_>>();
        clauses.part("/* columns */", named.join(", "));
        clauses.part("/* sets */", sets.join(", "));
        // One row more: that of all events.
        let rows: Vec<FacetRow> = api.store().rows(LOG_FACETS, clauses).await?;
        let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
        found = counted(&rows, &names, asked.top);
    }
    if asked.has(RULE) {
        let rows: Vec<RuleRow> = api.store().rows(LOG_RULES, clauses).await?;
        let values = rows.into_iter().map(|row| (row.value, row.events)).collect();
        found.insert(RULE, facet(values, asked.top, total.exact && total.value < u64::from(MOST)));
    }
    label(api, reading, &mut found).await?;
    let mut of = |name: &str| found.remove(name);
    Ok(Facets {
        class: of("class"),
        action: of("action"),
        event_type: of("type"),
        object_type: of("object_type"),
        actor: of("actor"),
        location: of("location"),
        outcome: of("outcome"),
        country: of("country"),
        module: of("module"),
        rule: of(RULE),
    })
}

/// Rows by the facet that they are about: the one whose bit, of the first the highest, is not set.
fn counted<'a>(rows: &[FacetRow], names: &[&'a str], top: u32) -> BTreeMap<&'a str, Facet> {
    let all = names.iter().fold(0, |bits: u16, _| (bits << 1) | 1);
    let looked_at = rows.iter().find(|row| row.grouped == all).map_or(0, |row| row.events);
    let exact = looked_at < u64::from(MOST);
    let of = |(at, name): (usize, &&'a str)| {
        let grouped = all & !(1 << (names.len() - 1 - at));
        let rows = rows.iter().filter(|row| row.grouped == grouped);
        (*name, facet(rows.map(|row| (row.value.clone(), row.events)).collect(), top, exact))
    };
    names.iter().enumerate().map(of).collect()
}

fn facet(mut values: Vec<(String, u64)>, top: u32, exact: bool) -> Facet {
    let more = values.len() > top as usize;
    values.truncate(top as usize);
    let values = values.into_iter().map(|(value, count)| FacetValue { value, label: None, count }).collect();
    Facet { values, exact, more }
}

/// Says what values are called.
async fn label(api: &QueryApi, reading: &ReadRequest, found: &mut BTreeMap<&str, Facet>) -> Result<(), Problem> {
    let lang = reading.lang;
    let actors = found.get("actor").map(|facet| facet.values.iter().map(|value| value.value.clone()).collect());
    let actors: HashMap<String, String> = match actors {
        Some(ids) => names(api.store(), reading, ids).await?,
        None => HashMap::new(),
    };
    let titles = api.titles(&reading.tenant.id, lang);
    let catalogue = api.catalogue().with_tenant_types(&reading.tenant.event_types);
    for (name, facet) in found {
        for FacetValue { value, label, .. } in &mut facet.values {
            *label = match *name {
                _ if value.is_empty() => Some(words::word(Word::Nothing, lang).to_owned()),
                "actor" => actors.get(value.as_str()).cloned(),
                "type" => Some(type_names::name(&catalogue, value, lang).into_owned()),
                RULE => Some(titles.of(value)),
                "location" | "country" => None,
                _ => Some(values::label(name, value, lang)),
            };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(grouped: u16, value: &str, events: u64) -> FacetRow {
        FacetRow { grouped, value: value.to_owned(), events }
    }

    #[test]
    fn rows_are_of_the_facet_whose_bit_is_not_set() {
        let rows = [row(0b01, "create", 3), row(0b01, "change", 2), row(0b10, "view", 5), row(0b11, "", 5)];
        let found = counted(&rows, &["class", "action"], 1);
        let values =
            |name: &str| -> Vec<&str> { found[name].values.iter().map(|value| value.value.as_str()).collect() };
        assert_eq!((values("class"), found["class"].more), (vec!["create"], true));
        assert_eq!((values("action"), found["action"].more), (vec!["view"], false));
        assert!(found["class"].exact);
    }

    /// T15: what is beyond the bound is at least so much.
    #[test]
    fn more_than_is_counted_is_at_least_so_much() {
        let most = u64::from(MOST);
        assert!(!counted(&[row(0b1, "", most)], &["class"], 1)["class"].exact);
        assert!(counted(&[row(0b1, "", most - 1)], &["class"], 1)["class"].exact);
        assert!(counted(&[], &["class"], 1)["class"].exact);
    }

    #[test]
    fn every_facet_has_a_column() {
        let columns = COLUMNS.map(|(name, column, set)| {
            assert_eq!(set, format!("({column})"));
            name
        });
        assert_eq!(FACETS, [&columns[..], &[RULE]].concat());
    }
}
