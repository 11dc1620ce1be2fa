//! Conditions and groups of them, in the ways that applications write them. Pure.
//!
//! A condition is `{"field": …, "operator": …, "value": …}` or `["field", "=", …]`; a group is `{"operator": "AND", "conditions":
//! […]}` or `{"any": […]}`; and either may have other names for the same. Beside these, conditions are read as JsonLogic
//! (`{">": [{"var": "a"}, 3]}`), MongoDB (`{"a": {"$gt": 3}}`, within groups also `{"a": 3}`) and Elasticsearch (`{"range": {"a": {"gte": 3}}}`)
//! have them, and groups as lists with their operator between conditions (`[…, "and", …]`) or before them (`["all", …]`).

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
const OPERANDS: &[&str] = &["value", "values", "val", "is", "operand", "right", "rhs"];
/// Comparisons of conditions that are lists.
const SIGNS: &[&str] = &[
    "=",
    "==",
    "===",
    "!=",
    "!==",
    "<>",
    "<",
    ">",
    "<=",
    ">=",
    "in",
    "not in",
    "is",
    "is not",
    "like",
    "ilike",
    "contains",
    "notcontains",
    "startswith",
    "endswith",
    "between",
    "eq",
    "ne",
    "gt",
    "gte",
    "ge",
    "lt",
    "lte",
    "le",
];
/// Comparisons that are names of fields beside these.
const COMPARED: &[&str] = &["equals", "not", "notin", "nin", "has", "isset", "regex", "options", "mode"];
/// What Elasticsearch has around the lists of a group, and the one of these that is not named after how it joins.
const BOOL: &str = "bool";
const BOOL_AND: &str = "filter";
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
    pub(super) items: Vec<&'a Value>,
}

/// Conditions and groups in a list together with the words that join them.
#[derive(Debug)]
pub(super) struct Sequence<'a> {
    pub(super) words: Vec<&'a str>,
    pub(super) items: Vec<&'a Value>,
    /// Where the first item is, and how far the next one is from it.
    places: (usize, usize),
}

impl<'a> Sequence<'a> {
    /// What stands where there was a sequence, or will be: one condition or group, alone or in a list, or none; beside one
    /// condition, a list of several.
    pub(super) fn of_list(value: &'a Value, most: usize) -> Option<Self> {
        let items = match value {
            Value::Array(items) if condition(value).is_none() && items.len() <= most => items.iter().collect(),
            value => vec![value],
        };
        let all = items.iter().all(|item| is_conditional(item));
        all.then_some(Self { words: Vec::new(), items, places: (0, 1) })
    }

    /// The same with other items, or fewer: a single one has its word before it.
    pub(super) fn of(&self, items: Vec<Value>) -> Value {
        let word = |at: usize| self.words.get(at).or(self.words.last()).map(|word| Value::from(*word));
        let before = self.places.0 == 1 || items.len() == 1;
        let mut parts = Vec::with_capacity(items.len() * 2);
        for (at, item) in items.into_iter().enumerate() {
            parts.extend(if before { word(0).filter(|_| at == 0) } else { at.checked_sub(1).and_then(word) });
            parts.push(item);
        }
        Value::Array(parts)
    }

    /// Where an item is in the list.
    pub(super) fn place(&self, item: usize) -> usize {
        self.places.0 + item * self.places.1
    }

    /// Where a word is.
    pub(super) fn word_place(&self, word: usize) -> usize {
        if self.places.1 == 1 { 0 } else { word * 2 + 1 }
    }

    /// How all of its items are joined, if it is in one way.
    pub(super) fn operator(&self) -> Option<Operator> {
        let first = operator_of(self.words.first()?);
        first.filter(|_| self.words.iter().all(|word| operator_of(word) == first))
    }
}

/// A list as a sequence, if it is one: `[a, "AND", b]` or `["all", a, b]`.
pub(super) fn sequence(value: &Value) -> Option<Sequence<'_>> {
    let Value::Array(parts) = value else { return None };
    let is_word = |part: &&Value| part.as_str().is_some_and(|word| operator_of(word).is_some());
    let is_item = |part: &&Value| part.is_object() || part.is_array();
    let (first, rest) = parts.split_first()?;
    if is_word(&first) && !rest.is_empty() && rest.iter().all(|part| is_item(&part)) {
        return Some(Sequence {
            words: first.as_str().into_iter().collect(),
            items: rest.iter().collect(),
            places: (1, 1),
        });
    }
    let (items, between): (Vec<_>, Vec<_>) = parts.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let items: Vec<&Value> = items.into_iter().map(|(_, item)| item).collect();
    let between: Vec<&Value> = between.into_iter().map(|(_, word)| word).collect();
    let is_one = items.len() == between.len() + 1 && !between.is_empty();
    (is_one && items.iter().all(is_item) && between.iter().all(is_word)).then(|| Sequence {
        words: between.iter().filter_map(|word| word.as_str()).collect(),
        items,
        places: (0, 2),
    })
}

/// A value as a condition, if it is one.
pub(super) fn condition(value: &Value) -> Option<Condition<'_>> {
    if let Value::Array(parts) = value {
        let [field @ Value::String(_), comparison @ Value::String(sign), operand] = parts.as_slice() else {
            return None;
        };
        let of = |field, comparison| Condition {
            field: Cow::Borrowed(field),
            comparison: Some(Cow::Borrowed(comparison)),
            operand: Some(operand),
        };
        let is_sign = |word: &str| SIGNS.iter().any(|known| known.eq_ignore_ascii_case(word));
        return match field.as_str() {
            _ if is_sign(sign) => Some(of(field, comparison)),
            // `["==", "a", 1]`.
            Some(before) if is_sign(before) => Some(of(comparison, field)),
            _ => None,
        };
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

/// What stands in a group as a condition, if it is one: there a field with what it is equal to is one, too, or with several comparisons.
pub(super) fn within_group(value: &Value) -> Option<Condition<'_>> {
    if let Some(condition) = condition(value) {
        return Some(condition);
    }
    let (name, within) = only(value)?;
    let is_other = operator_of(name).is_some() || name.starts_with('$') || is_list(name);
    let compares = |word: &String| word.starts_with(['$', '_']) || is_one_of(SIGNS, word) || is_one_of(COMPARED, word);
    let is_compared = match within {
        Value::Object(comparisons) => comparisons.keys().all(compares),
        // `{"<": [1, {"var": "a"}, 5]}`.
        _ => SIGNS.contains(&name),
    };
    if is_other || within.is_object() && !is_compared {
        return None;
    }
    let text = |text: &str| Cow::Owned(Value::String(text.to_owned()));
    let comparison = (!is_compared).then(|| text("="));
    Some(Condition { field: text(name), comparison, operand: Some(within) })
}

/// A condition whose comparison or field is a name: that of its only field.
fn keyed(value: &Value) -> Option<Condition<'_>> {
    let (name, within) = only(value)?;
    let text = |text: &str| Cow::Owned(Value::String(text.to_owned()));
    match within {
        // JsonLogic.
        Value::Array(parts) if SIGNS.contains(&name) => {
            let [one, other] = parts.as_slice() else { return None };
            let variable = |part| only(part).filter(|(name, _)| *name == "var").map(|(_, field)| field);
            let field_first = variable(one).map(|field| (field, other));
            let (field, operand) = field_first.or_else(|| Some((variable(other)?, one)))?;
            Some(Condition { field: Cow::Borrowed(field), comparison: Some(text(name)), operand: Some(operand) })
        }
        Value::Object(_) if name == "exists" => {
            let ("field", field) = only(within)? else { return None };
            Some(Condition { field: Cow::Borrowed(field), comparison: Some(text(name)), operand: None })
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
pub(super) fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut fields = value.as_object()?.iter();
    let (name, value) = fields.next()?;
    fields.next().is_none().then_some((name.as_str(), value))
}

/// The lists of a value that is a group; none for anything else.
pub(super) fn group(value: &Value) -> Vec<Group<'_>> {
    if let Some(sequence) = sequence(value) {
        // Its items are joined in several ways: it can't be shown as one group with one operator.
        let operator = sequence.operator();
        return operator.map(|_| Group { operator, items: sequence.items }).into_iter().collect();
    }
    let Value::Object(fields) = value else { return Vec::new() };
    if let Some((BOOL, Value::Object(lists))) = only(value) {
        let joined = |name: &str| if name == BOOL_AND { Some(Operator::And) } else { operator_of(name) };
        let lists = lists.iter().filter_map(|(name, value)| Some((joined(name)?, items(name, value)?)));
        return lists.map(|(operator, items)| Group { operator: Some(operator), items }).collect();
    }
    if condition(value).is_some() {
        return Vec::new();
    }
    // Its name first: whatever else is in the record isn't looked through, however deep it is.
    let by_operator = fields.iter().filter_map(|(name, value)| Some((operator_of(name)?, items(name, value)?)));
    let by_operator: Vec<Group<'_>> =
        by_operator.map(|(operator, items)| Group { operator: Some(operator), items }).collect();
    if !by_operator.is_empty() {
        return by_operator;
    }
    let operator = fields.iter().find_map(|(name, value)| operator(name, value));
    let known = |name: &str| is_one_of(LISTS, name) || operator.is_some() && is_one_of(LISTS_OF_GROUPS, name);
    let lists = fields.iter().filter(|(name, _)| known(name)).filter_map(|(name, value)| items(name, value));
    let groups: Vec<_> = lists.map(|items| Group { operator, items }).collect();
    // Without an operator, something that has conditions among else (a step, a rule) is not a group of them.
    let whole = operator.is_some() || fields.len() == 1;
    if whole { groups } else { Vec::new() }
}

/// The list's name of a group that has its operator for that; `keys` lead to the group.
pub(super) fn by_operator<'f>(fields: &'f Map, keys: &[String]) -> Option<&'f str> {
    let in_bool = keys.last().is_some_and(|key| key == BOOL);
    let joins = |name: &str| operator_of(name).is_some() || in_bool && name == BOOL_AND;
    let mut names = fields.iter().filter(|(name, list)| joins(name) && items(name, list).is_some());
    names.next().map(|(name, _)| name.as_str()).filter(|_| names.next().is_none())
}

/// How many negations of one thing are around a value: `["!", a]` and `{"not": [a]}` have one.
pub(super) fn negations(mut value: &Value) -> usize {
    let mut depth = 0;
    while let Some(within) = negated(value) {
        (value, depth) = (within, depth + 1);
    }
    depth
}

/// What a value says doesn't hold, if it says that of one thing and nothing else.
fn negated(value: &Value) -> Option<&Value> {
    if sequence(value).is_none() {
        let (name, within) = only(value)?;
        let (name, _) = if name == BOOL { only(within)? } else { (name, within) };
        is_negation(name).then_some(())?;
    }
    let groups = group(value);
    let [Group { operator: Some(Operator::Not), items }] = groups.as_slice() else { return None };
    let [within] = items.as_slice() else { return None };
    Some(within)
}

/// Whether two groups are written alike but for the word that joins them: as lists, or as lists under their operators.
pub(super) fn are_joined_alike(old: &Value, new: &Value) -> bool {
    let listed = |value: &Value| {
        let under = only(value).is_some_and(|(_, list)| list.is_array() && !is_conditional(list));
        (sequence(value).is_some(), under)
    };
    let items = |value| Some(group(value).into_iter().next()?.items);
    let (before, after) = (listed(old), listed(new));
    before == after && before != (false, false) && items(old) == items(new)
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

/// Whether these keys lead to a list that holds conditions: by its own name, or because its name is how they are joined.
pub(super) fn holds_conditions(keys: &[String]) -> bool {
    let Some((name, before)) = keys.split_last() else { return false };
    is_list(name) || operator_of(name).is_some() || name == BOOL_AND && before.last().is_some_and(|name| name == BOOL)
}

/// Whether a list of this name, or what alone stands under it, is what must not hold.
pub(super) fn is_negation(name: &str) -> bool {
    operator_of(name) == Some(Operator::Not)
}

fn items<'a>(name: &str, value: &'a Value) -> Option<Vec<&'a Value>> {
    match value {
        // `{"not": ["!", …]}` is one item, `{"not": […]}` are several.
        Value::Array(_) if condition(value).is_some() || sequence(value).is_some() => Some(vec![value]),
        Value::Array(items) => Some(items.iter().collect()),
        // `{"not": {…}}`.
        value => (is_conditional(value) || is_negation(name) && within_group(value).is_some()).then(|| vec![value]),
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
            assert_eq!((found[0].operator, found[0].items.as_slice()), (operator, [&a].as_slice()), "{group}");
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
