//! What problems say in particular, in Russian and Czech: `schemas/phrases.json`, a list of `[English, Russian, Czech]`. English is
//! where a problem is made, and a problem is worded anew where it is answered, by its text: whoever makes one need not know who
//! reads it.
//!
//! `{1}` stands for what is the same in every language, `<1>` for what is a phrase itself.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::catalogue::Lang;

const FILE: &str = include_str!("../../phrases.json");
/// Longest text that is looked for, in bytes: what is longer quotes somebody at length.
const LONGEST: usize = 2000;
/// Most holes of a phrase.
const HOLES: usize = 4;

/// Of two that fit, the one that says more is meant. What only goes around another phrase comes first, and what may begin with
/// anything last.
static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let texts: Vec<[String; 3]> = serde_json::from_str(FILE).unwrap_or_default();
    let mut phrases: Vec<Phrase> = texts.iter().map(|texts| Phrase(texts.each_ref().map(|text| parts(text)))).collect();
    phrases.sort_by_key(|Phrase([english, ..])| {
        let begins = match english.first() {
            Some(Part::Hole { worded: true, .. }) => 0,
            Some(Part::Hole { worded: false, .. }) => 2,
            _ => 1,
        };
        (begins, std::cmp::Reverse(english.iter().map(Part::length).sum::<usize>()))
    });
    phrases
});

/// One phrase in the three languages.
struct Phrase([Vec<Part>; 3]);

enum Part {
    Text(String),
    Hole { number: usize, worded: bool },
}

impl Part {
    fn length(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

/// An English text in another language; none where no phrase fits.
pub(super) fn phrase(text: &str, lang: Lang) -> Option<String> {
    let wanted = match lang {
        Lang::En => return None,
        Lang::Ru => 1,
        Lang::Cs => 2,
    };
    if text.len() > LONGEST {
        return None;
    }
    PHRASES.iter().find_map(|Phrase(languages)| {
        let mut holes = [""; HOLES];
        fits(&languages[0], text, &mut holes).then(|| fill(&languages[wanted], &holes, lang))
    })
}

fn fits<'t>(parts: &[Part], text: &'t str, holes: &mut [&'t str; HOLES]) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Text(known), rest @ ..] => text.strip_prefix(known.as_str()).is_some_and(|text| fits(rest, text, holes)),
        [Part::Hole { number, .. }] => {
            holes[*number] = text;
            !text.is_empty()
        }
        [Part::Hole { number, .. }, rest @ ..] => {
            let Some(Part::Text(next)) = rest.first() else { return false };
            text.match_indices(next.as_str()).any(|(at, _)| {
                holes[*number] = &text[..at];
                at > 0 && fits(rest, &text[at..], holes)
            })
        }
    }
}

fn fill(parts: &[Part], holes: &[&str; HOLES], lang: Lang) -> String {
    let mut filled = String::new();
    for part in parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Hole { number, worded: true } => {
                filled.push_str(&phrase(holes[*number], lang).unwrap_or_else(|| holes[*number].to_owned()));
            }
            Part::Hole { number, worded: false } => filled.push_str(&requoted(holes[*number], lang)),
        }
    }
    filled
}

/// What stands between quotation marks, between those of the language.
fn requoted(text: &str, lang: Lang) -> Cow<'_, str> {
    let [open, close] = match lang {
        Lang::En => return text.into(),
        Lang::Ru => ['«', '»'],
        Lang::Cs => ['„', '“'],
    };
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => format!("{open}{inner}{close}").into(),
        _ => text.into(),
    }
}

fn parts(text: &str) -> Vec<Part> {
    let (mut parts, mut known) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let hole = match rest.as_bytes() {
            [b'{', digit @ b'1'..=b'4', b'}', ..] => Some((*digit, false)),
            [b'<', digit @ b'1'..=b'4', b'>', ..] => Some((*digit, true)),
            _ => None,
        };
        if let Some((digit, worded)) = hole {
            if !known.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut known)));
            }
            parts.push(Part::Hole { number: usize::from(digit - b'1'), worded });
            rest = &rest[3..];
        } else {
            known.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    if !known.is_empty() {
        parts.push(Part::Text(known));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P16: each phrase has the same holes in all languages, none beside another, and is found by its own text.
    #[test]
    fn phrases_hold_together() {
        let texts: Vec<[String; 3]> = serde_json::from_str(FILE).unwrap();
        assert!(texts.len() > 250);
        for of_phrase in &texts {
            let holes = |text: &str| {
                let mut holes: Vec<(usize, bool)> = Vec::new();
                for part in parts(text) {
                    if let Part::Hole { number, worded } = part {
                        holes.push((number, worded));
                    }
                }
                holes.sort_unstable();
                holes
            };
            let [english, russian, czech] = of_phrase;
            assert_eq!((holes(english), holes(english)), (holes(russian), holes(czech)), "{english}");
            let beside = parts(english);
            assert!(!beside.windows(2).any(|two| matches!(two, [Part::Hole { .. }, Part::Hole { .. }])), "{english}");
            let mut sample = english.clone();
            for number in 1..=HOLES {
                sample = sample.replace(&format!("{{{number}}}"), &format!("7{number}"));
                sample = sample.replace(&format!("<{number}>"), &format!("7{number}"));
            }
            for lang in [Lang::Ru, Lang::Cs] {
                assert!(phrase(&sample, lang).is_some(), "{sample}");
            }
        }
    }

    #[test]
    fn holes_are_filled() {
        let cs = |text| phrase(text, Lang::Cs);
        assert_eq!(
            cs("parameter \"limit\": a whole number from 1 to 1000 is wanted").as_deref(),
            Some("parametr „limit“: je třeba celé číslo od 1 do 1000")
        );
        // A name is a name, whatever it would mean as a word.
        assert_eq!(cs("missing field `tenant`").as_deref(), Some("chybí pole `tenant`"));
        assert_eq!(
            cs("unknown parameter \"colour\"; known here: tenant").as_deref(),
            Some("neznámý parametr „colour“; zde jsou známy: tenant")
        );
        assert_eq!(
            cs("invalid type: string \"x\", expected a boolean at line 1 column 7").as_deref(),
            Some("chybný typ: text „x“, očekává se true nebo false (řádek 1, znak 7)")
        );
        assert_eq!(
            cs("parameter \"lang\": \"tlh\" is not one of en, ru, cs").as_deref(),
            Some("parametr „lang“: „tlh“ není mezi hodnotami en, ru, cs")
        );
        assert_eq!(
            cs("unknown field `on`, expected `enabled` at line 1 column 4").as_deref(),
            Some("neznámé pole `on`, očekává se `enabled` (řádek 1, znak 4)")
        );
        assert_eq!(cs("what a driver says"), None);
        assert_eq!(phrase("the text is empty", Lang::En), None);
    }
}
