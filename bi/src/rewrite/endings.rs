//! `SETTINGS …` and `FORMAT …` at the end of a statement. The parser would take either word for an alias after some columns.

use std::collections::BTreeSet;

use sqlparser::tokenizer::Token;

use super::Rewritten;
use super::lexis::{Lexed, MAP, Map};
use super::shows::is;
use crate::literals::unescaped;
use crate::refusal::Refusal;

/// What stood at the end.
#[derive(Debug, Default)]
pub(super) struct Endings {
    format: Option<String>,
    settings: Vec<(String, String)>,
    /// Conditions on views, by their names.
    pub(super) filters: Map,
}

impl Endings {
    pub(super) fn of(self, sql: String, parameters: Vec<String>) -> Rewritten {
        Rewritten {
            sql,
            parameters,
            typed: Vec::new(),
            zone_parameters: Vec::new(),
            zones: Vec::new(),
            format: self.format,
            settings: self.settings,
            reads: BTreeSet::new(),
        }
    }
}

/// Takes semicolons, the format and the settings from the end.
pub(super) fn take(lexed: &mut Lexed) -> Result<Endings, Refusal> {
    let mut endings = Endings::default();
    let Lexed { tokens, maps, .. } = lexed;
    while tokens.last() == Some(&Token::SemiColon) {
        tokens.pop();
    }
    // Settings may stand on either side of the format.
    for _ in 0..2 {
        if let [.., before, Token::Word(name)] = tokens.as_slice()
            && is(before, "FORMAT")
            && endings.format.is_none()
            && tokens.len() > 2
        {
            endings.format = Some(name.value.clone());
            tokens.truncate(tokens.len() - 2);
        }
        if let Some(at) = settings_at(tokens) {
            let pairs = tokens.split_off(at);
            for pair in pairs[1..].split(|token| *token == Token::Comma) {
                match filters(pair, maps) {
                    Some(filters) => endings.filters.extend(filters),
                    None => endings.settings.push(setting(pair)?),
                }
            }
        }
    }
    Ok(endings)
}

/// Where `SETTINGS name =` is, outside brackets, with nothing but pairs after it.
fn settings_at(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            token if depth == 0 && at > 0 && is(token, "SETTINGS") => {
                let pair = matches!(tokens.get(at + 1), Some(Token::Word(_))) && tokens.get(at + 2) == Some(&Token::Eq);
                found = found.or(pair.then_some(at));
            }
            _ => {}
        }
    }
    found
}

/// The one setting that is a map.
fn filters(pair: &[Token], maps: &mut [Map]) -> Option<Map> {
    let [name, Token::Eq, Token::Placeholder(place)] = pair else { return None };
    let map = place.strip_prefix(MAP)?.parse().ok().and_then(|at: usize| maps.get_mut(at))?;
    is(name, "additional_table_filters").then(|| std::mem::take(map))
}

fn setting(pair: &[Token]) -> Result<(String, String), Refusal> {
    let text = match pair {
        [Token::Word(name), Token::Eq, Token::Number(number, _)] => (name.value.clone(), number.clone()),
        [Token::Word(name), Token::Eq, Token::SingleQuotedString(raw)] => {
            (name.value.clone(), String::from_utf8_lossy(&unescaped(raw)).into_owned())
        }
        _ => return Err(Refusal::syntax("A setting is written name = number, or name = 'text'")),
    };
    Ok(text)
}
