//! What rules cost together. Each text is bounded by itself (see [`super::bounded`]); a tenant's rules are also bounded as a
//! whole, because they are compiled together, kept together, and looked at for every event of the tenant.

use regex_automata::nfa::thompson;
use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule, SigmaValue};

use super::problem::RuleProblem;

/// Most rules of one origin, base rules of correlations included.
const MAX_RULES: usize = 500;
/// Most correlations of one origin.
const MAX_CORRELATIONS: usize = 50;
/// Most bytes that the texts of one origin have together.
const MAX_TEXT_BYTES: usize = 512 * 1024;
/// Most values that the detections of one origin compare with.
const MAX_VALUES: usize = 10_000;
/// Most bytes that the regular expressions of one origin take once compiled: a few bytes of text can stand for megabytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;
/// What a byte of a value with wildcards takes: rsigma makes a regular expression of it.
const WILDCARD_BYTES: usize = 128;

/// What the rules of one origin cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    rules: usize,
    correlations: usize,
    text: usize,
    values: usize,
    patterns: usize,
}

impl Cost {
    /// Adds a text, which is not parsed yet.
    pub(super) fn add_text(&mut self, yaml: &str) -> Result<(), RuleProblem> {
        spend(&mut self.text, yaml.len(), MAX_TEXT_BYTES, "bytes of text")
    }

    /// Adds a correlation.
    pub(super) fn add_correlation(&mut self) -> Result<(), RuleProblem> {
        spend(&mut self.correlations, 1, MAX_CORRELATIONS, "correlations")
    }

    /// Adds a detection before it is compiled.
    pub(super) fn add_detection(&mut self, sigma: &SigmaRule) -> Result<(), RuleProblem> {
        spend(&mut self.rules, 1, MAX_RULES, "rules")?;
        sigma.detection.named.values().try_for_each(|detection| self.add(detection))
    }

    fn add(&mut self, detection: &Detection) -> Result<(), RuleProblem> {
        match detection {
            Detection::AllOf(items) => items.iter().try_for_each(|item| self.add_item(item)),
            Detection::AnyOf(parts) | Detection::And(parts) => parts.iter().try_for_each(|part| self.add(part)),
            Detection::Keywords(values) => self.add_values(values, &[]),
            Detection::ArrayMatch { body, .. } => self.add(body),
            Detection::Conditional { named, .. } => named.values().try_for_each(|part| self.add(part)),
        }
    }

    fn add_item(&mut self, item: &DetectionItem) -> Result<(), RuleProblem> {
        self.add_values(&item.values, &item.field.modifiers)
    }

    fn add_values(&mut self, values: &[SigmaValue], modifiers: &[Modifier]) -> Result<(), RuleProblem> {
        spend(&mut self.values, values.len().max(1), MAX_VALUES, "values")?;
        let is_regex = modifiers.contains(&Modifier::Re);
        for value in values {
            let SigmaValue::String(text) = value else { continue };
            let bytes = match is_regex {
                true => compiled_bytes(&text.original, modifiers, MAX_PATTERN_BYTES - self.patterns),
                false if text.original.contains(['*', '?']) => text.original.len() * WILDCARD_BYTES,
                false => 0,
            };
            spend(&mut self.patterns, bytes, MAX_PATTERN_BYTES, "bytes of compiled patterns")?;
        }
        Ok(())
    }
}

/// What a regular expression takes once compiled, looked at no further than `most`. One that doesn't parse takes nothing:
/// that is for the compiler of rules to say.
fn compiled_bytes(pattern: &str, modifiers: &[Modifier], most: usize) -> usize {
    let syntax = regex_automata::util::syntax::Config::new()
        .case_insensitive(modifiers.contains(&Modifier::IgnoreCase))
        .multi_line(modifiers.contains(&Modifier::Multiline))
        .dot_matches_new_line(modifiers.contains(&Modifier::DotAll));
    let config = thompson::Config::new().nfa_size_limit(Some(most));
    match thompson::Compiler::new().configure(config).syntax(syntax).build(pattern) {
        Ok(program) => program.memory_usage(),
        Err(error) if error.size_limit().is_some() => most + 1,
        Err(_) => 0,
    }
}

fn spend(spent: &mut usize, cost: usize, most: usize, what: &'static str) -> Result<(), RuleProblem> {
    *spent = spent.saturating_add(cost);
    if *spent > most { Err(RuleProblem::Budget(most, what)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Origin, RuleSet, Source};
    use super::*;

    fn rule(number: usize, selection: &str) -> String {
        format!(
            "title: T\nid: 00000000-0000-0000-0000-{number:012}\nlevel: low\nversion: 1\nlogsource: {{product: usertrail}}\n\
             detection:\n  s:\n{selection}\n  condition: s\n"
        )
    }

    fn list(values: usize) -> String {
        let values: Vec<_> = (0..values).map(|value| format!("      - v{value}")).collect();
        format!("    object.id|contains:\n{}", values.join("\n"))
    }

    /// Each of a tenant's budgets: what is beyond it is left out by name, and what is left out costs nothing.
    #[test]
    fn budgets_are_for_all_rules_of_an_origin_together() {
        let padding = format!("    reason: '{}'", "x".repeat(55_000));
        let correlation = |number: usize| {
            format!(
                "title: C\nid: 00000000-0000-0000-0001-{number:012}\nlevel: low\nversion: 1\ncorrelation:\n  type: event_count\n  \
                 rules: [b]\n  group-by: [actor.id]\n  timespan: 10m\n  condition: {{gte: 5}}\n---\n{}",
                rule(number, "    action: x").replace("title: T", "title: B\nname: b")
            )
        };
        let texts = |make: &dyn Fn(usize) -> String, count: usize| (0..count).map(make).collect::<Vec<_>>();
        for (what, texts, fit) in [
            ("bytes of text", texts(&|number| rule(number, &padding), 47), 9),
            ("values", texts(&|number| rule(number, &list(3000)), 5), 3),
            ("bytes of compiled patterns", texts(&|number| rule(number, "    reason|re: '(a|b){2000}x'"), 40), 0),
            ("bytes of compiled patterns", texts(&|number| rule(number, r"    reason|re: '\w{50}x'"), 40), 0),
            ("correlations", texts(&correlation, 60), MAX_CORRELATIONS),
            ("rules", texts(&|number| rule(number, "    action: x"), 510), MAX_RULES),
        ] {
            let small = rule(999_999, "    action: y");
            let names: Vec<String> = (0..texts.len()).map(|number| format!("r{number}")).collect();
            let sources = || names.iter().zip(&texts).map(|(name, yaml)| Source { name, yaml, origin: Origin::Own });
            let own = sources().chain([Source { name: "small", yaml: &small, origin: Origin::Own }]);
            let (set, refused) = RuleSet::compile_each(own, &BTreeMap::new());
            let kept = texts.len() - refused.iter().filter(|(at, _)| *at < texts.len()).count();
            assert!(refused.iter().all(|(_, error)| error.to_string().contains(what)), "{what}: {refused:?}");
            assert!(kept < texts.len() && (fit == 0 || kept == fit), "{what}: {kept}");
            // A smaller one has room behind one that was left out, where the budget isn't spent.
            assert_eq!(set.find("small").is_some(), !["rules"].contains(&what), "{what}");
            // Another origin's budget is another one.
            let more = rule(777_777, "    action: z");
            let shared = Source { name: "shared", yaml: &more, origin: Origin::Shared };
            let (set, _) = RuleSet::compile_each(sources().chain([shared]), &BTreeMap::new());
            assert!(set.find("shared").is_some(), "{what}");
        }
    }
}
