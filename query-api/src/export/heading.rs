//! What is told about an export beside its rows: in the head of a PDF, on a sheet of a workbook, in the file's name.

use chrono::{DateTime, Utc};
use schemas::catalogue::Lang;
use schemas::zone::Zone;

use crate::export::format::{Format, Separator};
use crate::export::{clock, words};
use crate::http::period::Period;
use crate::log::words::of;

/// Parameters that are no filter: they are told in other ways, or not at all.
const NOT_FILTERS: [&str; 9] = ["lang", "separator", "format", "tenant", "limit", "cursor", "period", "from", "to"];
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
    /// The tenant's zone, in which times are shown.
    pub zone: Zone,
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

    /// The period in words, in the tenant's zone.
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

    /// What there is to tell, line by line: a word and what it is about.
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

    /// Name of the file: letters, digits and dashes alone, whatever the tenant is called; dates in the tenant's zone, the
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

/// The parameters of a request that are a filter.
pub(crate) fn filters(given: Vec<(String, String)>) -> Vec<(String, String)> {
    given.into_iter().filter(|(name, _)| !NOT_FILTERS.contains(&name.as_str())).collect()
}

/// A filter as people read it: `action: view, export; country: CZ`.
pub(crate) fn in_words(filters: &[(String, String)]) -> String {
    let mut words = String::new();
    let mut last = "";
    for (name, value) in filters {
        match (words.is_empty(), name == last) {
            (true, _) => words.push_str(&format!("{}: {value}", name.replace('_', " "))),
            (false, true) => words.push_str(&format!(", {value}")),
            (false, false) => words.push_str(&format!("; {}: {value}", name.replace('_', " "))),
        }
        last = name;
    }
    if words.len() > MAX_FILTER_BYTES {
        words.truncate(words.floor_char_boundary(MAX_FILTER_BYTES));
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(tenant: &str, from: Option<&str>, to: Option<&str>) -> Heading {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        Heading {
            title: "sign-ins".to_owned(),
            tenant_id: tenant.to_owned(),
            tenant: tenant.to_owned(),
            filter: String::new(),
            period: Period { from: from.map(time), to: to.map(time) },
            zone: "Europe/Prague".parse().unwrap(),
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

    #[test]
    fn a_filter_is_told_in_words() {
        let given = [("actor_id", "u1"), ("actor_id", "u2"), ("format", "csv"), ("order", "asc")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(in_words(&filters(given)), "actor id: u1, u2; order: asc");
    }
}
