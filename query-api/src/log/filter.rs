//! What an event list can be narrowed to, as parsed and checked from the query string.

pub(crate) mod search;

use schemas::event::{ActorKind, Category, Class, Outcome};
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::params::{ParamError, Params};
use crate::log::countries::COUNTRIES;
use crate::store::sql::Clauses;

/// Filters of `GET /v1/events`. Lists are given with commas, encoded or not, or by repeating the parameter; values of one parameter are
/// alternatives, different parameters must all hold. A parameter of an open set that is empty (`location=`) asks for events without one. Parameters
/// that begin with `exclude_` leave out events that have any of their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Kind of actor.
    #[param(required = false, example = json!(["user"]))]
    pub actor_kind: Vec<String>,
    /// Ids of actors. A comma within an id stands behind a backslash, as in every list. Empty: events without one.
    #[param(required = false)]
    pub actor_id: Vec<String>,
    /// Types of objects. Empty: events without one.
    #[param(required = false)]
    pub object_type: Vec<String>,
    /// Ids of objects. Empty: events without one.
    #[param(required = false)]
    pub object_id: Vec<String>,
    /// Actions (`view`, `create`, `sign_in`, … open set). Empty: events without one.
    #[param(required = false)]
    pub action: Vec<String>,
    /// `create`, `delete`, `change` or `other`.
    #[param(required = false)]
    pub class: Vec<String>,
    /// Event types of the catalogue, or any other that was sent.
    #[param(required = false, rename = "type")]
    #[serde(rename = "type")]
    pub event_type: Vec<String>,
    /// `sign_ins`, `changes`, `views`, `configuration` or `other`.
    #[param(required = false)]
    pub category: Vec<String>,
    /// Modules of the application. Empty: events without one.
    #[param(required = false)]
    pub module: Vec<String>,
    /// Locations (branches, offices). Empty: events without one.
    #[param(required = false)]
    pub location: Vec<String>,
    /// Channels of communication. Empty: events without one.
    #[param(required = false)]
    pub channel: Vec<String>,
    /// `success`, `failure` or `unknown`.
    #[param(required = false)]
    pub outcome: Vec<String>,
    /// Sources, as events name them: parts of the application that number their events by themselves. Empty: events without one.
    #[param(required = false, example = json!(["/shop-a"]))]
    pub source: Vec<String>,
    /// Countries of the addresses, ISO 3166-1 codes, in any case. Empty: events without one.
    #[param(required = false, example = json!(["CZ"]))]
    pub country: Vec<String>,
    /// Ids of devices. Empty: events without one.
    #[param(required = false)]
    pub device_id: Vec<String>,
    /// Sessions, as `context.session_key` has them. Empty: events without one.
    #[param(required = false)]
    pub session_key: Vec<String>,
    /// IPv4 or IPv6 addresses, however they are spelled. Empty: events without one.
    #[param(required = false, example = json!(["198.51.100.7"]))]
    pub ip: Vec<String>,
    /// Words, at most 16, separated by spaces: each must occur, whole or as a part of a word, whatever its case and however its
    /// letters are composed (`ß` is `ss`, `İ` is `i`), in the names and
    /// ids of actor and object, in the reason, in the payload, or in a change's path or value.
    #[param(required = false, value_type = String, example = "invoice 4711")]
    pub q: Vec<String>,
    /// A field that was changed: the path of a change. With `changed_from` and `changed_to` all about the same change.
    #[param(required = false, example = "deadline")]
    pub changed: Option<String>,
    /// The value before the change, as JSON or as the bare text. Values are compared, not spellings: `1.0` is `1`.
    #[param(required = false, example = "AND")]
    pub changed_from: Option<String>,
    /// The value after the change, as JSON or as the bare text; compared as the one before.
    #[param(required = false, example = "OR")]
    pub changed_to: Option<String>,
    /// `true` for events that broke any rule, `false` for those that broke none, or names of rules. Needs the role security.
    #[param(required = false)]
    pub violations: Vec<String>,
    /// Actions that events must not have: `view` is all but views.
    #[param(required = false, example = json!(["view"]))]
    pub exclude_action: Vec<String>,
    /// Classes that events must not have: `create`, `delete`, `change` or `other`.
    #[param(required = false)]
    pub exclude_class: Vec<String>,
    /// Event types that events must not have.
    #[param(required = false)]
    pub exclude_type: Vec<String>,
    /// Categories that events must not have: `sign_ins`, `changes`, `views`, `configuration` or `other`.
    #[param(required = false, example = json!(["views"]))]
    pub exclude_category: Vec<String>,
}

/// Kinds of device, and the common word for one of them.
pub(crate) const DEVICE_KINDS: &[&str] =
    &["desktop", "mobile", "tablet", "tv", "console", "wearable", "bot", "script", "unknown", "phone"];

/// Takes kinds of device by the words that the table has.
pub(crate) fn device_kinds(params: &mut Params, name: &'static str) -> Result<Vec<String>, ParamError> {
    let mut kinds = params.list_of(name, DEVICE_KINDS)?;
    for kind in kinds.iter_mut().filter(|kind| *kind == "phone") {
        "mobile".clone_into(kind);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

impl EventFilter {
    /// Takes all filters from the query string.
    pub fn take(params: &mut Params) -> Result<Self, ParamError> {
        let filter = Self {
            actor_kind: params.list_of("actor_kind", &words(ActorKind::ALL, ActorKind::as_str))?,
            actor_id: params.ids_or_empty("actor_id")?,
            object_type: params.ids_or_empty("object_type")?,
            object_id: params.ids_or_empty("object_id")?,
            action: params.ids_or_empty("action")?,
            class: params.list_of("class", &words(Class::ALL, Class::as_str))?,
            event_type: params.ids("type")?,
            category: params.list_of("category", &words(Category::ALL, Category::as_str))?,
            module: params.ids_or_empty("module")?,
            location: params.list_or_empty("location")?,
            channel: params.ids_or_empty("channel")?,
            outcome: params.list_of("outcome", &words(Outcome::ALL, Outcome::as_str))?,
            source: params.ids_or_empty("source")?,
            country: params.codes_or_empty("country", COUNTRIES)?,
            device_id: params.ids_or_empty("device_id")?,
            session_key: params.ids_or_empty("session_key")?,
            ip: search::addresses(params.list_or_empty("ip")?)?,
            q: search::words(params.one("q")?.as_deref())?,
            changed: params.one("changed")?,
            changed_from: params.one("changed_from")?,
            changed_to: params.one("changed_to")?,
            violations: params.list("violations")?,
            exclude_action: params.ids_or_empty("exclude_action")?,
            exclude_class: params.list_of("exclude_class", &words(Class::ALL, Class::as_str))?,
            exclude_type: params.ids("exclude_type")?,
            exclude_category: params.list_of("exclude_category", &words(Category::ALL, Category::as_str))?,
        };
        if filter.violations.len() > 1 && filter.violations.iter().any(|rule| rule == "true" || rule == "false") {
            return Err(ParamError::bad("violations", "either true, false or names of rules"));
        }
        Ok(filter)
    }

    /// Whether violations are asked for, which takes a role of its own.
    pub fn wants_violations(&self) -> bool {
        !self.violations.is_empty()
    }

    /// The rules that were to be broken, where they are named.
    pub fn rules(&self) -> &[String] {
        match self.violations.as_slice() {
            [word] if word == "true" || word == "false" => &[],
            rules => rules,
        }
    }

    /// Whether changes of the configuration are asked for by name, which takes a permission of its own.
    pub fn wants_configuration(&self) -> bool {
        self.category.iter().any(|category| category == Category::Configuration.as_str())
    }

    /// Whether a page of the log is found by time: by nothing that the projection `by_time` doesn't hold, nor by user or
    /// object, which have quicker ways of their own.
    pub fn is_by_time(&self) -> bool {
        let lists =
            [&self.actor_id, &self.object_id, &self.device_id, &self.session_key, &self.ip, &self.q, &self.violations];
        let change = [&self.changed, &self.changed_from, &self.changed_to];
        lists.into_iter().all(Vec::is_empty) && change.into_iter().all(Option::is_none)
    }

    /// Adds the conditions. Only what was asked for becomes part of the statement, in a form that the primary key and
    /// the skip indexes can use: one actor by equality (the rows of one actor are stored in the order of time, so a page of
    /// them is read in order), several by set.
    pub fn add_to(&self, clauses: &mut Clauses) {
        match self.actor_id.as_slice() {
            [] => {}
            [one] => clauses.text("actor_id = {actor_id:String}", "actor_id", one),
            many => clauses.texts("actor_id IN {actor_id:Array(String)}", "actor_id", many),
        }
        let sets = [
            ("object_type IN {object_type:Array(String)}", "object_type", &self.object_type),
            ("object_id IN {object_id:Array(String)}", "object_id", &self.object_id),
            ("actor_kind IN {actor_kind:Array(String)}", "actor_kind", &self.actor_kind),
            ("action IN {action:Array(String)}", "action", &self.action),
            ("class IN {class:Array(String)}", "class", &self.class),
            ("type IN {type:Array(String)}", "type", &self.event_type),
            ("category IN {category:Array(String)}", "category", &self.category),
            ("module IN {module:Array(String)}", "module", &self.module),
            ("location IN {location:Array(String)}", "location", &self.location),
            ("channel IN {channel:Array(String)}", "channel", &self.channel),
            ("outcome IN {outcome:Array(String)}", "outcome", &self.outcome),
            ("source IN {source:Array(String)}", "source", &self.source),
            ("country IN {country:Array(String)}", "country", &self.country),
            ("device_id IN {device_id:Array(String)}", "device_id", &self.device_id),
            ("session_key IN {session_key:Array(String)}", "session_key", &self.session_key),
            ("action NOT IN {exclude_action:Array(String)}", "exclude_action", &self.exclude_action),
            ("class NOT IN {exclude_class:Array(String)}", "exclude_class", &self.exclude_class),
            ("type NOT IN {exclude_type:Array(String)}", "exclude_type", &self.exclude_type),
            ("category NOT IN {exclude_category:Array(String)}", "exclude_category", &self.exclude_category),
        ];
        for (clause, name, values) in sets {
            if !values.is_empty() {
                clauses.texts(clause, name, values);
            }
        }
        search::add_to(self, clauses);
        match self.violations.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => {}
            ["true"] => clauses.plain("notEmpty(violations)"),
            ["false"] => clauses.plain("empty(violations)"),
            _ => clauses.texts("hasAny(violations, {violations:Array(String)})", "violations", &self.violations),
        }
    }

    /// Leaves out what a caller may not see: what was found or said of violations, and changes of the configuration. The
    /// tables that count events know it under the same name.
    pub fn visible_to(caller: &Caller, clauses: &mut Clauses) {
        if caller.hidden() != 0 {
            clauses.plain("bitAnd(reserved, {hidden:UInt8}) = 0");
            caller.bind_hidden(clauses);
        }
    }
}

/// The words of a closed set.
pub(crate) fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|value| word(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(query: &str) -> Result<EventFilter, ParamError> {
        let mut params = Params::parse(Some(query))?;
        let filter = EventFilter::take(&mut params)?;
        params.finish()?;
        Ok(filter)
    }

    #[test]
    fn spelling_does_not_matter() {
        assert_eq!(parse("type=b&type=a,b").unwrap(), parse("type=a,b").unwrap());
        assert_eq!(parse("country=cz,CZ,de").unwrap(), parse("country=DE,CZ").unwrap());
    }

    #[test]
    fn closed_sets_are_checked() {
        for (query, name) in [
            ("class=destroy", "class"),
            ("actor_kind=robot", "actor_kind"),
            ("outcome=maybe", "outcome"),
            ("category=all", "category"),
            ("exclude_class=view", "exclude_class"),
            ("exclude_category=view", "exclude_category"),
            ("violations=true,new-device", "violations"),
            ("violations=true,false", "violations"),
            ("country=zz", "country"),
            ("country=CZ,Czechia", "country"),
            ("actor_ids=1", "actor_ids"),
            ("ip=256.1.1.1", "ip"),
            ("q=%20%20", "q"),
        ] {
            assert_eq!(parse(query).unwrap_err().parameter(), Some(name), "{query}");
        }
    }

    /// Every documented parameter is one that the parser takes, and the other way round.
    #[test]
    fn documentation_and_parser_agree() {
        let mut documented: Vec<String> =
            EventFilter::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
        for name in &documented {
            let query = format!("{name}=x");
            assert!(!matches!(parse(&query), Err(ParamError::Unknown { .. })), "{name} is documented but not taken");
        }
        let Err(ParamError::Unknown { known, .. }) = parse("nothing=1") else { panic!("taken") };
        let mut taken: Vec<&str> = known.split(", ").collect();
        documented.sort_unstable();
        taken.sort_unstable();
        assert_eq!(documented, taken);
    }

    proptest! {
        #[test]
        fn never_panics(query in "((actor_id|type|class|violations|level|rule|[a-z]{1,3})=[^&]{0,20}&){0,8}") {
            if let Ok(filter) = parse(&query) {
                filter.add_to(&mut Clauses::default());
            }
        }
    }
}
