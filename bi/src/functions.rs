//! Functions that may be called: lists taken from the engine's own by category, without whatever reaches beyond the rows
//! that it is given (files, addresses, dictionaries, other tables, the server's state, states of aggregates made by hand).

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::refusal::Refusal;

/// Ordinary functions, one a line.
pub const FUNCTIONS: &str = include_str!("../data/functions.txt");
/// Aggregate and window functions, one a line.
pub const AGGREGATES: &str = include_str!("../data/aggregates.txt");

/// What may follow the name of an aggregate function. None of these reads a state that was made elsewhere.
const COMBINATORS: &[&str] =
    &["ArgMax", "ArgMin", "Array", "Distinct", "ForEach", "If", "Map", "OrDefault", "OrNull", "Resample"];

type Names = HashMap<String, &'static str>;

fn names(list: &'static str) -> Names {
    list.lines().map(|name| (name.to_ascii_lowercase(), name)).collect()
}

static ORDINARY: LazyLock<Names> = LazyLock::new(|| names(FUNCTIONS));
static AGGREGATE: LazyLock<Names> = LazyLock::new(|| names(AGGREGATES));

/// What is called, in the engine's own spelling.
pub(crate) fn known(name: &str) -> Result<String, Refusal> {
    if let Some(found) = ORDINARY.get(&name.to_ascii_lowercase()) {
        return Ok((*found).to_owned());
    }
    let mut stem = name;
    let mut combinators = String::new();
    for _ in 0..4 {
        if let Some(found) = AGGREGATE.get(&stem.to_ascii_lowercase()) {
            return Ok(format!("{found}{combinators}"));
        }
        let Some(combinator) = COMBINATORS.iter().find(|combinator| stem.ends_with(*combinator)) else { break };
        stem = &stem[..stem.len() - combinator.len()];
        combinators.insert_str(0, combinator);
    }
    Err(Refusal::unknown_function(format!("The function {name} is not available here")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_hold_nothing_that_reaches_out() {
        let out = [
            "dict",
            "file",
            "url(",
            "joinget",
            "getsetting",
            "getmacro",
            "hostname",
            "sleep",
            "catboost",
            "addressto",
            "initializeaggregation",
            "runningaccumulate",
            "evalml",
            "filesystem",
            "serverport",
            "hascolumnintable",
            "transactionid",
            "globalin",
            "nullin",
            "reversedns",
            "currentuser",
            "aigenerate",
            "aiembed",
            "region",
            "arrayreduce",
            "reinterpret(",
            "accuratecast",
            "merge(",
            "_cast",
            "demangle",
            "executable",
            "showcert",
            "serveruuid",
            "tcpport",
            "queryid",
            "uptime",
            "obfuscate",
            "naivebayes",
            "getsubcolumn",
            "timeseries",
        ];
        for list in [FUNCTIONS, AGGREGATES] {
            let lines: Vec<&str> = list.lines().collect();
            assert!(lines.is_sorted());
            for line in lines {
                let lower = format!("{}(", line.to_ascii_lowercase());
                assert!(!out.iter().any(|bad| lower.starts_with(bad)), "{line}");
                assert!(line.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
            }
        }
        for bad in ["in", "notIn", "timezone", "version", "reinterpret", "CAST"] {
            assert!(!FUNCTIONS.lines().any(|line| line == bad), "{bad}");
        }
    }

    #[test]
    fn combinators_belong_to_aggregates() {
        assert_eq!(known("COUNT").unwrap(), "count");
        assert_eq!(known("uniqExactIf").unwrap(), "uniqExactIf");
        assert_eq!(known("sumOrNullIf").unwrap(), "sumOrNullIf");
        for bad in ["sumMerge", "sumState", "fileIf", "file", "lowerIf", "", "quantileMergeState"] {
            assert!(known(bad).is_err(), "{bad}");
        }
    }
}
