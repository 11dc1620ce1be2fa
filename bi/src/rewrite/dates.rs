//! Calls that the engine's parser reads as syntax, for their unit is a bare word: `dateDiff(DAY, a, b)`, `DATE_ADD(a, INTERVAL 1 DAY)`.
//! They are written with functions of the list. Tools that rewrite statements by a grammar of their own send them.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList};

use super::Writer;
use crate::refusal::Refusal;

/// Units, as a text and as the function that makes an interval of them.
const UNITS: &[(&str, &str)] = &[
    ("year", "toIntervalYear"),
    ("quarter", "toIntervalQuarter"),
    ("month", "toIntervalMonth"),
    ("week", "toIntervalWeek"),
    ("day", "toIntervalDay"),
    ("hour", "toIntervalHour"),
    ("minute", "toIntervalMinute"),
    ("second", "toIntervalSecond"),
    ("millisecond", "toIntervalMillisecond"),
];

impl Writer<'_> {
    /// Writes the call if it is such a one, and says whether it was.
    pub(super) fn dated(&mut self, name: &str, list: &FunctionArgumentList) -> Result<bool, Refusal> {
        let sign = match name.to_ascii_lowercase().replace('_', "").as_str() {
            "datediff" | "timestampdiff" => None,
            "dateadd" | "timestampadd" => Some(" + "),
            "datesub" | "timestampsub" => Some(" - "),
            _ => return Ok(false),
        };
        let FunctionArgumentList { duplicate_treatment: None, args, clauses } = list else { return Ok(false) };
        let arguments: Option<Vec<&Expr>> = args.iter().map(expression).collect();
        let Some(arguments) = arguments.filter(|_| clauses.is_empty()) else { return Ok(false) };
        match (sign, arguments.as_slice()) {
            (None, [first, rest @ ..]) if rest.len() >= 2 => {
                let Some((name, _)) = unit(first) else { return Ok(false) };
                self.zones_of_call("dateDiff", &arguments)?;
                self.put(&format!("dateDiff('{name}'"));
                for argument in rest {
                    self.put(", ");
                    self.expression(argument)?;
                }
                self.put(")");
            }
            (Some(sign), [first, number, time]) => {
                let Some((_, interval)) = unit(first) else { return Ok(false) };
                self.put("(");
                self.expression(time)?;
                self.put(&format!("{sign}{interval}("));
                self.expression(number)?;
                self.put("))");
            }
            (Some(sign), [time, interval @ Expr::Interval(_)]) => {
                self.put("(");
                self.expression(time)?;
                self.put(sign);
                self.expression(interval)?;
                self.put(")");
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn expression(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    }
}

fn unit(expression: &Expr) -> Option<&'static (&'static str, &'static str)> {
    let Expr::Identifier(word) = expression else { return None };
    UNITS.iter().find(|(name, _)| word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name))
}
