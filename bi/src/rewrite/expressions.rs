//! Expressions. All are written in brackets or as calls, so that no precedence is needed to read them as they were meant.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, Ident,
    Interval, Subscript, TrimWhereField, TypedString, UnaryOperator, Value,
};

use super::lexis::PART;
use super::{PARAMETER_PREFIX, Writer, Written, absent, unsupported};
use crate::literals::{quoted, unescaped};
use crate::refusal::Refusal;
use crate::types;
use crate::views::{DATABASE, View};

impl Writer<'_> {
    pub(super) fn clause(&mut self, word: &str, expression: Option<&Expr>) -> Written {
        let Some(expression) = expression else { return Ok(()) };
        self.put(word);
        self.expression(expression)
    }

    pub(super) fn expressions(&mut self, all: &[Expr]) -> Written {
        self.separated(all, ", ", Self::expression)
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> Written {
        self.within(|writer| writer.one(expression))
    }

    fn one(&mut self, expression: &Expr) -> Written {
        match expression {
            Expr::Identifier(name) if is_number(name) => {
                self.put(&name.value.to_ascii_lowercase());
                Ok(())
            }
            Expr::Identifier(name) => self.name(&name.value),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Value(value) => self.value(&value.value),
            Expr::Nested(inner) => self.expression(inner),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::UnaryOp { op, expr } => {
                self.put(match op {
                    UnaryOperator::Not => "(NOT ",
                    UnaryOperator::Minus => "(- ",
                    UnaryOperator::Plus => "(0 + ",
                    _ => return Err(unsupported("this operator")),
                });
                self.expression(expr)?;
                self.put(")");
                Ok(())
            }
            Expr::IsNull(inner) => self.call("isNull", &[inner]),
            Expr::IsNotNull(inner) => self.call("isNotNull", &[inner]),
            Expr::IsTrue(inner) => self.truth("", inner, "false"),
            Expr::IsNotTrue(inner) => self.truth("NOT ", inner, "false"),
            Expr::IsFalse(inner) => self.truth("NOT ", inner, "true"),
            Expr::IsNotFalse(inner) => self.truth("", inner, "true"),
            Expr::IsDistinctFrom(left, right) => self.call("isDistinctFrom", &[left, right]),
            Expr::IsNotDistinctFrom(left, right) => self.call("isNotDistinctFrom", &[left, right]),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => {
                self.put("(");
                self.expression(expr)?;
                self.put(if *negated { " NOT IN (" } else { " IN (" });
                self.query(subquery)?;
                self.put("))");
                Ok(())
            }
            Expr::Between { expr, negated, low, high } => {
                self.put(if *negated { "(NOT (" } else { "((" });
                self.expression(expr)?;
                self.put(" BETWEEN ");
                self.expression(low)?;
                self.put(" AND ");
                self.expression(high)?;
                self.put("))");
                Ok(())
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.call(if *negated { "notLike" } else { "like" }, &[expr, pattern])
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.call(if *negated { "notILike" } else { "ilike" }, &[expr, pattern])
            }
            Expr::RLike { negated, expr, pattern, regexp: _ } => {
                self.put(if *negated { "(NOT " } else { "(" });
                self.call("match", &[expr, pattern])?;
                self.put(")");
                Ok(())
            }
            Expr::Cast { kind, expr, data_type, format: None } => self.cast(kind, expr, data_type),
            Expr::AtTimeZone { timestamp, time_zone } => self.call("toTimeZone", &[timestamp, time_zone]),
            Expr::Extract { field, syntax: _, expr } => self.call(part_of(field)?, &[expr]),
            Expr::Ceil { expr, field } => self.rounded("ceil", expr, field),
            Expr::Floor { expr, field } => self.rounded("floor", expr, field),
            Expr::Position { expr, r#in } => self.call("position", &[r#in, expr]),
            Expr::Substring { expr, substring_from: Some(from), substring_for, special: _, shorthand: _ } => {
                let mut arguments: Vec<&Expr> = vec![expr, from];
                arguments.extend(substring_for.as_deref());
                self.call("substring", &arguments)
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trimBoth",
                    Some(TrimWhereField::Leading) => "trimLeft",
                    Some(TrimWhereField::Trailing) => "trimRight",
                };
                let mut arguments: Vec<&Expr> = vec![expr];
                arguments.extend(trim_what.as_deref());
                self.call(name, &arguments)
            }
            Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false }) => {
                let kind = types::written(data_type)?;
                self.zones_of_type(&kind)?;
                self.put("CAST(");
                self.value(&value.value)?;
                self.put(&format!(" AS {kind})"));
                Ok(())
            }
            Expr::Function(function) => self.function(function),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.put("(CASE");
                self.clause(" ", operand.as_deref())?;
                for CaseWhen { condition, result } in conditions {
                    self.clause(" WHEN ", Some(condition))?;
                    self.clause(" THEN ", Some(result))?;
                }
                self.clause(" ELSE ", else_result.as_deref())?;
                self.put(" END)");
                Ok(())
            }
            Expr::Exists { subquery, negated } => {
                self.put(if *negated { "(NOT EXISTS (" } else { "(EXISTS (" });
                self.query(subquery)?;
                self.put("))");
                Ok(())
            }
            Expr::Subquery(subquery) => {
                self.put("(");
                self.query(subquery)?;
                self.put(")");
                Ok(())
            }
            Expr::Tuple(items) => self.listed("tuple(", items, ")"),
            Expr::Array(Array { elem, named: _ }) => self.listed("array(", elem, ")"),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Lambda(_) => Err(unsupported("a lambda that is no argument of a function")),
            _ => Err(unsupported("this kind of expression")),
        }
    }

    /// A column, perhaps of a relation, perhaps of a database.
    pub(super) fn column(&mut self, parts: &[Ident]) -> Written {
        let names: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
        let alias = |count: usize| {
            let (relation, rest) = names.split_at_checked(count).filter(|(_, rest)| !rest.is_empty())?;
            self.alias(relation).map(|alias| std::iter::once(alias).chain(rest.iter().copied()).collect::<Vec<_>>())
        };
        let written: Vec<String> = match (alias(1).or_else(|| alias(2)), names.as_slice()) {
            (Some(found), _) => found,
            (None, [DATABASE, view, _, ..]) if View::named(view).is_some() => names[1..].to_vec(),
            (None, names) => names.to_vec(),
        }
        .into_iter()
        .map(str::to_owned)
        .collect();
        self.separated(&written, ".", |writer, part| writer.name(part))
    }

    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Written {
        let Some((last, before)) = chain.split_last() else { return self.expression(root) };
        if let Some(parts) = path(root, chain) {
            return self.column(&parts);
        }
        self.within(|writer| {
            if let AccessExpr::Subscript(Subscript::Index { index: Expr::Value(place) }) = last
                && let Value::Placeholder(place) = &place.value
                && let Some(number) = place.strip_prefix(PART)
            {
                writer.put("tupleElement(");
                writer.access(root, before)?;
                writer.put(&format!(", {number})"));
                return Ok(());
            }
            let (call, argument) = match last {
                AccessExpr::Subscript(Subscript::Index { index }) => ("arrayElement(", index),
                AccessExpr::Dot(name) => ("tupleElement(", name),
                AccessExpr::Subscript(Subscript::Slice { .. }) => return Err(unsupported("a slice")),
            };
            writer.put(call);
            writer.access(root, before)?;
            writer.put(", ");
            match (last, argument) {
                (AccessExpr::Dot(_), Expr::Identifier(name)) => writer.put(&quoted(name.value.as_bytes())),
                (_, argument) => writer.expression(argument)?,
            }
            writer.put(")");
            Ok(())
        })
    }

    fn value(&mut self, value: &Value) -> Written {
        match value {
            // Written by `numbers`.
            Value::Number(number, _) => {
                let own = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
                let first = number.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'.');
                absent(first && number.bytes().all(own), "this number")?;
                self.put(number);
            }
            Value::SingleQuotedString(raw) => self.put(&quoted(&unescaped(raw))),
            Value::Boolean(on) => self.put(if *on { "true" } else { "false" }),
            Value::Null => self.put("NULL"),
            Value::Placeholder(place) => {
                let at = place.strip_prefix('$').and_then(|at| at.parse::<usize>().ok());
                let known = at.and_then(|at| self.parameters.get(at));
                let Some(parameter) = known else { return Err(unsupported("this placeholder")) };
                self.used.insert(parameter.name.clone());
                self.zones_of_type(&parameter.kind)?;
                let text = format!("{{{PARAMETER_PREFIX}{}:{}}}", parameter.name, parameter.kind);
                self.put(&text);
            }
            _ => return Err(unsupported("this kind of literal")),
        }
        Ok(())
    }

    /// A chain of one operator is written as a chain, however long it is.
    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Written {
        let word = operator(op)?;
        let mixed = |side: &Expr| matches!(side, Expr::BinaryOp { op: inner, .. } if binds_otherwise(op, inner));
        absent(!mixed(left) && !mixed(right), "|| beside + - * / % without brackets")?;
        let mut operands = vec![right];
        let mut first = left;
        while let Expr::BinaryOp { left, op: inner, right } = first
            && inner == op
        {
            operands.push(right);
            first = left;
        }
        self.put("(");
        self.expression(first)?;
        for operand in operands.into_iter().rev() {
            self.put(word);
            self.expression(operand)?;
        }
        self.put(")");
        Ok(())
    }

    /// A bare name on the right of IN would be a table's to the engine; so would one in brackets.
    fn in_list(&mut self, expression: &Expr, list: &[Expr], negated: bool) -> Written {
        self.put("(");
        self.expression(expression)?;
        self.put(if negated { " NOT IN " } else { " IN " });
        match list {
            [only] => {
                let mut bare = only;
                while let Expr::Nested(inner) = bare {
                    bare = inner;
                }
                // The parser takes all that follows an unbracketed right side for a part of it.
                let value = match bare {
                    Expr::Identifier(_) | Expr::CompoundIdentifier(_) => false,
                    Expr::BinaryOp { op, .. } => matches!(op, BinaryOperator::Plus | BinaryOperator::Minus),
                    _ => true,
                };
                absent(value, "this on the right of IN (write IN (…), with values or a subquery)")?;
                self.put("(");
                self.expression(bare)?;
                self.put(")");
            }
            list => self.listed("tuple(", list, ")")?,
        }
        self.put(")");
        Ok(())
    }

    fn cast(&mut self, kind: &CastKind, expression: &Expr, data_type: &DataType) -> Written {
        let kind_written = types::written(data_type)?;
        self.zones_of_type(&kind_written)?;
        if matches!(kind, CastKind::TryCast | CastKind::SafeCast) {
            self.put("accurateCastOrNull(");
            self.expression(expression)?;
            self.put(&format!(", {})", quoted(kind_written.as_bytes())));
        } else {
            self.put("CAST(");
            self.expression(expression)?;
            self.put(&format!(" AS {kind_written})"));
        }
        Ok(())
    }

    /// `IS TRUE` and the like, which are never NULL.
    fn truth(&mut self, not: &str, expression: &Expr, of_null: &str) -> Written {
        self.put(&format!("({not}ifNull(toBool("));
        self.expression(expression)?;
        self.put(&format!("), {of_null}))"));
        Ok(())
    }

    fn rounded(&mut self, name: &str, expression: &Expr, field: &CeilFloorKind) -> Written {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => self.call(name, &[expression]),
            CeilFloorKind::DateTimeField(_) => Err(unsupported("rounding to a field")),
            CeilFloorKind::Scale(scale) => {
                self.put(&format!("{name}("));
                self.expression(expression)?;
                self.put(", ");
                self.value(&scale.value)?;
                self.put(")");
                Ok(())
            }
        }
    }

    fn interval(&mut self, interval: &Interval) -> Written {
        let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
        absent(
            leading_precision.is_none() && last_field.is_none() && fractional_seconds_precision.is_none(),
            "this kind of INTERVAL",
        )?;
        let Some(field) = leading_field else { return Err(unsupported("INTERVAL without a unit")) };
        let name = interval_of(field)?;
        // INTERVAL '1' DAY is a number, too.
        if let Expr::Value(text) = &**value
            && let Value::SingleQuotedString(digits) = &text.value
            && let Ok(number) = digits.trim().parse::<i64>()
        {
            self.put(&format!("{name}({number})"));
            return Ok(());
        }
        self.call(name, &[value])
    }

    fn call(&mut self, name: &str, arguments: &[&Expr]) -> Written {
        self.zones_of_call(name, arguments)?;
        self.put(name);
        self.put("(");
        self.separated(arguments, ", ", |writer, argument| writer.expression(argument))?;
        self.put(")");
        Ok(())
    }

    pub(super) fn listed(&mut self, open: &str, items: &[Expr], close: &str) -> Written {
        self.put(open);
        self.expressions(items)?;
        self.put(close);
        Ok(())
    }
}

/// `inf` and `nan`, which are numbers to ClickHouse and names to the parser.
fn is_number(name: &Ident) -> bool {
    name.quote_style.is_none() && ["inf", "nan"].iter().any(|known| name.value.eq_ignore_ascii_case(known))
}

/// A chain of names alone: a column of a relation, before anything is taken of it.
fn path(root: &Expr, chain: &[AccessExpr]) -> Option<Vec<Ident>> {
    let name = |access: &AccessExpr| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
        _ => None,
    };
    let Expr::Identifier(first) = root else { return None };
    let rest: Option<Vec<Ident>> = chain.iter().map(name).collect();
    Some(std::iter::once(first.clone()).chain(rest?).collect())
}

/// To the parser `||` binds as `*` does, to ClickHouse less than `+`.
fn binds_otherwise(one: &BinaryOperator, other: &BinaryOperator) -> bool {
    let joins = |op: &BinaryOperator| *op == BinaryOperator::StringConcat;
    let reckons = |op: &BinaryOperator| {
        matches!(
            op,
            BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
        )
    };
    joins(one) && reckons(other) || reckons(one) && joins(other)
}

fn operator(op: &BinaryOperator) -> Result<&'static str, Refusal> {
    Ok(match op {
        BinaryOperator::Plus => " + ",
        BinaryOperator::Minus => " - ",
        BinaryOperator::Multiply => " * ",
        BinaryOperator::Divide => " / ",
        BinaryOperator::Modulo => " % ",
        BinaryOperator::StringConcat => " || ",
        BinaryOperator::Gt => " > ",
        BinaryOperator::Lt => " < ",
        BinaryOperator::GtEq => " >= ",
        BinaryOperator::LtEq => " <= ",
        BinaryOperator::Eq => " = ",
        BinaryOperator::NotEq => " != ",
        BinaryOperator::And => " AND ",
        BinaryOperator::Or => " OR ",
        _ => return Err(unsupported("this operator")),
    })
}

fn part_of(field: &DateTimeField) -> Result<&'static str, Refusal> {
    Ok(match field {
        DateTimeField::Year => "toYear",
        DateTimeField::Quarter => "toQuarter",
        DateTimeField::Month => "toMonth",
        DateTimeField::Week(None) => "toISOWeek",
        DateTimeField::Day => "toDayOfMonth",
        DateTimeField::DayOfWeek | DateTimeField::Dow => "toDayOfWeek",
        DateTimeField::DayOfYear | DateTimeField::Doy => "toDayOfYear",
        DateTimeField::Hour => "toHour",
        DateTimeField::Minute => "toMinute",
        DateTimeField::Second => "toSecond",
        DateTimeField::Epoch => "toUnixTimestamp",
        _ => return Err(unsupported("EXTRACT of this field")),
    })
}

fn interval_of(field: &DateTimeField) -> Result<&'static str, Refusal> {
    Ok(match field {
        DateTimeField::Year | DateTimeField::Years => "toIntervalYear",
        DateTimeField::Quarter => "toIntervalQuarter",
        DateTimeField::Month | DateTimeField::Months => "toIntervalMonth",
        DateTimeField::Week(None) | DateTimeField::Weeks => "toIntervalWeek",
        DateTimeField::Day | DateTimeField::Days => "toIntervalDay",
        DateTimeField::Hour | DateTimeField::Hours => "toIntervalHour",
        DateTimeField::Minute | DateTimeField::Minutes => "toIntervalMinute",
        DateTimeField::Second | DateTimeField::Seconds => "toIntervalSecond",
        DateTimeField::Millisecond | DateTimeField::Milliseconds => "toIntervalMillisecond",
        _ => return Err(unsupported("INTERVAL of this unit")),
    })
}
