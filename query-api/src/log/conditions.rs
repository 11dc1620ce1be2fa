//! Conditions and groups of them, in the ways that applications write them. Pure.
//!
//! A condition is `{"field": …, "operator": …, "value": …}` or `["field", "=", …]`; a group is `{"operator": "AND", "conditions":
//! […]}` or `{"any": […]}`; and either may have other names for the same. Beside these, conditions are read as JsonLogic
//! (`{">": [{"var": "a"}, 3]}`), MongoDB (`{"a": {"$gt": 3}}`) and Elasticsearch (`{"range": {"a": {"gte": 3}}}`) have them.

use std::borrow::Cow;

use schemas::json::{Map, Value};

/// What a list of conditions is called.
const LISTS: &[&str] = &[
    "conditions",
    "condition",
    "criteria",
    "filters",
    "rules",
    "clauses",
    "predicates",
    "filtergroups",
    "filterbranches",
    "conditiongroups",
    "rulegroups",
];
/// What it may be called as well, beside an operator.
const LISTS_OF_GROUPS: &[&str] = &[
    "children",
    "items",
    "nodes",
    "operands",
    "expressions",
    "groups",
    "args",
    "terms",
    "filterset",
    "filter",
    "elements",
];
/// What the operator of a group is called.
const OPERATORS: &[&str] = &[
    "operator",
    "op",
    "logic",
    "logicaloperator",
    "match",
    "matchtype",
    "combinator",
    "conjunction",
    "connector",
    "join",
    "condition",
    "type",
    "filtertype",
    "filterbranchtype",
];
/// What a condition is about.
const FIELDS: &[&str] = &["field", "fieldname", "attribute", "property", "propertyname", "fact", "column", "variable"];
/// What it may be about as well, where it says both how it compares and with what.
const FIELDS_BESIDE_BOTH: &[&str] = &["name", "key", "path", "left", "lhs"];
/// How it compares.
const COMPARISONS: &[&str] = &["operator", "op", "comparison", "comparator", "cmp"];
/// With what.
const OPERANDS: &[&str] = &["value", "values", "is", "operand", "right", "rhs"];
/// Comparisons of conditions that are lists.
const SIGNS: &[&str] = &[
    "=", "==", "===", "!=", "!==", "<>", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "like", "ilike",
    "contains",
];
/// Queries of Elasticsearch about one field.
const QUERIES: &[&str] = &[
    "term",
    "terms",
    "match",
    "match_phrase",
    "match_phrase_prefix",
    "range",
    "prefix",
    "wildcard",
    "regexp",
    "fuzzy",
];

/// How a group joins its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Xor,
    Not,
}

/// One condition.
#[derive(Debug, PartialEq)]
pub(super) struct Condition<'a> {
    pub(super) field: Cow<'a, Value>,
    pub(super) comparison: Option<Cow<'a, Value>>,
    pub(super) operand: Option<&'a Value>,
}

/// A list of conditions and groups, with what joins them.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) operator: Option<Operator>,
    pub(super) items: &'a [Value],
}

/// A value as a condition, if it is one.
pub(super) fn condition(value: &Value) -> Option<Condition<'_>> {
    if let Value::Array(parts) = value {
        let [field @ Value::String(_), comparison @ Value::String(sign), operand] = parts.as_slice() else {
            return None;
        };
        let known = SIGNS.iter().any(|known| known.eq_ignore_ascii_case(sign));
        let (field, comparison) = (Cow::Borrowed(field), Some(Cow::Borrowed(comparison)));
        return known.then_some(Condition { field, comparison, operand: Some(operand) });
    }
    if let Some(keyed) = keyed(value) {
        return Some(keyed);
    }
    let (comparison, operand) = (part(value, COMPARISONS), part(value, OPERANDS));
    let beside_both = || comparison.and(operand).and_then(|_| part(value, FIELDS_BESIDE_BOTH));
    let field = Cow::Borrowed(part(value, FIELDS).or_else(beside_both)?);
    let is_one = comparison.is_some() || operand.is_some();
    is_one.then_some(Condition { field, comparison: comparison.map(Cow::Borrowed), operand })
}

/// A condition whose comparison or field is a name: that of its only field.
fn keyed(value: &Value) -> Option<Condition<'_>> {
    let (name, within) = only(value)?;
    let text = |text: &str| Cow::Owned(Value::String(text.to_owned()));
    match within {
        // JsonLogic.
        Value::Array(parts) if SIGNS.contains(&name) => {
            let [variable, operand] = parts.as_slice() else { return None };
            let ("var", field) = only(variable)? else { return None };
            Some(Condition { field: Cow::Borrowed(field), comparison: Some(text(name)), operand: Some(operand) })
        }
        Value::Object(_) if QUERIES.contains(&name) => {
            let (field, operand) = only(within)?;
            Some(Condition { field: text(field), comparison: Some(text(name)), operand: Some(operand) })
        }
        // MongoDB.
        Value::Object(_) => {
            let (comparison, operand) = only(within)?;
            let comparison = comparison.strip_prefix('$').filter(|name| operator_of(name).is_none())?;
            Some(Condition { field: text(name), comparison: Some(text(comparison)), operand: Some(operand) })
        }
        _ => None,
    }
}

/// The only field of a record.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut fields = value.as_object()?.iter();
    let (name, value) = fields.next()?;
    fields.next().is_none().then_some((name.as_str(), value))
}

/// The lists of a value that is a group; none for anything else.
pub(super) fn group(value: &Value) -> Vec<Group<'_>> {
    let Value::Object(fields) = value else { return Vec::new() };
    if condition(value).is_some() {
        return Vec::new();
    }
    let lists = || fields.iter().filter_map(|(name, value)| Some((name.as_str(), items(value)?)));
    let by_operator: Vec<Group<'_>> =
        lists().filter_map(|(name, items)| Some(Group { operator: Some(operator_of(name)?), items })).collect();
    if !by_operator.is_empty() {
        return by_operator;
    }
    let operator = fields.iter().find_map(|(name, value)| operator(name, value));
    let known = |name: &str| is_one_of(LISTS, name) || operator.is_some() && is_one_of(LISTS_OF_GROUPS, name);
    let groups: Vec<_> = lists().filter(|(name, _)| known(name)).map(|(_, items)| Group { operator, items }).collect();
    // Without an operator, something that has conditions among else (a step, a rule) is not a group of them.
    let whole = operator.is_some() || fields.len() == 1;
    if whole { groups } else { Vec::new() }
}

/// The list's name of a group that has its operator for that.
pub(super) fn by_operator(fields: &Map) -> Option<&str> {
    let mut names = fields.iter().filter(|(name, list)| operator_of(name).is_some() && items(list).is_some());
    names.next().map(|(name, _)| name.as_str()).filter(|_| names.next().is_none())
}

/// Whether this is a condition or a group of them.
pub(super) fn is_conditional(value: &Value) -> bool {
    condition(value).is_some() || !group(value).is_empty()
}

/// How a group with this word joins its conditions.
pub(super) fn operator_of(word: &str) -> Option<Operator> {
    Some(match plain(word).as_str() {
        "and" | "all" | "every" | "must" | "&&" | "&" => Operator::And,
        "or" | "any" | "some" | "should" | "either" | "||" | "|" => Operator::Or,
        "xor" => Operator::Xor,
        "not" | "none" | "nor" | "mustnot" | "!" => Operator::Not,
        _ => return None,
    })
}

/// How a group's operator reads, if a field of this name and value is one.
pub(super) fn operator(name: &str, value: &Value) -> Option<Operator> {
    is_one_of(OPERATORS, name).then(|| operator_of(value.as_str()?)).flatten()
}

/// Whether a list of this name holds conditions.
pub(super) fn is_list(name: &str) -> bool {
    is_one_of(LISTS, name)
}

fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        // `{"not": {…}}`.
        value => is_conditional(value).then(|| std::slice::from_ref(value)),
    }
}

fn part<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let fields = value.as_object()?;
    names.iter().find_map(|known| fields.iter().find(|(name, _)| plain(name) == *known).map(|(_, value)| value))
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.contains(&plain(name).as_str())
}

/// A name whatever its case, and however its words are joined.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '_' | '-' | '$' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn conditions_and_groups_are_told_apart() {
        for yes in [
            json!({"field": "a", "op": "is"}),
            json!({"propertyName": "a", "value": null}),
            json!(["a", ">=", 1]),
            json!({"field": "orders", "operator": "any", "conditions": []}),
            json!({"name": "a", "op": "eq", "values": [1]}),
            json!({"left": "a", "operator": ">", "right": 1}),
            json!({">=": [{"var": "a"}, 1]}),
            json!({"a": {"$gt": 1}}),
            json!({"range": {"a": {"gte": 1}}}),
            json!({"term": {"a": "b"}}),
        ] {
            assert!(condition(&yes).is_some() && group(&yes).is_empty(), "{yes}");
        }
        let a = json!({"field": "a", "op": "is"});
        for (group, operator) in [
            (json!({"operator": "AND", "conditions": [a]}), Some(Operator::And)),
            (json!({"condition": "OR", "rules": [a]}), Some(Operator::Or)),
            (json!({"filterBranchType": "OR", "filters": [a]}), Some(Operator::Or)),
            (json!({"op": "any", "children": [a]}), Some(Operator::Or)),
            (json!({"$and": [a]}), Some(Operator::And)),
            (json!({"not": a}), Some(Operator::Not)),
            (json!({"matchType": "ALL", "elements": [a]}), Some(Operator::And)),
            (json!({"!": [a]}), Some(Operator::Not)),
            (json!({"conditions": [a]}), None),
        ] {
            let found = crate::log::conditions::group(&group);
            assert_eq!(found.len(), 1, "{group}");
            assert_eq!((found[0].operator, found[0].items), (operator, [a.clone()].as_slice()), "{group}");
        }
        for neither in [
            json!({"field": "a"}),
            json!({"name": "W", "conditions": [a]}),
            json!({"name": "W", "value": 1}),
            json!({"a": {"b": 1}}),
            json!({"a": {"$gt": 1, "$lt": 5}}),
            json!({">": [1, 2]}),
            json!({"term": 12}),
            json!(["a", "b", "c"]),
            json!(1),
        ] {
            assert!(!is_conditional(&neither), "{neither}");
        }
    }
}
