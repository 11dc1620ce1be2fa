//! From YAML texts to compiled rules.

use std::collections::HashSet;
use std::sync::Arc;

use rsigma_eval::{EvalError, RuleFieldSet, compile_rule};
use rsigma_parser::{Detection, SigmaCollection, SigmaParserError, SigmaRule, parse_sigma_yaml};

use super::{FIELDS, Level, Rule};

/// Fields of one change, as the blocks of `changes[any]` name them.
const CHANGE_FIELDS: &[&str] = &["path", "op", "old", "new"];

/// A rule that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("rule {source_name}: {problem}")]
pub struct RuleError {
    /// Which text: the name that came with it.
    pub source_name: String,
    /// What is wrong with it.
    #[source]
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum RuleProblem {
    /// Not Sigma, or not YAML.
    #[error("not a Sigma rule: {0}")]
    Syntax(#[from] SigmaParserError),
    /// Parts of the text that the parser passed over.
    #[error("not a Sigma rule: {0}")]
    Parts(String),
    /// A condition that is too long or nests too deep to be read safely.
    #[error("the condition is too long or nests too deep")]
    Nesting,
    /// There has to be exactly one detection rule in a text.
    #[error("{0} detection rules in one text, expected one (and no correlations or filters)")]
    Count(usize),
    /// The detection doesn't compile.
    #[error("the detection does not compile: {0}")]
    Detection(#[from] EvalError),
    /// An attribute is missing or has an impossible value.
    #[error("`{0}` is missing or not {1}")]
    Attribute(&'static str, &'static str),
    /// The rule asks for a field that no event has.
    #[error("no event has a field `{0}`")]
    Field(String),
    /// Two rules have one name or one id.
    #[error("another rule has the same {0}")]
    Twice(&'static str),
    /// More rules than a match can number.
    #[error("more than {} rules", u16::MAX)]
    TooMany,
}

pub(super) fn load<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Vec<Rule>, RuleError> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut names = HashSet::new();
    let mut uuids = HashSet::new();
    for (name, yaml) in sources {
        let checked = rule(name, yaml).and_then(|rule| {
            if !names.insert(Arc::clone(&rule.name)) {
                return Err(RuleProblem::Twice("name"));
            }
            if !uuids.insert(Arc::clone(&rule.uuid)) {
                return Err(RuleProblem::Twice("id"));
            }
            if rules.len() >= usize::from(u16::MAX) {
                return Err(RuleProblem::TooMany);
            }
            Ok(rule)
        });
        rules.push(checked.map_err(|problem| RuleError { source_name: name.to_owned(), problem })?);
    }
    Ok(rules)
}

fn rule(name: &str, yaml: &str) -> Result<Rule, RuleProblem> {
    if super::nesting::is_excessive(yaml) {
        return Err(RuleProblem::Nesting);
    }
    let collection = parse_sigma_yaml(yaml)?;
    if !collection.errors.is_empty() {
        return Err(RuleProblem::Parts(collection.errors.join("; ")));
    }
    let [sigma] = collection.rules.as_slice() else {
        return Err(RuleProblem::Count(collection.rules.len()));
    };
    if !collection.correlations.is_empty() || !collection.filters.is_empty() {
        return Err(RuleProblem::Count(1));
    }
    check_fields(&collection, sigma)?;
    if sigma.logsource.product.as_deref() != Some("usertrail") {
        return Err(RuleProblem::Attribute("logsource.product", "`usertrail`"));
    }
    let uuid = sigma.id.as_deref().ok_or(RuleProblem::Attribute("id", "a UUID"))?;
    Ok(Rule {
        name: name.into(),
        uuid: uuid.into(),
        title: sigma.title.as_str().into(),
        description: sigma.description.as_deref().unwrap_or("").trim().into(),
        level: level(sigma)?,
        version: version(sigma)?,
        tags: sigma.tags.as_slice().into(),
        compiled: compile_rule(sigma)?,
    })
}

fn level(sigma: &SigmaRule) -> Result<Level, RuleProblem> {
    use rsigma_parser::Level as Sigma;
    Ok(match sigma.level {
        Some(Sigma::Informational) => Level::Informational,
        Some(Sigma::Low) => Level::Low,
        Some(Sigma::Medium) => Level::Medium,
        Some(Sigma::High) => Level::High,
        Some(Sigma::Critical) => Level::Critical,
        None => return Err(RuleProblem::Attribute("level", "one of Sigma's levels")),
    })
}

fn version(sigma: &SigmaRule) -> Result<u32, RuleProblem> {
    sigma
        .custom_attributes
        .get("version")
        .and_then(|value| value.as_u64())
        .and_then(|value| u32::try_from(value).ok())
        .filter(|version| *version > 0)
        .ok_or(RuleProblem::Attribute("version", "a number from 1"))
}

fn check_fields(collection: &SigmaCollection, sigma: &SigmaRule) -> Result<(), RuleProblem> {
    // Inside `changes[any]` fields are those of a change; nowhere else.
    let in_change = sigma.detection.named.values().any(has_array_block);
    let used = RuleFieldSet::collect(collection, &[], true);
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
