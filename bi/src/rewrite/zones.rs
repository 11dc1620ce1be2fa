//! Names of time zones in calls and types. Each is written as text, or given as a parameter, so that it is known before the
//! engine runs the statement: its own data may be older than the program's, and a name could reach a file.

use schemas::zone::Zone;
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use super::queries::plain;
use super::{Writer, Written};
use crate::literals::unescaped;
use crate::refusal::Refusal;

/// Where functions take the name of a zone, from 0, by what their names begin with in small letters and without `_`; the
/// first that fits counts.
const PLACES: &[(&str, usize)] = &[
    ("datediff", 3),
    ("timestampdiff", 3),
    ("age", 3),
    ("datename", 2),
    ("dateformat", 2),
    ("datetrunc", 2),
    ("datebin", INTERVAL),
    ("timebucket", INTERVAL),
    ("tostartofinterval", INTERVAL),
    ("formatdatetime", 2),
    ("fromunixtimestamp64", 1),
    ("fromunixtime", 2),
    ("makedatetime64", 8),
    ("makedatetime", 6),
    ("parsedatetime64", 2),
    ("parsedatetimebesteffort", 1),
    ("parsedatetime32", 1),
    ("parsedatetime", 2),
    ("strtodate", 2),
    ("snowflakeidtodatetime", 2),
    ("ulidstringtodatetime", 1),
    ("uuidv7todatetime", 1),
    ("yyyymmddhhmmsstodatetime64", 2),
    ("yyyymmddhhmmsstodatetime", 1),
    ("todateordefault", NONE),
    ("todate32ordefault", NONE),
    ("todatetime64", 2),
    ("todate", 1),
    ("totime64", NONE),
    ("totimeor", NONE),
    ("totime", 1),
    ("tostringcut", NONE),
    ("tostring", 1),
    ("tostartofweek", 2),
    ("tolastdayofweek", 2),
    ("toweek", 2),
    ("toyearweek", 2),
    ("yearweek", 2),
    ("week", 2),
    ("todayofweek", 2),
    ("dayofweek", 2),
    ("tostartof", 1),
    ("tolastday", 1),
    ("lastday", 1),
    ("todayof", 1),
    ("todaysinmonth", 1),
    ("todayssince", 1),
    ("todays", 1),
    ("dayof", 1),
    ("torelative", 1),
    ("toyyyymm", 1),
    ("toiso", 1),
    ("toyear", 1),
    ("year", 1),
    ("toquarter", 1),
    ("quarter", 1),
    ("tomonth", 1),
    ("tomonday", 1),
    ("monthname", NONE),
    ("month", 1),
    ("tohour", 1),
    ("hour", 1),
    ("tominute", 1),
    ("minute", 1),
    ("tosecond", 1),
    ("second", 1),
    ("tomillisecond", 1),
    ("millisecond", 1),
    ("tomicrosecond", 1),
    ("microsecond", 1),
    ("tonanosecond", 1),
    ("nanosecond", 1),
    ("tounixtimestamp64", NONE),
    ("tounixtime", 1),
    ("toutctimestamp", 1),
    ("fromutctimestamp", 1),
    ("timeslots", NONE),
    ("timeslot", 1),
    ("now64", 1),
    ("now", 0),
    ("currenttimestamp", 0),
    ("localtime", 0),
    ("day", 1),
    ("tumble", 2),
    ("hop", 3),
];
/// Where an interval's beginning may stand, or the zone behind it.
const INTERVAL: usize = usize::MAX;
const NONE: usize = usize::MAX - 1;

fn place(function: &str) -> usize {
    let plain = function.to_ascii_lowercase().replace('_', "");
    PLACES.iter().find(|(begin, _)| plain.starts_with(begin)).map_or(NONE, |(_, place)| *place)
}

impl Writer<'_> {
    /// Notes the zones that a call names, and refuses those that can't be read from the statement.
    pub(super) fn zones_of_call(&mut self, function: &str, args: &[&Expr]) -> Written {
        match place(function) {
            NONE => Ok(()),
            INTERVAL => match args {
                [_, _, zone] if !begins_interval(zone) => self.zone(zone),
                [_, _, _, zone] => self.zone(zone),
                _ => Ok(()),
            },
            at => args.get(at).map_or(Ok(()), |zone| self.zone(zone)),
        }
    }

    /// Notes the zones in a type.
    pub(super) fn zones_of_type(&mut self, kind: &str) -> Written {
        kind.split('\'').skip(1).step_by(2).try_for_each(|name| self.zone_named(name))
    }

    fn zone(&mut self, expression: &Expr) -> Written {
        let unclear = || Refusal::bad_arguments("The name of a time zone is to be written as text, or as a parameter");
        let Expr::Value(value) = expression else { return Err(unclear()) };
        match &value.value {
            Value::SingleQuotedString(raw) => self.zone_named(&String::from_utf8_lossy(&unescaped(raw))),
            Value::Placeholder(place) => {
                let at = place.strip_prefix('$').and_then(|at| at.parse::<usize>().ok());
                let parameter = at.and_then(|at| self.parameters.get(at)).ok_or_else(unclear)?;
                self.zone_parameters.insert(parameter.name.clone());
                Ok(())
            }
            // A precision or a mode; the engine says what is wrong with others.
            Value::Number(..) | Value::Null | Value::Boolean(_) => Ok(()),
            _ => Err(unclear()),
        }
    }

    fn zone_named(&mut self, name: &str) -> Written {
        self.zones.insert(known(name)?.name());
        Ok(())
    }
}

/// A zone by its name.
pub(crate) fn known(name: &str) -> Result<Zone, Refusal> {
    let shown = &name[..name.floor_char_boundary(64)];
    name.parse()
        .map_err(|_| Refusal::bad_arguments(format!("There is no time zone {shown}, or no name of the IANA database")))
}

/// Whether it is a time, after which intervals are counted.
fn begins_interval(expression: &Expr) -> bool {
    match expression {
        Expr::Cast { .. } | Expr::TypedString(_) => true,
        Expr::Function(call) => plain(&call.name).is_ok_and(|parts| {
            let [name] = parts.as_slice() else { return false };
            let name = name.to_ascii_lowercase();
            ["todate", "parsedate", "makedate", "now", "tostartof"].iter().any(|begin| name.starts_with(begin))
        }),
        _ => false,
    }
}

/// The expressions among a call's arguments.
pub(super) fn expressions(args: &FunctionArguments) -> Vec<&Expr> {
    let FunctionArguments::List(list) = args else { return Vec::new() };
    let expression = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expression)) => Some(expression),
        _ => None,
    };
    list.args.iter().filter_map(expression).collect()
}
