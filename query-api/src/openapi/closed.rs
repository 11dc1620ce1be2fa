//! Closed sets of values, put into the document of each operation that takes one of them: the sets that the parsers check by.

use schemas::event::{ActorKind, Category, Class, Outcome};
use schemas::settings::RETENTION_DAYS;
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Object, Schema};
use utoipa::openapi::{OpenApi, RefOr};

use crate::export::format::{self, Separator};
use crate::http::language::LANGUAGES;
use crate::http::page;
use crate::http::period::PRESETS;
use crate::log::countries::COUNTRIES;
use crate::log::events;
use crate::log::filter::{DEVICE_KINDS, words};
use crate::log::summary::facets::FACETS;
use crate::statistics::tenant::asked::{COMPARED, DISTINCT, INTERVALS};
use crate::statistics::user::WIDTHS;
use crate::statistics::view::Dimension;
use crate::trace::figures;
use crate::trace::timeline::{EXTENTS, Resolution};
use crate::users::order::SORTS;
use crate::violations::filter::LEVELS;

/// Names the values of each parameter that takes no others.
pub(crate) fn enumerate(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let Operation { operation_id: Some(id), parameters: Some(parameters), .. } = operation else { continue };
            for parameter in parameters {
                let RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, schema: Some(schema), .. }) =
                    parameter
                else {
                    continue;
                };
                if let (Some(values), Some(of_each)) = (values(id, name), of_each(schema)) {
                    of_each.enum_values = Some(values);
                }
            }
        }
    }
}

/// What a parameter of an operation may be, if that is a closed set.
fn values(operation: &str, name: &str) -> Option<Vec<Value>> {
    let known = match (operation, name) {
        ("previewRetention", "all" | "sign_ins" | "changes" | "views" | "configuration" | "other") => {
            return Some(RETENTION_DAYS.iter().map(|days| Value::from(*days)).collect());
        }
        (_, "actor_kind") => words(ActorKind::ALL, ActorKind::as_str),
        ("getStatistics", "by") => words(&Dimension::ALL, Dimension::as_str),
        (_, "by") => WIDTHS.to_vec(),
        (_, "category" | "exclude_category") => words(Category::ALL, Category::as_str),
        (_, "class" | "exclude_class") => words(Class::ALL, Class::as_str),
        (_, "compare") => COMPARED.to_vec(),
        // The empty one asks for events without a country.
        (_, "country") => [&[""], COUNTRIES].concat(),
        (_, "device" | "kind") => DEVICE_KINDS.to_vec(),
        (_, "distinct") => DISTINCT.to_vec(),
        (_, "facets") => FACETS.to_vec(),
        (_, "figure") => figures::names(),
        (_, "format") => format::NAMES.to_vec(),
        (_, "interval") => INTERVALS.to_vec(),
        (_, "lang") => LANGUAGES.to_vec(),
        (_, "level" | "min_level") => LEVELS.to_vec(),
        ("listEvents", "order") => events::ORDERS.to_vec(),
        (_, "order") => page::ORDERS.to_vec(),
        ("listAlertDeliveries", "outcome") => crate::alerts::deliveries::OUTCOMES.to_vec(),
        (_, "outcome") => words(Outcome::ALL, Outcome::as_str),
        ("getUserTimeline", "period") => EXTENTS.to_vec(),
        (_, "period") => PRESETS.to_vec(),
        (_, "resolution") => Resolution::names().to_vec(),
        (_, "sort") => SORTS.to_vec(),
        (_, "separator") => Separator::NAMES.to_vec(),
        _ => return None,
    };
    Some(known.into_iter().map(Value::from).collect())
}

/// The schema of one value of a parameter.
fn of_each(schema: &mut RefOr<Schema>) -> Option<&mut Object> {
    match schema {
        RefOr::T(Schema::Object(one)) => Some(one),
        RefOr::T(Schema::Array(list)) => match &mut list.items {
            ArrayItems::RefOrSchema(items) => of_each(items),
            ArrayItems::False => None,
        },
        _ => None,
    }
}
