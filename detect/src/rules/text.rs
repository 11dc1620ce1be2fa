//! The text of a rule: YAML documents, our attributes beside Sigma's, and limits put in where the text names them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rsigma_parser::{CorrelationRule, SigmaRule, Timespan, parse_sigma_yaml};
use schemas::catalogue::Lang;
use schemas::violation::Action;
use serde::{Deserialize, Serialize};
use yaml_serde::{Mapping, Value};

use super::problem::RuleProblem;
use super::{Words, bounded, nesting};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A number in a rule that a tenant may choose. All of it is whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitSpec {
    /// Unique in its set: `devices_per_day`.
    pub name: Arc<str>,
    /// The rule that asks for it.
    pub rule: Arc<str>,
    /// In force where a tenant chose nothing.
    pub default: f64,
    /// The least that a tenant may choose.
    pub min: f64,
    /// The most that a tenant may choose.
    pub max: f64,
    /// What it counts: `devices`, `km/h`.
    pub unit: Arc<str>,
}

/// What a text holds.
pub(super) struct Text {
    pub(super) rules: Vec<(SigmaRule, Attributes)>,
    pub(super) correlations: Vec<(CorrelationRule, Attributes)>,
    pub(super) limits: Vec<LimitSpec>,
    /// Of the first of the limits, the number in force.
    pub(super) limit: Option<f64>,
}

/// The attributes of a document that are ours. `action` has another meaning between Sigma's documents, so they are taken
/// out before Sigma's parser sees them.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) seen: Option<Arc<str>>,
    pub(super) action: Option<Action>,
    pub(super) window_ms: Option<i64>,
    pub(super) translations: Arc<BTreeMap<Lang, Words>>,
    has_limits: bool,
}

impl Attributes {
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_none()
            && self.action.is_none()
            && self.window_ms.is_none()
            && self.translations.is_empty()
            && !self.has_limits
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitText {
    default: u32,
    min: u32,
    max: u32,
    unit: Arc<str>,
}

/// What a rule's text calls it, in a language if it has it. Nothing else of the text is read, and nothing compiled.
#[must_use]
pub fn title_of(yaml: &str, lang: Lang) -> Option<String> {
    let documents = bounded::documents(yaml).ok()?;
    let own = documents.iter().find(|document| document.contains_key("correlation")).or(documents.first())?;
    let words = own.get("translations").and_then(|languages| languages.get(lang.as_str()));
    words.and_then(|words| words.get("title")).or_else(|| own.get("title"))?.as_str().map(str::to_owned)
}

/// Reads the text of the rule `name`; `chosen` are limits that a tenant chose.
pub(super) fn read(name: &str, yaml: &str, chosen: &BTreeMap<String, f64>) -> Result<Text, RuleProblem> {
    let mut text = Text { rules: Vec::new(), correlations: Vec::new(), limits: Vec::new(), limit: None };
    let mut documents = Vec::new();
    for mut document in bounded::documents(yaml)? {
        if nesting::is_excessive(&document) {
            return Err(RuleProblem::Nesting);
        }
        let attributes = attributes(&mut document, name, &mut text.limits)?;
        documents.push((document, attributes));
    }
    let in_force: BTreeMap<&str, f64> =
        text.limits.iter().map(|limit| (&*limit.name, limit.in_force(chosen.get(&*limit.name).copied()))).collect();
    text.limit = text.limits.first().and_then(|limit| in_force.get(&*limit.name).copied());
    for (mut document, attributes) in documents {
        document.values_mut().try_for_each(|value| substitute(value, &in_force))?;
        let sigma = yaml_serde::to_string(&document).map_err(|error| RuleProblem::Parts(error.to_string()))?;
        let parsed = parse_sigma_yaml(&sigma)?;
        if !parsed.errors.is_empty() {
            return Err(RuleProblem::Parts(parsed.errors.join("; ")));
        }
        match (parsed.rules.into_iter().next(), parsed.correlations.into_iter().next()) {
            (Some(rule), _) => text.rules.push((rule, attributes)),
            (None, Some(correlation)) => text.correlations.push((correlation, attributes)),
            (None, None) => return Err(RuleProblem::Parts("filters are not for this log".to_owned())),
        }
    }
    Ok(text)
}

/// Takes our attributes out of a document.
fn attributes(document: &mut Mapping, rule: &str, limits: &mut Vec<LimitSpec>) -> Result<Attributes, RuleProblem> {
    let mut attributes = Attributes::default();
    if let Some(value) = document.remove("limits") {
        attributes.has_limits = true;
        limits.extend(limits_of(value, rule)?);
    }
    if let Some(value) = document.remove("seen") {
        let field = value.as_str().ok_or(RuleProblem::Attribute("seen", "a field"))?;
        attributes.seen = Some(super::fields::known_field(field)?.into());
    }
    if let Some(value) = document.remove("action") {
        let action = yaml_serde::from_value(value).map_err(|_| RuleProblem::Attribute("action", "flag, block or ask"));
        attributes.action = Some(action?);
    }
    if let Some(value) = document.remove("group") {
        let window = value.as_str().and_then(window_ms);
        attributes.window_ms = Some(window.ok_or(RuleProblem::Attribute("group", "a part of a day (15m, 1h) or 1d"))?);
    }
    if let Some(value) = document.remove("translations") {
        let wanted = "languages (en, ru, cs), each with a `title` and, maybe, a `description`";
        let words = yaml_serde::from_value(value).map_err(|_| RuleProblem::Attribute("translations", wanted))?;
        attributes.translations = Arc::new(words);
    }
    Ok(attributes)
}

/// A window that a whole number of goes into a day, so that no window lies in two days.
fn window_ms(text: &str) -> Option<i64> {
    let ms = i64::try_from(Timespan::parse(text).ok()?.seconds).ok()?.checked_mul(1000)?;
    (ms > 0 && DAY_MS % ms == 0).then_some(ms)
}

impl Attributes {
    /// How long findings of one user are one violation, milliseconds.
    pub(super) fn window_ms(&self) -> i64 {
        self.window_ms.unwrap_or(HOUR_MS)
    }
}

fn limits_of(value: Value, rule: &str) -> Result<Vec<LimitSpec>, RuleProblem> {
    const WANTED: RuleProblem = RuleProblem::Attribute(
        "limits",
        "names (a-z, 0-9, _) with whole numbers `min` <= `default` <= `max`, and a `unit`",
    );
    let Value::Mapping(entries) = value else { return Err(WANTED) };
    entries
        .into_iter()
        .map(|(name, limit)| {
            let name = name.as_str().filter(|name| is_name(name)).ok_or(WANTED)?;
            let limit: LimitText = yaml_serde::from_value(limit).map_err(|_| WANTED)?;
            if limit.min > limit.default || limit.default > limit.max {
                return Err(WANTED);
            }
            let [default, min, max] = [limit.default, limit.min, limit.max].map(f64::from);
            Ok(LimitSpec { name: name.into(), rule: rule.into(), default, min, max, unit: limit.unit })
        })
        .collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl LimitSpec {
    /// The number in force where a tenant chose `chosen`: whole, and in range.
    #[must_use]
    pub fn in_force(&self, chosen: Option<f64>) -> f64 {
        chosen
            .filter(|chosen| chosen.is_finite())
            .map_or(self.default, |chosen| chosen.round().clamp(self.min, self.max))
    }
}

/// Puts numbers in the place of `'%name%'`.
fn substitute(value: &mut Value, limits: &BTreeMap<&str, f64>) -> Result<(), RuleProblem> {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('%').and_then(|text| text.strip_suffix('%')).filter(|name| is_name(name));
            if let Some(name) = name {
                let limit = limits.get(name).ok_or_else(|| RuleProblem::NoLimit(name.to_owned()))?;
                *value = Value::from(*limit as u64);
            }
            Ok(())
        }
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| substitute(item, limits)),
        Value::Mapping(entries) => entries.values_mut().try_for_each(|entry| substitute(entry, limits)),
        Value::Tagged(tagged) => substitute(&mut tagged.value, limits),
        _ => Ok(()),
    }
}
