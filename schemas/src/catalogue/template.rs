//! Sentences with placeholders: `{actor} changed the deadline of task {object}[ from “{old}”][ to “{new}”]`.
//!
//! A part in square brackets is left out when a value it names is missing (an event with only the new value still
//! reads well). Values are inserted as they are but for marks of direction, once: a value that contains `{actor}` stays that text.

use super::Lang;
use crate::bidi;
use crate::ids::is_blank;

/// What a sentence can say of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// The actor's name, or else e-mail or id; missing for the system.
    pub actor: Option<&'a str>,
    /// The object's name, or else id.
    pub object: Option<&'a str>,
    /// The value before the change.
    pub old: Option<&'a str>,
    /// The value after the change.
    pub new: Option<&'a str>,
    /// Why, in the application's words.
    pub reason: Option<&'a str>,
    /// How many records were viewed or exported.
    pub records: Option<u64>,
}

/// Why a sentence can't be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that no event has.
    #[error("unknown placeholder {{{0}}}")]
    Placeholder(String),
    /// A bracket or brace without its partner, or one inside another.
    #[error("unbalanced or nested {0:?} at byte {1}")]
    Unbalanced(char, usize),
    /// A bracketed part without a placeholder, which would never be left out.
    #[error("the part in brackets at byte {0} has no placeholder")]
    Constant(usize),
}

#[derive(Debug, Clone, Copy)]
enum Placeholder {
    Actor,
    Object,
    Old,
    New,
    Reason,
    Records,
}

impl Placeholder {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "actor" => Self::Actor,
            "object" => Self::Object,
            "old" => Self::Old,
            "new" => Self::New,
            "reason" => Self::Reason,
            "records" => Self::Records,
            _ => return None,
        })
    }

    /// Appends the value; false where it is missing.
    fn append(self, out: &mut String, lang: Lang, values: &Values<'_>) -> bool {
        let text = match self {
            Self::Actor => Some(values.actor.filter(|name| !is_blank(name)).unwrap_or(system(lang))),
            Self::Object => values.object,
            Self::Old => values.old,
            Self::New => values.new,
            Self::Reason => values.reason,
            Self::Records => {
                let Some(records) = values.records else { return false };
                out.push_str(&records.to_string());
                return true;
            }
        };
        match text.filter(|text| !is_blank(text)) {
            Some(text) => {
                out.push_str(&bidi::plain(text));
                true
            }
            None => false,
        }
    }
}

/// What a change by the product itself is signed with.
#[must_use]
pub const fn system(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "System",
        Lang::Ru => "Система",
        Lang::Cs => "Systém",
    }
}

/// Whether a sentence is well formed. An empty one is (its language falls back to another).
pub(super) fn check(template: &str) -> Result<(), TemplateError> {
    let mut part: Option<(usize, bool)> = None;
    let mut at = 0;
    while let Some(found) = template[at..].find(['[', ']', '{', '}']) {
        let position = at + found;
        match template.as_bytes()[position] {
            b'[' if part.is_none() => part = Some((position, false)),
            b']' => match part.take() {
                Some((start, false)) => return Err(TemplateError::Constant(start)),
                Some(_) => {}
                None => return Err(TemplateError::Unbalanced(']', position)),
            },
            b'{' => {
                let rest = &template[position + 1..];
                let end = rest.find('}').ok_or(TemplateError::Unbalanced('{', position))?;
                if Placeholder::parse(&rest[..end]).is_none() {
                    return Err(TemplateError::Placeholder(rest[..end].to_owned()));
                }
                part = part.map(|(start, _)| (start, true));
                at = position + end + 2;
                continue;
            }
            b'}' => return Err(TemplateError::Unbalanced('}', position)),
            _ => return Err(TemplateError::Unbalanced('[', position)),
        }
        at = position + 1;
    }
    part.map_or(Ok(()), |(start, _)| Err(TemplateError::Unbalanced('[', start)))
}

/// Renders a sentence that [`check`] accepts; of any other, as much as makes sense.
pub(super) fn render(template: &str, lang: Lang, values: &Values<'_>) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    // Where the open bracketed part began in `out`, and whether all its values were there.
    let mut part: Option<(usize, bool)> = None;
    while let Some(position) = rest.find(['[', ']', '{']) {
        out.push_str(&rest[..position]);
        let (mark, tail) = rest.split_at(position + 1);
        rest = tail;
        match mark.as_bytes()[position] {
            b'[' => part = Some((out.len(), true)),
            b']' => {
                if let Some((start, false)) = part.take() {
                    out.truncate(start);
                }
            }
            _ => {
                let Some((name, tail)) = rest.split_once('}') else { break };
                rest = tail;
                let present = Placeholder::parse(name).is_some_and(|name| name.append(&mut out, lang, values));
                if !present {
                    match &mut part {
                        Some((_, complete)) => *complete = false,
                        None => out.push('—'),
                    }
                }
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: &str = "{actor} changed the deadline of task {object}[ from “{old}”][ to “{new}”]";

    /// J13, J14: what is missing drops out.
    #[test]
    fn missing_values_drop_out() {
        let mut values = Values { actor: Some("Eva"), object: Some("12"), new: Some("Friday"), ..Values::default() };
        assert_eq!(render(DEADLINE, Lang::En, &values), "Eva changed the deadline of task 12 to “Friday”");
        values.old = Some("Monday");
        assert_eq!(
            render(DEADLINE, Lang::En, &values),
            "Eva changed the deadline of task 12 from “Monday” to “Friday”"
        );
        for nothing in ["", " ", "\u{a0}", "\u{200b}", "\u{202e}"] {
            (values.old, values.new, values.object) = (None, Some(nothing), Some(nothing));
            assert_eq!(render(DEADLINE, Lang::En, &values), "Eva changed the deadline of task —", "{nothing:?}");
        }
    }

    /// A5: the product itself is "System", in each language.
    #[test]
    fn nobody_is_the_system() {
        let names = Lang::ALL.map(|lang| render("{actor}", lang, &Values::default()));
        assert_eq!(names, ["System", "Система", "Systém"]);
    }

    #[test]
    fn values_are_not_templates() {
        let values =
            Values { actor: Some("{object}[x]"), object: Some("secret"), records: Some(0), ..Values::default() };
        assert_eq!(render("{actor}: {records}", Lang::En, &values), "{object}[x]: 0");
    }

    #[test]
    fn bad_templates_are_told() {
        assert_eq!(check(DEADLINE), Ok(()));
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("{who}"), Err(TemplateError::Placeholder("who".into())));
        assert_eq!(check("[{old}"), Err(TemplateError::Unbalanced('[', 0)));
        assert_eq!(check("[[{old}]]"), Err(TemplateError::Unbalanced('[', 1)));
        assert_eq!(check("ř]"), Err(TemplateError::Unbalanced(']', 2)));
        assert_eq!(check("{old"), Err(TemplateError::Unbalanced('{', 0)));
        assert_eq!(check("old}"), Err(TemplateError::Unbalanced('}', 3)));
        assert_eq!(check("[old]"), Err(TemplateError::Constant(0)));
    }
}
