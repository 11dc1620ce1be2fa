//! Attempts to see another tenant's rows, or anything else that is not one's own (P10). Each is refused, or shows own rows.

mod requests;
mod statements;

use crate::support::Answer;

/// What becomes of an attempt.
enum Ends {
    /// It is refused, with this name of ClickHouse's, or `*` for any.
    As(&'static str),
    /// It runs, and this is all that it shows.
    Own(&'static str),
}

fn check(what: &str, answer: &Answer, ends: &Ends) -> Option<String> {
    let told = answer.text.contains("secret") && !what.contains("secret");
    let right = match ends {
        Ends::Own(text) => answer.status == 200 && answer.text == *text,
        Ends::As("*") => answer.status >= 400,
        Ends::As(name) => answer.status >= 400 && answer.text.contains(&format!("({name})")),
    };
    // 500 is what nobody has thought of.
    let foreseen = answer.status != 500;
    (told || !right || !foreseen).then(|| format!("{what}\n    {} {}", answer.status, answer.text.trim_end()))
}
