//! What a file says about an export beside its rows: in the head of a PDF, on a sheet of a workbook, in the file's name.

use chrono::{DateTime, Utc};
use schemas::bidi::plain;
use schemas::catalogue::Lang;
use schemas::zone::Zone;

use crate::export::format::{Format, Separator};
use crate::export::table::Word;
use crate::export::{clock, values, words};
use crate::http::params::pieces;
use crate::http::period::Period;
use crate::log::words::of;

/// Parameters that are no filter: they are shown in other ways, or not at all.
const NOT_FILTERS: [&str; 11] =
    ["lang", "separator", "format", "tenant", "limit", "cursor", "period", "from", "to", "columns", "time_zone"];
/// Parameters of one text, whose commas are its own. Any other that has some is a list.
const TEXTS: [&str; 4] = ["changed", "changed_from", "changed_to", "q"];
/// Longest filter in words, bytes.
const MAX_FILTER_BYTES: usize = 2000;

/// What an export is of.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The list or report, as in `user sessions`.
    pub title: String,
    /// Id of the tenant.
    pub tenant_id: String,
    /// Name of the tenant.
    pub tenant: String,
    /// The filter in words; empty: none.
    pub filter: String,
    /// The period; a missing bound is open.
    pub period: Period,
    /// The zone in which times are shown.
    pub zone: Zone,
    /// Names of the columns of a list, in their order; none: all.
    pub columns: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Every event received before this is in it; none: not known.
    pub complete_until: Option<DateTime<Utc>>,
    /// The reader's language.
    pub lang: Lang,
    /// Between the cells of a CSV file.
    pub separator: Separator,
}

impl Heading {
    /// The title in the reader's language.
    #[must_use]
    pub fn title_in_words(&self) -> String {
        words::name(&self.title, self.lang)
    }

    /// The period in words, in the file's zone.
    #[must_use]
    pub fn period_in_words(&self) -> String {
        let say = |texts| of(self.lang, texts);
        let local = |time| clock::shown(self.zone, time, "%Y-%m-%d %H:%M");
        match (self.period.from.map(local), self.period.to.map(local)) {
            (None, None) => say(["all that is kept", "всё, что хранится", "vše, co se uchovává"]).to_owned(),
            (Some(from), None) => format!("{} {from}", say(["from", "с", "od"])),
            (None, Some(to)) => format!("{} {to}", say(["before", "до", "do"])),
            (Some(from), Some(to)) => {
                let ([begin, end], from, to) = ([say(["from", "с", "od"]), say(["to before", "до", "do"])], from, to);
                format!("{begin} {from} {end} {to}")
            }
        }
    }

    /// Returns what the heading says, line by line: a word and what it is about.
    #[must_use]
    pub fn lines(&self) -> [(&'static str, String); 5] {
        let say = |texts| of(self.lang, texts);
        let filter =
            if self.filter.is_empty() { say(["none", "нет", "žádný"]).to_owned() } else { self.filter.clone() };
        let local = |time| clock::shown(self.zone, time, "%Y-%m-%d %H:%M:%S");
        let complete = match self.complete_until {
            None => say(["not known", "неизвестно", "není známo"]).to_owned(),
            Some(until) => format!("{} {}", say(["until", "до", "do"]), local(until)),
        };
        [
            (say(["Tenant", "Организация", "Organizace"]), self.tenant.clone()),
            (say(["Period", "Период", "Období"]), self.period_in_words()),
            (say(["Filter", "Фильтр", "Filtr"]), filter),
            (say(["Created", "Создано", "Vytvořeno"]), format!("{} ({})", local(self.created_at), self.zone.name())),
            (say(["Complete", "Полнота", "Úplné"]), complete),
        ]
    }

    /// Name of the file: letters, digits and dashes alone, whatever the tenant is called; dates in the file's zone, the
    /// last one inside the period.
    #[must_use]
    pub fn file_name(&self, format: Format) -> String {
        let local = |time: DateTime<Utc>| time.with_timezone(&self.zone).format("%Y-%m-%d").to_string();
        let last = self.period.to.map_or(self.created_at, |to| to - chrono::TimeDelta::milliseconds(1));
        // A period that has not begun ends no sooner than it begins.
        let last = last.max(self.period.from.unwrap_or(last));
        let from = self.period.from.map_or_else(String::new, |from| format!("{}--", local(from)));
        format!("{}-{}-{from}{}.{}", safe(&self.tenant_id), safe(&self.title), local(last), format.as_str())
    }
}

fn safe(text: &str) -> String {
    const LONGEST: usize = 60;
    let dashed = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    text.chars().take(LONGEST).map(dashed).collect()
}

/// The parameters of a request that are a filter, each value of a list by itself.
pub(crate) fn filters(given: Vec<(String, String)>) -> Vec<(String, String)> {
    let filters = given.into_iter().filter(|(name, _)| !NOT_FILTERS.contains(&name.as_str()));
    let each = |(name, value): (String, String)| {
        let values = if TEXTS.contains(&name.as_str()) { vec![value] } else { pieces(&value) };
        values.into_iter().map(move |value| (name.clone(), value))
    };
    filters.flat_map(each).collect()
}

/// A filter as people read it: `action: view, export; country: CZ`. `title` knows what some values are called.
pub(crate) fn in_words(
    filters: &[(String, String)],
    lang: Lang,
    title: impl Fn(&str, &str) -> Option<String>,
) -> String {
    let mut rendered = String::new();
    let mut last = "";
    for (name, given) in filters {
        let word = |value: &str| match value {
            "" => Some(words::word(Word::Nothing, lang).to_owned()),
            _ => title(name, value).or_else(|| values::known(values_of(name), value, lang)),
        };
        let shown = word(given).unwrap_or_else(|| given.clone());
        let shown = plain(&shown);
        if name != last {
            // `by` is who did it where a column is called that.
            let known = words::name(if name == "by" { "grouping" } else { name }, lang);
            let between = if rendered.is_empty() { "" } else { "; " };
            rendered.push_str(&format!("{between}{known}: {shown}"));
        } else {
            rendered.push_str(&format!(", {shown}"));
        }
        last = name;
    }
    if rendered.len() > MAX_FILTER_BYTES {
        rendered.truncate(rendered.floor_char_boundary(MAX_FILTER_BYTES));
        rendered.push('…');
    }
    rendered
}

/// What a parameter's values are values of.
fn values_of(parameter: &str) -> &str {
    match parameter {
        "device" | "kind" => "device_kind",
        other => other.strip_prefix("exclude_").unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::timeline::Resolution;

    fn heading(tenant: &str, from: Option<&str>, to: Option<&str>) -> Heading {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        Heading {
            title: "sign-ins".to_owned(),
            tenant_id: tenant.to_owned(),
            tenant: tenant.to_owned(),
            filter: String::new(),
            period: Period { from: from.map(time), to: to.map(time) },
            zone: "Europe/Prague".parse().unwrap(),
            columns: Vec::new(),
            created_at: time("2026-11-22T20:00:00Z"),
            complete_until: None,
            lang: Lang::En,
            separator: Separator::Comma,
        }
    }

    #[test]
    fn a_file_is_named_after_what_is_in_it() {
        let whole = heading("acme", Some("2026-10-31T23:00:00Z"), Some("2026-11-22T23:00:00Z"));
        assert_eq!(whole.file_name(Format::Xlsx), "acme-sign-ins-2026-11-01--2026-11-22.xlsx");
        let hostile = heading("../a\"\r\nb;", None, None);
        assert_eq!(hostile.file_name(Format::Csv), "---a---b--sign-ins-2026-11-22.csv");
    }

    /// P16: every parameter that narrows a file has its word, and its closed values have theirs.
    #[test]
    fn every_filter_has_words() {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi.json");
        let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
        let mut names = std::collections::BTreeSet::new();
        for operation in operations {
            let params: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
            if params.iter().any(|param| param["name"] == "format" && param["in"] == "query") {
                let name = |param: &&serde_json::Value| param["name"].as_str().unwrap().to_owned();
                names.extend(params.iter().filter(|param| param["in"] == "query").map(name));
            }
        }
        names.extend(["user_id", "violation_id", "type", "id"].map(str::to_owned));
        assert!(names.len() > 40, "{names:?}");
        for name in names.iter().filter(|name| !NOT_FILTERS.contains(&name.as_str())) {
            assert!(words::known(name, Lang::Cs).is_some(), "the parameter {name} has no word");
        }
        for (name, value) in [
            ("action", "sign_in_failed"),
            ("actor_kind", "api_key"),
            ("by", "object_type"),
            ("by", "hour"),
            ("by", "day"),
            ("by", "week"),
            ("category", "views"),
            ("class", "other"),
            ("compare", "previous"),
            ("exclude_action", "view"),
            ("exclude_category", "views"),
            ("exclude_class", "other"),
            ("device", "phone"),
            ("distinct", "users"),
            ("figure", "calls.talk_time"),
            ("interval", "week"),
            ("channel", "session"),
            ("kind", "desktop"),
            ("level", "low"),
            ("min_level", "critical"),
            ("module", "usertrail"),
            ("object_type", "ticket"),
            ("order", "desc"),
            ("outcome", "given_up"),
            ("reviewed", "false"),
            ("state", "talk"),
            ("state", "attach"),
            ("violations", "true"),
        ]
        .into_iter()
        .chain(Resolution::names().map(|name| ("resolution", name)))
        {
            assert!(values::known(values_of(name), value, Lang::Ru).is_some(), "{name}={value} has no word");
        }
    }

    #[test]
    fn a_filter_is_told_in_words() {
        let given = [
            ("actor_id", "u1"),
            ("actor_id", "u2,u3"),
            ("format", "csv"),
            ("location", ""),
            ("q", "a,b"),
            ("class", "create,x,delete"),
            ("order", "asc"),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let filters = filters(given);
        let rendered = |lang| in_words(&filters, lang, |_, _| None);
        assert_eq!(
            rendered(Lang::En),
            "actor id: u1, u2, u3; location: (none); words: a,b; class: creation, x, deletion; order: ascending"
        );
        assert_eq!(
            rendered(Lang::Ru),
            "исполнитель: u1, u2, u3; локация: (не указано); слова: a,b; класс: создание, x, удаление; порядок: по возрастанию"
        );
        assert_eq!(
            rendered(Lang::Cs),
            "kdo: u1, u2, u3; pobočka: (neuvedeno); slova: a,b; třída: vytvoření, x, smazání; pořadí: vzestupně"
        );
    }
}
