//! From YAML texts to compiled rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rsigma_eval::{CompiledRule, RuleFieldSet, compile_rule};
use rsigma_parser::{CorrelationRule, Detection, DetectionItem, Modifier, SigmaCollection, SigmaRule};
use schemas::violation::Action;

use super::cost::Cost;
use super::problem::{RuleError, RuleProblem};
use super::text::{self, Attributes, LimitSpec, Text};
use super::{FIELDS, Level, Rule, addresses};
use crate::correlate::{self, Base, Correlation};

/// Fields of one change, as the blocks of `changes[any]` name them.
const CHANGE_FIELDS: &[&str] = &["path", "op", "old", "new"];

/// Who wrote a rule. Each origin has a budget of its own, so that none can take another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the program.
    Shipped,
    /// The platform wrote it, for all tenants.
    Shared,
    /// The tenant wrote it.
    Own,
}

/// The text of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The rule's name.
    pub name: &'a str,
    /// Sigma.
    pub yaml: &'a str,
    /// Who wrote it.
    pub origin: Origin,
}

/// What a set is made of.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) rules: Vec<Rule>,
    pub(super) correlations: Vec<Correlation>,
    pub(super) limits: Vec<LimitSpec>,
    names: HashSet<Arc<str>>,
    uuids: HashSet<Arc<str>>,
    costs: [Cost; 3],
}

impl Loaded {
    /// Adds a rule, whole or not at all.
    pub(super) fn add(&mut self, source: Source<'_>, limits: &BTreeMap<String, f64>) -> Result<(), RuleError> {
        let before = (self.rules.len(), self.correlations.len(), self.limits.len(), self.costs);
        self.try_add(source, limits).map_err(|problem| {
            for rule in self.rules.drain(before.0..) {
                self.names.remove(&rule.name);
                self.uuids.remove(&rule.uuid);
            }
            self.correlations.truncate(before.1);
            self.limits.truncate(before.2);
            self.costs = before.3;
            RuleError { source_name: source.name.to_owned(), problem }
        })
    }

    fn try_add(&mut self, source: Source<'_>, limits: &BTreeMap<String, f64>) -> Result<(), RuleProblem> {
        let name = source.name;
        let cost = &mut self.costs[source.origin as usize];
        cost.add_text(source.yaml)?;
        let Text { rules, mut correlations, limits, limit } = text::read(name, source.yaml, limits)?;
        rules.iter().try_for_each(|(sigma, _)| cost.add_detection(sigma))?;
        correlations.iter().try_for_each(|_| cost.add_correlation())?;
        if let Some(limit) = limits.iter().find(|limit| self.limits.iter().any(|known| known.name == limit.name)) {
            return Err(RuleProblem::LimitTwice(limit.name.to_string()));
        }
        self.limits.extend(limits);
        match (correlations.pop(), rules.len()) {
            (None, 1) => {
                for (sigma, attributes) in &rules {
                    self.push(detection(name, sigma, attributes, limit)?)?;
                }
                Ok(())
            }
            (Some((sigma, attributes)), 1..) if correlations.is_empty() => {
                self.correlation(Rule { limit, ..correlation(name, &sigma, &attributes)? }, &sigma, &rules)
            }
            (found, count) => Err(RuleProblem::Count(count, correlations.len() + usize::from(found.is_some()))),
        }
    }

    fn correlation(
        &mut self,
        rule: Rule,
        sigma: &CorrelationRule,
        parts: &[(SigmaRule, Attributes)],
    ) -> Result<(), RuleProblem> {
        let at = u16::try_from(self.correlations.len()).map_err(|_| RuleProblem::TooMany)?;
        let own = self.push(rule.clone())?;
        let mut bases = Vec::new();
        for (part, attributes) in parts {
            let base = Rule { correlation: Some(at), ..base(&rule, part, attributes, !sigma.generate)? };
            let name = part.name.clone().unwrap_or_default();
            bases.push(Base { rule: self.push(base)?, name, id: part.id.clone() });
        }
        self.correlations.push(correlate::compile(sigma, own, &bases)?);
        Ok(())
    }

    /// Its index.
    fn push(&mut self, rule: Rule) -> Result<u16, RuleProblem> {
        let at = u16::try_from(self.rules.len()).ok().filter(|at| *at < u16::MAX).ok_or(RuleProblem::TooMany)?;
        if self.names.contains(&rule.name) {
            return Err(RuleProblem::Twice("name"));
        }
        if self.uuids.contains(&rule.uuid) {
            return Err(RuleProblem::Twice("id"));
        }
        self.names.insert(Arc::clone(&rule.name));
        if !rule.uuid.is_empty() {
            self.uuids.insert(Arc::clone(&rule.uuid));
        }
        self.rules.push(rule);
        Ok(at)
    }
}

/// Whether a rule compares a field by `gt`.
fn asks_for_more(sigma: &SigmaRule, field: &str) -> bool {
    any_item(sigma, &|item| item.field.name.as_deref() == Some(field) && item.field.modifiers.contains(&Modifier::Gt))
}

/// Whether a rule compares a field with a number.
fn compares(sigma: &SigmaRule) -> bool {
    let compares =
        |modifier: &Modifier| matches!(modifier, Modifier::Gt | Modifier::Gte | Modifier::Lt | Modifier::Lte);
    any_item(sigma, &|item| item.field.modifiers.iter().any(compares))
}

fn any_item(sigma: &SigmaRule, is: &dyn Fn(&DetectionItem) -> bool) -> bool {
    fn within(detection: &Detection, is: &dyn Fn(&DetectionItem) -> bool) -> bool {
        match detection {
            Detection::AllOf(items) => items.iter().any(is),
            Detection::AnyOf(parts) | Detection::And(parts) => parts.iter().any(|part| within(part, is)),
            Detection::Keywords(_) => false,
            Detection::ArrayMatch { body, .. } => within(body, is),
            Detection::Conditional { named, .. } => named.values().any(|part| within(part, is)),
        }
    }
    sigma.detection.named.values().any(|detection| within(detection, is))
}

fn detection(name: &str, sigma: &SigmaRule, own: &Attributes, limit: Option<f64>) -> Result<Rule, RuleProblem> {
    Ok(Rule {
        name: name.into(),
        uuid: uuid(sigma.id.as_deref())?,
        title: sigma.title.as_str().into(),
        description: sigma.description.as_deref().unwrap_or_default().trim().into(),
        translations: Arc::clone(&own.translations),
        level: level(sigma.level)?,
        version: version(&sigma.custom_attributes)?,
        tags: sigma.tags.as_slice().into(),
        action: own.action.unwrap_or_default(),
        window_ms: own.window_ms(),
        seen_field: own.seen.clone(),
        limit,
        more_than_limit: own.seen.as_deref().is_some_and(|seen| asks_for_more(sigma, seen)),
        compares: compares(sigma),
        hidden: false,
        correlation: None,
        compiled: Some(compiled(sigma)?),
    })
}

fn correlation(name: &str, sigma: &CorrelationRule, own: &Attributes) -> Result<Rule, RuleProblem> {
    if own.seen.is_some() {
        return Err(RuleProblem::Attribute("seen", "for detections: a correlation sees what it counts"));
    }
    Ok(Rule {
        name: name.into(),
        uuid: uuid(sigma.id.as_deref())?,
        title: sigma.title.as_str().into(),
        description: sigma.description.as_deref().unwrap_or_default().trim().into(),
        translations: Arc::clone(&own.translations),
        level: level(sigma.level)?,
        version: version(&sigma.custom_attributes)?,
        tags: sigma.tags.as_slice().into(),
        action: own.action.unwrap_or_default(),
        window_ms: own.window_ms(),
        seen_field: None,
        limit: None,
        more_than_limit: false,
        compares: false,
        hidden: false,
        correlation: None,
        compiled: None,
    })
}

/// A base rule: what it doesn't say itself is the correlation's.
fn base(of: &Rule, sigma: &SigmaRule, own: &Attributes, hidden: bool) -> Result<Rule, RuleProblem> {
    if !own.is_empty() {
        return Err(RuleProblem::Correlation(
            "`limits`, `seen`, `action`, `group` and `translations` are the correlation's",
        ));
    }
    let name = sigma.name.as_deref().ok_or(RuleProblem::Attribute("name", "in a base rule"))?;
    Ok(Rule {
        name: format!("{}/{name}", of.name).into(),
        uuid: sigma.id.as_deref().unwrap_or_default().into(),
        title: sigma.title.as_str().into(),
        description: sigma.description.as_deref().unwrap_or_default().trim().into(),
        translations: Arc::default(),
        level: sigma.level.map_or(Ok(of.level), |own| level(Some(own)))?,
        tags: sigma.tags.as_slice().into(),
        action: Action::Flag,
        limit: None,
        more_than_limit: false,
        compares: compares(sigma),
        hidden,
        compiled: Some(compiled(sigma)?),
        ..of.clone()
    })
}

fn compiled(sigma: &SigmaRule) -> Result<CompiledRule, RuleProblem> {
    check_fields(sigma)?;
    if sigma.logsource.product.as_deref() != Some("usertrail") {
        return Err(RuleProblem::Attribute("logsource.product", "`usertrail`"));
    }
    let mut sigma = sigma.clone();
    addresses::in_one_form(&mut sigma);
    Ok(compile_rule(&sigma)?)
}

fn uuid(id: Option<&str>) -> Result<Arc<str>, RuleProblem> {
    id.filter(|id| !id.is_empty()).map(Into::into).ok_or(RuleProblem::Attribute("id", "a UUID"))
}

fn level(level: Option<rsigma_parser::Level>) -> Result<Level, RuleProblem> {
    use rsigma_parser::Level as Sigma;
    Ok(match level {
        Some(Sigma::Informational) => Level::Informational,
        Some(Sigma::Low) => Level::Low,
        Some(Sigma::Medium) => Level::Medium,
        Some(Sigma::High) => Level::High,
        Some(Sigma::Critical) => Level::Critical,
        None => return Err(RuleProblem::Attribute("level", "one of Sigma's levels")),
    })
}

fn version(attributes: &HashMap<String, yaml_serde::Value>) -> Result<u32, RuleProblem> {
    attributes
        .get("version")
        .and_then(|value| value.as_u64())
        .and_then(|value| u32::try_from(value).ok())
        .filter(|version| *version > 0)
        .ok_or(RuleProblem::Attribute("version", "a number from 1"))
}

fn check_fields(sigma: &SigmaRule) -> Result<(), RuleProblem> {
    let mut collection = SigmaCollection::new();
    collection.rules.push(sigma.clone());
    // Inside `changes[any]` fields are those of a change; nowhere else.
    let in_change = sigma.detection.named.values().any(has_array_block);
    let used = RuleFieldSet::collect(&collection, &[], true);
    let known = |name: &str| FIELDS.contains(&name) || (in_change && CHANGE_FIELDS.contains(&name));
    match used.names().find(|name| !known(name)) {
        Some(name) => Err(RuleProblem::Field(name.to_owned())),
        None => Ok(()),
    }
}

fn has_array_block(detection: &Detection) -> bool {
    match detection {
        Detection::ArrayMatch { .. } => true,
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter().any(has_array_block),
        Detection::Conditional { named, .. } => named.values().any(has_array_block),
        Detection::AllOf(_) | Detection::Keywords(_) => false,
    }
}
