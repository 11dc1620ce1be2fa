//! Calls of functions: which, with what, over which window.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    LambdaFunction, LambdaSyntax, NullTreatment, OneOrManyWithParens, Value, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};

use super::queries::plain;
use super::{Writer, Written, absent, unsupported, zones};
use crate::literals::{quoted, unescaped};
use crate::native::REVISION;
use crate::refusal::Refusal;
use crate::views::DATABASE;
use crate::{functions, types};

impl Writer<'_> {
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

    pub(super) fn function(&mut self, function: &Function) -> Written {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        absent(!uses_odbc_syntax && within_group.is_empty(), "WITHIN GROUP")?;
        absent(filter.is_none(), "FILTER (write countIf, sumIf …)")?;
        let parts = plain(name)?;
        let [name] = parts.as_slice() else { return Err(unsupported("a function of a database")) };
        if let Some(constant) = self.constant(name, args) {
            self.put(&constant);
            return Ok(());
        }
        if let FunctionArguments::List(list) = args
            && self.dated(name, list)?
        {
            return Ok(());
        }
        if let FunctionArguments::List(list) = args
            && self.converted(name, list)?
        {
            return Ok(());
        }
        let written = functions::known(name)?;
        self.zones_of_call(&written, &zones::expressions(args))?;
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
            "version" => &self.context.version,
            "timezone" | "servertimezone" => "UTC",
            "currentdatabase" | "database" | "schema" | "current_schema" | "current_database" => DATABASE,
            "currentuser" | "user" | "current_user" => DATABASE,
            "hostname" | "displayname" | "fqdn" => DATABASE,
            "revision" => return Some(format!("toUInt32({REVISION})")),
            _ => return None,
        };
        Some(quoted(text.as_bytes()))
    }

    /// Casts that are written as calls, their types as texts: `CAST(x, 'T')`. Says whether it was one.
    fn converted(&mut self, name: &str, list: &FunctionArgumentList) -> Result<bool, Refusal> {
        let call = match name.to_ascii_lowercase().as_str() {
            "cast" => "CAST",
            "accuratecast" => "accurateCast",
            "accuratecastornull" => "accurateCastOrNull",
            _ => return Ok(false),
        };
        let [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(kind))),
        ] = list.args.as_slice()
        else {
            return Err(unsupported("a cast that is not written CAST(x, 'Type') or CAST(x AS Type)"));
        };
        let Value::SingleQuotedString(raw) = &kind.value else { return Err(unsupported("a type that is no text")) };
        let kind = types::named(&String::from_utf8_lossy(&unescaped(raw)))?;
        self.zones_of_type(&kind)?;
        absent(list.duplicate_treatment.is_none() && list.clauses.is_empty(), "a clause of a cast")?;
        self.put(&format!("{call}("));
        self.expression(value)?;
        self.put(&format!(", {})", quoted(kind.as_bytes())));
        Ok(true)
    }

    /// A call by the parts of its name, where the parser took it for a relation.
    pub(super) fn named_call(&mut self, parts: &[&str], args: &[FunctionArg]) -> Written {
        let [name] = parts else { return Err(unsupported("a function of a database")) };
        let written = functions::known(name)?;
        let list = FunctionArgumentList { duplicate_treatment: None, args: args.to_vec(), clauses: Vec::new() };
        self.zones_of_call(&written, &zones::expressions(&FunctionArguments::List(list.clone())))?;
        self.put(&written);
        self.arguments(&list)
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
}
