//! Why a rule fired, or didn't, in words: what it asks, step by step, with what was found. Pure.

use detect::correlate::{Correlation, CorrelationExplanation, Counted};
use detect::rules::{Asked, Step, Test};
use schemas::bidi::plain;
use schemas::catalogue::{Catalogue, Lang};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::log::words::{clip, duration, of, quoted};
use crate::log::{field_names, type_names};

/// Values of one step that are shown.
const VALUES: usize = 10;

/// A step of a rule, in the reader's language.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExplainedStep {
    /// Whether it holds.
    pub holds: bool,
    /// What it asks, and what was found.
    #[schema(example = "Records: at least 1000; found: 4321")]
    pub text: String,
    /// What it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, no_recursion)]
    pub steps: Vec<ExplainedStep>,
}

/// How far an event is from a rule, in numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) matched: bool,
    /// Whether it is of a violation: then the rule was broken, whatever is known now.
    pub(crate) was_broken: bool,
    pub(crate) seen: Option<f64>,
    pub(crate) limit: Option<f64>,
    pub(crate) missing: Option<f64>,
}

/// Explains in one language, with the catalogue of one tenant.
pub(crate) struct Explaining {
    pub(crate) lang: Lang,
    pub(crate) catalogue: Catalogue,
}

impl Explaining {
    /// Returns the steps of a rule; those of several conditions are worded as one of them being enough.
    pub(crate) fn steps(&self, steps: &[Step]) -> Vec<ExplainedStep> {
        match steps {
            [Step { asked: Asked::All(parts), .. }] => parts.iter().map(|step| self.step(step)).collect(),
            [one] => vec![self.step(one)],
            several => vec![ExplainedStep {
                holds: several.iter().any(|step| step.holds),
                text: self.words(["At least one of these:", "Хотя бы одно из этого:", "Alespoň jedno z toho:"]),
                steps: several.iter().map(|step| self.step(step)).collect(),
            }],
        }
    }

    /// What a correlation counts, as a step.
    pub(crate) fn window(&self, correlation: &Correlation, found: &CorrelationExplanation) -> ExplainedStep {
        let (counted, bounds) = correlation.asks();
        let what = match counted {
            Counted::Events => self.words(["Events", "Событий", "Událostí"]),
            Counted::Distinct => self.words(["Different values", "Разных значений", "Různých hodnot"]),
            Counted::Kinds => self.words(["Kinds of events", "Видов событий", "Druhů událostí"]),
            Counted::InOrder => self.words(["Steps in their order", "Шагов в своём порядке", "Kroků ve svém pořadí"]),
            Counted::Sum => self.words(["Sum", "Сумма", "Součet"]),
            Counted::Average => self.words(["Average", "Среднее", "Průměr"]),
            Counted::Percentile(rank) => {
                format!("{} {}", self.words(["Percentile", "Процентиль", "Percentil"]), self.number(rank))
            }
        };
        let within = duration(correlation.timespan_ms().unsigned_abs(), self.lang);
        let what = format!("{what} {} {within}", self.words(["within", "за", "za"]));
        let asked = match bounds.as_slice() {
            [] => self.words(["as the rule says", "как сказано в правиле", "jak říká pravidlo"]),
            bounds => self.joined(bounds, "", AND),
        };
        ExplainedStep {
            holds: found.matched,
            text: self.sentence(&what, &asked, &self.number(found.seen)),
            steps: Vec::new(),
        }
    }

    /// Words the verdict. `reasons` are given in the place of one number where others decided.
    pub(crate) fn verdict(&self, verdict: Verdict, reasons: &[Step]) -> String {
        let Verdict { matched, was_broken, seen, limit, missing } = verdict;
        let mut text = match (matched, was_broken) {
            (true, _) => self.words(["The rule is broken", "Правило нарушено", "Pravidlo je porušeno"]),
            (false, true) => self.was_broken(),
            (false, false) => self.words(["The rule is not broken", "Правило не нарушено", "Pravidlo není porušeno"]),
        };
        if !reasons.is_empty() {
            let told: Vec<String> = reasons.iter().map(|step| self.step(step).text).collect();
            return format!("{text}: {}", told.join(" · "));
        }
        if let Some((seen, limit)) = seen.zip(limit) {
            let [seen_is, limit_is] =
                [["found", "найдено", "zjištěno"], ["limit", "предел", "limit"]].map(|word| self.words(word));
            text.push_str(&format!("; {seen_is}: {}; {limit_is}: {}", self.number(seen), self.number(limit)));
        }
        if let Some(missing) = missing.filter(|missing| *missing > 0.0) {
            text.push_str(&format!(
                "; {}: {}",
                self.words(["still lacking", "не хватает", "chybí"]),
                self.number(missing)
            ));
        }
        text
    }

    /// That an event is none of those that a correlation counts.
    pub(crate) fn not_counted(&self) -> String {
        self.words([
            "The rule is not broken: it does not count this event",
            "Правило не нарушено: оно не учитывает это событие",
            "Pravidlo není porušeno: tuto událost nezapočítává",
        ])
    }

    /// That what was found would not be found again.
    pub(crate) fn was_broken(&self) -> String {
        self.words([
            "The rule was broken when this was found; as the rule and what is kept are now, it would not be",
            "Правило было нарушено, когда это было найдено; по нынешнему правилу и тому, что хранится, оно не было бы нарушено",
            "Pravidlo bylo porušeno, když se to zjistilo; podle nynějšího pravidla a toho, co je uloženo, by porušeno nebylo",
        ])
    }

    /// That the rule has changed since, and is explained as it was.
    pub(crate) fn as_it_was(&self, version: u32) -> String {
        self.words([
            "The rule has changed since; it is explained by version {1}, which found this",
            "С тех пор правило изменилось; объясняет версия {1}, которая это нашла",
            "Pravidlo se od té doby změnilo; vysvětluje verze {1}, která to našla",
        ])
        .replace("{1}", &version.to_string())
    }

    /// That the rule has changed since, and how it was is not known.
    pub(crate) fn changed_since(&self, found_by: u32, explained_by: u32) -> String {
        self.words([
            "Version {1} of the rule found this; it is explained by version {2}, which is in force now",
            "Это найдено версией правила {1}; объясняет версия {2}, которая действует сейчас",
            "Toto našla verze pravidla {1}; vysvětluje verze {2}, která platí nyní",
        ])
        .replace("{1}", &found_by.to_string())
        .replace("{2}", &explained_by.to_string())
    }

    /// That not all events of a violation are explained.
    pub(crate) fn only_some(&self, explained: usize, count: u64) -> String {
        self.words([
            "{1} of {2} events are explained here",
            "Здесь объясняются события: {1} из {2}",
            "Zde jsou vysvětleny události: {1} z {2}",
        ])
        .replace("{1}", &explained.to_string())
        .replace("{2}", &count.to_string())
    }

    fn step(&self, step: &Step) -> ExplainedStep {
        let each = |steps: &[Step]| steps.iter().map(|step| self.step(step)).collect::<Vec<_>>();
        let (text, steps) = match &step.asked {
            Asked::All(steps) => (self.words(["All of this:", "Всё это:", "Všechno toto:"]), each(steps)),
            Asked::AtLeast(1, steps) => {
                (self.words(["At least one of these:", "Хотя бы одно из этого:", "Alespoň jedno z toho:"]), each(steps))
            }
            Asked::AtLeast(need, steps) => {
                let text = ["At least {1} of these:", "Не меньше {1} из этого:", "Alespoň {1} z toho:"];
                (self.words(text).replace("{1}", &need.to_string()), each(steps))
            }
            Asked::Not(step) => {
                let steps = self.steps(std::slice::from_ref(step));
                (self.words(["This must not hold:", "Этого не должно быть:", "Toto nesmí platit:"]), steps)
            }
            Asked::Members { field, quantifier, counts: (having, all), steps } => {
                let text = match quantifier.as_str() {
                    "any" => ["at least one of them", "хотя бы одно", "alespoň jedna"],
                    "none" => ["none of them", "ни одного", "žádná"],
                    _ => ["all of them", "все", "všechny"],
                };
                let name = field_names::name(field, self.lang);
                let found = format!("{having}/{all}");
                (self.sentence(name, &self.words(text), &found), each(steps))
            }
            Asked::Value { field, test, seen, but_for_case } => {
                let any = of(self.lang, ["Any field", "Любое поле", "Kterékoli pole"]);
                let name = field.as_deref().map_or(any, |field| field_names::name(field, self.lang));
                let field = field.as_deref().unwrap_or_default();
                let mut text = self.sentence(name, &self.asked(test, field), &self.seen(seen.as_ref(), field));
                if *but_for_case {
                    let note = ["only capitals differ", "отличается лишь регистр букв", "liší se jen velikost písmen"];
                    text.push_str(&format!(" ({})", self.words(note)));
                }
                (text, Vec::new())
            }
        };
        ExplainedStep { holds: step.holds, text, steps }
    }

    fn sentence(&self, name: &str, asked: &str, found: &str) -> String {
        format!("{name}: {asked}; {}: {found}", of(self.lang, ["found", "найдено", "zjištěno"]))
    }

    /// What is asked of a value of a field.
    fn asked(&self, test: &Test, field: &str) -> String {
        let text = |words, text: &str| format!("{} {}", self.words(words), quoted(text, self.lang));
        let number = |words, number: f64| format!("{} {}", self.words(words), self.number(number));
        match test {
            Test::Is(value) => self.text(value, field),
            Test::Contains(part) => text(["contains", "содержит", "obsahuje"], part),
            Test::StartsWith(part) => text(["starts with", "начинается с", "začíná na"], part),
            Test::EndsWith(part) => text(["ends with", "заканчивается на", "končí na"], part),
            Test::Fits(pattern) => text(["fits the pattern", "подходит под шаблон", "odpovídá vzoru"], pattern),
            Test::Within(network) => {
                format!("{} {network}", self.words(["in the network", "в сети", "v síti"]))
            }
            Test::Number(wanted) => self.number(*wanted),
            Test::More(than) => number(["more than", "больше", "více než"], *than),
            Test::AtLeast(least) => number(["at least", "не меньше", "alespoň"], *least),
            Test::Less(than) => number(["less than", "меньше", "méně než"], *than),
            Test::AtMost(most) => number(["at most", "не больше", "nejvýše"], *most),
            Test::Flag(flag) => self.flag(*flag),
            Test::There(true) => self.words(["any value", "любое значение", "jakákoli hodnota"]),
            Test::There(false) => self.words(["no value", "без значения", "bez hodnoty"]),
            Test::Field(other) => {
                let name = field_names::name(other, self.lang);
                text(["as in the field", "как в поле", "jako v poli"], name)
            }
            Test::Not(test) => {
                let but = self.words(["anything but", "что угодно, кроме", "cokoli kromě"]);
                format!("{but}: {}", self.asked(test, field))
            }
            Test::Any(tests) => self.joined(tests, field, OR),
            Test::All(tests) => self.joined(tests, field, AND),
        }
    }

    fn joined(&self, tests: &[Test], field: &str, by: [&str; 3]) -> String {
        let told: Vec<String> = tests.iter().take(VALUES).map(|test| self.asked(test, field)).collect();
        let mut text = told.join(&format!(" {} ", self.words(by)));
        if tests.len() > VALUES {
            text.push_str(" …");
        }
        text
    }

    /// A value of the event.
    fn seen(&self, value: Option<&Value>, field: &str) -> String {
        match value {
            None | Some(Value::Null) => self.words(["nothing", "ничего", "nic"]),
            Some(Value::Bool(flag)) => self.flag(*flag),
            Some(Value::Number(number)) => number.as_f64().map_or_else(|| number.to_string(), |it| self.number(it)),
            Some(Value::String(text)) => self.text(text, field),
            Some(Value::Array(items)) => {
                let shown: Vec<String> = items.iter().take(VALUES).map(|item| self.seen(Some(item), field)).collect();
                let more = if items.len() > VALUES { " …" } else { "" };
                shown.join(", ") + more
            }
            Some(other @ Value::Object(_)) => clip(plain(&other.to_string()).into_owned()),
        }
    }

    /// A text, in words where the field has these; a type of event is called what the catalogue calls it.
    fn text(&self, text: &str, field: &str) -> String {
        let text = match field {
            "type" => clip(type_names::name(&self.catalogue, text, self.lang).into_owned()),
            field => clip(field_names::worded(field, text, self.lang)),
        };
        quoted(&text, self.lang)
    }

    fn flag(&self, flag: bool) -> String {
        self.words(if flag { ["yes", "да", "ano"] } else { ["no", "нет", "ne"] })
    }

    fn number(&self, number: f64) -> String {
        let text = number.to_string();
        if self.lang == Lang::En { text } else { text.replace('.', ",") }
    }

    fn words(&self, texts: [&str; 3]) -> String {
        of(self.lang, texts).to_owned()
    }
}

const AND: [&str; 3] = ["and", "и", "a"];
const OR: [&str; 3] = ["or", "или", "nebo"];
