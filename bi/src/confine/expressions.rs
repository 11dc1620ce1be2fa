//! Expressions. All are written in brackets or as calls, so that no precedence is needed to read them as they were meant.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, DuplicateTreatment,
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval,
    LambdaFunction, LambdaSyntax, NullTreatment, OneOrManyWithParens, Subscript, TrimWhereField, TypedString,
    UnaryOperator, Value, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::lexis::{quoted, unescaped};
use super::queries::plain;
use super::{PARAMETER_PREFIX, Writer, Written, absent, functions, types, unsupported};
use crate::refusal::Refusal;
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

    /// What is answered here keeps the name that the engine would have given it: clients look columns up by it.
    pub(super) fn unnamed(&mut self, expression: &Expr) -> Written {
        self.expression(expression)?;
        if let Expr::Function(call) = expression
            && let Ok([name]) = plain(&call.name).as_deref()
            && self.constant(name, &call.args).is_some()
        {
            self.put(" AS ");
            self.name(&format!("{name}()"))?;
        }
        Ok(())
    }

    fn one(&mut self, expression: &Expr) -> Written {
        match expression {
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
            Expr::RLike { negated: false, expr, pattern, regexp: _ } => self.call("match", &[expr, pattern]),
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
                self.put("CAST(");
                self.value(&value.value)?;
                self.put(&format!(" AS {})", types::written(data_type)?));
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

    /// A column, perhaps of a relation, perhaps of the only database.
    pub(super) fn column(&mut self, parts: &[Ident]) -> Written {
        let parts = match parts {
            [database, view, _, ..] if database.value == DATABASE && View::named(&view.value).is_some() => &parts[1..],
            parts => parts,
        };
        self.separated(parts, ".", |writer, part| writer.name(&part.value))
    }

    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Written {
        let Some((last, before)) = chain.split_last() else { return self.expression(root) };
        self.within(|writer| {
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
            Value::Number(number, _) => {
                let digits = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
                let first = number.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'.');
                absent(first && number.len() <= 100 && number.bytes().all(digits), "this number")?;
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
                let value = !matches!(bare, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
                absent(value, "a name on the right of IN (write a subquery)")?;
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

    fn function(&mut self, function: &Function) -> Written {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        absent(!uses_odbc_syntax && within_group.is_empty(), "WITHIN GROUP")?;
        let parts = plain(name)?;
        let [name] = parts.as_slice() else { return Err(unsupported("a function of a database")) };
        if let Some(constant) = self.constant(name, args) {
            self.put(&constant);
            return Ok(());
        }
        let written = functions::known(name)?;
        self.put(&written);
        match parameters {
            FunctionArguments::None => {}
            FunctionArguments::List(list) => self.arguments(list)?,
            FunctionArguments::Subquery(_) => return Err(unsupported("a query as parameter")),
        }
        match args {
            FunctionArguments::None => self.put("()"),
            FunctionArguments::List(list) => self.arguments(list)?,
            FunctionArguments::Subquery(query) => {
                self.put("((");
                self.query(query)?;
                self.put("))");
            }
        }
        if let Some(condition) = filter {
            self.put(" FILTER (WHERE ");
            self.expression(condition)?;
            self.put(")");
        }
        self.put(match null_treatment {
            None => "",
            Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS",
            Some(NullTreatment::RespectNulls) => " RESPECT NULLS",
        });
        match over {
            None => Ok(()),
            Some(WindowType::NamedWindow(name)) => {
                self.put(" OVER ");
                self.name(&name.value)
            }
            Some(WindowType::WindowSpec(spec)) => {
                self.put(" OVER ");
                self.window_spec(spec)
            }
        }
    }

    /// What clients ask of the server, answered here.
    fn constant(&self, name: &str, args: &FunctionArguments) -> Option<String> {
        let none = match args {
            FunctionArguments::None => true,
            FunctionArguments::List(list) => list.args.is_empty(),
            FunctionArguments::Subquery(_) => false,
        };
        let text = match name.to_ascii_lowercase().as_str() {
            _ if !none => return None,
            "version" => &self.surroundings.version,
            "timezone" | "servertimezone" => "UTC",
            "currentdatabase" | "database" | "schema" | "current_schema" | "current_database" => DATABASE,
            "currentuser" | "user" | "current_user" | "hostname" | "displayname" => DATABASE,
            _ => return None,
        };
        Some(quoted(text.as_bytes()))
    }

    fn arguments(&mut self, list: &FunctionArgumentList) -> Written {
        let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        absent(clauses.is_empty(), "a clause among arguments")?;
        self.put(match duplicate_treatment {
            Some(DuplicateTreatment::Distinct) => "(DISTINCT ",
            Some(DuplicateTreatment::All) | None => "(",
        });
        self.separated(args, ", ", |writer, argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Lambda(lambda))) => writer.lambda(lambda),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => writer.expression(expression),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if args.len() == 1 => {
                writer.put("*");
                Ok(())
            }
            _ => Err(unsupported("this kind of argument")),
        })?;
        self.put(")");
        Ok(())
    }

    /// Only as an argument: a lambda with a name of its own would take the place of a function, also of those that keep
    /// tenants apart.
    fn lambda(&mut self, lambda: &LambdaFunction) -> Written {
        let LambdaFunction { params, body, syntax } = lambda;
        absent(matches!(syntax, LambdaSyntax::Arrow), "LAMBDA")?;
        let params = match params {
            OneOrManyWithParens::One(one) => std::slice::from_ref(one),
            OneOrManyWithParens::Many(many) => many.as_slice(),
        };
        self.put("(");
        self.separated(params, ", ", |writer, param| {
            absent(param.data_type.is_none(), "the type of a lambda's argument")?;
            writer.name(&param.name.value)
        })?;
        self.put(") -> ");
        self.expression(body)
    }

    pub(super) fn window_spec(&mut self, spec: &WindowSpec) -> Written {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        self.put("(");
        if let Some(name) = window_name {
            self.name(&name.value)?;
        }
        if !partition_by.is_empty() {
            self.put(" PARTITION BY ");
            self.expressions(partition_by)?;
        }
        if !order_by.is_empty() {
            self.put(" ORDER BY ");
            self.separated(order_by, ", ", Self::ordered)?;
        }
        if let Some(WindowFrame { units, start_bound, end_bound }) = window_frame {
            self.put(match units {
                WindowFrameUnits::Rows => " ROWS ",
                WindowFrameUnits::Range => " RANGE ",
                WindowFrameUnits::Groups => return Err(unsupported("GROUPS")),
            });
            if let Some(end) = end_bound {
                self.put("BETWEEN ");
                self.bound(start_bound)?;
                self.put(" AND ");
                self.bound(end)?;
            } else {
                self.bound(start_bound)?;
            }
        }
        self.put(")");
        Ok(())
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Written {
        let (rows, word) = match bound {
            WindowFrameBound::CurrentRow => {
                self.put("CURRENT ROW");
                return Ok(());
            }
            WindowFrameBound::Preceding(rows) => (rows, " PRECEDING"),
            WindowFrameBound::Following(rows) => (rows, " FOLLOWING"),
        };
        match rows {
            Some(rows) => self.expression(rows)?,
            None => self.put("UNBOUNDED"),
        }
        self.put(word);
        Ok(())
    }

    fn call(&mut self, name: &str, arguments: &[&Expr]) -> Written {
        self.put(name);
        self.put("(");
        self.separated(arguments, ", ", |writer, argument| writer.expression(argument))?;
        self.put(")");
        Ok(())
    }

    fn listed(&mut self, open: &str, items: &[Expr], close: &str) -> Written {
        self.put(open);
        self.expressions(items)?;
        self.put(close);
        Ok(())
    }
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
