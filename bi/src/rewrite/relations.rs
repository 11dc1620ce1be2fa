//! Relations: views, what is said of the server, common table expressions, subqueries. Nothing else has rows.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, TableFactor, TableFunctionArgs,
    TableWithJoins, Value,
};

use super::queries::{alias_name, plain};
use super::{MAX_RELATIONS, Writer, Written, absent, identifier, unsupported};
use crate::catalogue;
use crate::literals::unescaped;
use crate::refusal::Refusal;
use crate::types;
use crate::views::{DATABASE, View};

/// Before the names of common table expressions, so that none is ever a table's.
pub(super) const CTE_PREFIX: &str = "bi_cte_";

impl Writer<'_> {
    /// Relations one beside another. What follows an ARRAY JOIN after a comma is a further array to the engine.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Written {
        let mut is_array = false;
        for (at, joined) in from.iter().enumerate() {
            if is_array {
                absent(joined.joins.is_empty(), "a JOIN after an ARRAY JOIN")?;
                self.array_join(", ", &joined.relation)?;
                continue;
            }
            self.put(if at > 0 { ", " } else { "" });
            self.joined(joined)?;
            let last = joined.joins.last().map(|join| &join.join_operator);
            is_array = matches!(
                last,
                Some(JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin | JoinOperator::LeftArrayJoin)
            );
        }
        Ok(())
    }

    fn joined(&mut self, joined: &TableWithJoins) -> Written {
        let TableWithJoins { relation, joins } = joined;
        self.relation(relation)?;
        joins.iter().try_for_each(|join| self.join(join))
    }

    fn join(&mut self, join: &Join) -> Written {
        let Join { relation, global, join_operator } = join;
        absent(!global, "GLOBAL JOIN")?;
        let (words, constraint) = match join_operator {
            JoinOperator::Join(on) | JoinOperator::Inner(on) => (" INNER JOIN ", on),
            JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (" LEFT JOIN ", on),
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (" RIGHT JOIN ", on),
            JoinOperator::FullOuter(on) => (" FULL JOIN ", on),
            JoinOperator::CrossJoin(on) => (" CROSS JOIN ", on),
            JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => (" LEFT SEMI JOIN ", on),
            JoinOperator::RightSemi(on) => (" RIGHT SEMI JOIN ", on),
            JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => (" LEFT ANTI JOIN ", on),
            JoinOperator::RightAnti(on) => (" RIGHT ANTI JOIN ", on),
            JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin => return self.array_join(" ARRAY JOIN ", relation),
            JoinOperator::LeftArrayJoin => return self.array_join(" LEFT ARRAY JOIN ", relation),
            JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { .. }
            | JoinOperator::StraightJoin(_) => return Err(unsupported("this kind of JOIN")),
        };
        self.put(words);
        self.relation(relation)?;
        match constraint {
            JoinConstraint::None => Ok(()),
            JoinConstraint::Natural => Err(unsupported("NATURAL JOIN")),
            JoinConstraint::On(condition) => {
                self.put(" ON ");
                self.expression(condition)
            }
            JoinConstraint::Using(columns) => {
                self.put(" USING (");
                self.separated(columns, ", ", |writer, column| match plain(column)?.as_slice() {
                    [column] => writer.name(column),
                    _ => Err(unsupported("a qualified column in USING")),
                })?;
                self.put(")");
                Ok(())
            }
        }
    }

    /// The parser takes the array of an ARRAY JOIN for a relation; it is a column.
    fn array_join(&mut self, words: &str, array: &TableFactor) -> Written {
        let TableFactor::Table { name, alias, args, .. } = array else {
            return Err(unsupported("ARRAY JOIN of anything but a column or a call (use arrayJoin)"));
        };
        self.put(words);
        let parts = plain(name)?;
        match args {
            None => self.column(&parts.into_iter().map(Ident::new).collect::<Vec<_>>())?,
            Some(TableFunctionArgs { args, settings: None }) => self.named_call(&parts, args)?,
            Some(_) => return Err(unsupported("SETTINGS of a call")),
        }
        if let Some(alias) = alias {
            self.put(" AS ");
            self.name(alias_name(alias)?)?;
        }
        Ok(())
    }

    fn relation(&mut self, relation: &TableFactor) -> Written {
        self.relations += 1;
        if self.relations > MAX_RELATIONS {
            return Err(Refusal::too_big(format!("More than {MAX_RELATIONS} relations")));
        }
        match relation {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                absent(sample.is_none(), "SAMPLE")?;
                let plain_table = with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && index_hints.is_empty();
                absent(plain_table, "this after a relation")?;
                let parts = plain(name)?;
                match args {
                    None => self.named_relation(&parts)?,
                    Some(args) => self.table_function(&parts, args)?,
                }
                self.put(" AS ");
                match (alias, parts.last()) {
                    (Some(alias), _) => self.name(alias_name(alias)?),
                    (None, Some(name)) => self.name(name),
                    (None, None) => Err(unsupported("a relation without a name")),
                }
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                absent(!lateral && sample.is_none(), "LATERAL or SAMPLE")?;
                self.put("(");
                self.query(subquery)?;
                self.put(")");
                if let Some(alias) = alias {
                    self.put(" AS ");
                    self.name(alias_name(alias)?)?;
                }
                Ok(())
            }
            _ => Err(unsupported("this kind of relation (table functions among them)")),
        }
    }

    /// Whatever a name may stand for, its rows come from here alone.
    fn named_relation(&mut self, parts: &[&str]) -> Written {
        let text = match parts {
            [name] if self.scopes.iter().any(|scope| scope.contains(*name)) => {
                identifier(&format!("{CTE_PREFIX}{name}"))?
            }
            [name] | [DATABASE, name] => match View::named(name) {
                Some(view) => return self.view(view),
                None => return Err(Refusal::unknown_table(format!("There is no {name}; see SHOW TABLES"))),
            },
            [database, name] => catalogue::relation(database, name)?,
            _ => return Err(Refusal::unknown_table("A relation's name has one or two parts")),
        };
        self.put(&text);
        Ok(())
    }

    /// A view, with the conditions on it that came beside the statement.
    fn view(&mut self, view: &View) -> Written {
        self.reads.insert(view.name);
        let rows = view.subquery(&self.context.database);
        // None of them is heeded in one of them.
        let filters = std::mem::take(&mut self.filters);
        let mut of_view = filters.iter().filter(|(name, _)| *name == view.name).map(|(_, condition)| condition);
        match of_view.next() {
            None => self.put(&rows),
            Some(first) => {
                self.put(&format!("(SELECT * FROM {rows} AS "));
                self.name(view.name)?;
                self.named.push(vec![Named {
                    database: None,
                    name: view.name.to_owned(),
                    alias: view.name.to_owned(),
                }]);
                self.clause(" WHERE ", Some(first))?;
                of_view.try_for_each(|condition| self.clause(" AND ", Some(condition)))?;
                self.named.pop();
                self.put(")");
            }
        }
        self.filters = filters;
        Ok(())
    }

    /// The one that reads nothing: `VALUES ('a', 1), ('b', 2)`.
    fn table_function(&mut self, parts: &[&str], args: &TableFunctionArgs) -> Written {
        let TableFunctionArgs { args, settings } = args;
        let values = matches!(parts, [name] if name.eq_ignore_ascii_case("values"));
        absent(values && settings.is_none(), "Table functions (but VALUES)")?;
        let rows: Option<Vec<&Expr>> = args.iter().map(argument).collect();
        let rows = rows.ok_or_else(|| unsupported("this kind of argument"))?;
        match rows.as_slice() {
            [Expr::Value(first), rest @ ..] if !rest.is_empty() && structure(&first.value).is_some() => {
                self.values(structure(&first.value), rest)
            }
            rows => self.values(None, rows),
        }
    }

    fn values(&mut self, structure: Option<Vec<(String, String)>>, rows: &[&Expr]) -> Written {
        let Some(first) = rows.first() else { return Err(unsupported("VALUES without rows")) };
        let width = row(first).len();
        absent(rows.iter().all(|one| row(one).len() == width), "VALUES with rows of different lengths")?;
        absent(
            structure.as_ref().is_none_or(|columns| columns.len() == width),
            "VALUES with other columns than values",
        )?;
        self.put("(SELECT ");
        for at in 1..=width {
            self.put(if at > 1 { ", " } else { "" });
            let part = format!("tupleElement(`row`, {at})");
            match structure.as_ref().and_then(|columns| columns.get(at - 1)) {
                Some((name, kind)) => {
                    self.put(&format!("CAST({part} AS {kind}) AS "));
                    self.name(name)?;
                }
                None => self.put(&format!("{part} AS `c{at}`")),
            }
        }
        self.put(" FROM (SELECT arrayJoin(array(");
        self.separated(rows, ", ", |writer, one| writer.listed("tuple(", row(one), ")"))?;
        self.put(")) AS `row`))");
        Ok(())
    }

    /// What a relation is called here: its alias, if it has one.
    pub(super) fn called(&self, parts: &[&str]) -> Result<String, Refusal> {
        let Some(last) = parts.last() else { return Err(unsupported("a name without parts")) };
        Ok(self.alias(parts).map_or_else(|| (*last).to_owned(), str::to_owned))
    }

    /// The alias of the innermost relation that is meant by a name. ClickHouse knows a relation by its own name, too, where it
    /// has an alias; to the engine ours have their alias alone.
    pub(super) fn alias(&self, parts: &[&str]) -> Option<&str> {
        let is = |named: &Named| match parts {
            [name] => named.name.eq_ignore_ascii_case(name),
            [database, name] => {
                let own = named.database.as_deref().unwrap_or(DATABASE);
                named.name.eq_ignore_ascii_case(name) && own.eq_ignore_ascii_case(database)
            }
            _ => false,
        };
        let by_alias = |named: &Named| matches!(parts, [name] if named.alias == *name);
        let scopes = self.named.iter().rev();
        let mut found = scopes.filter_map(|scope| {
            scope.iter().find(|named| by_alias(named)).or_else(|| scope.iter().find(|named| is(named)))
        });
        found.next().map(|named| named.alias.as_str())
    }
}

/// A relation as a statement names it.
pub(super) struct Named {
    database: Option<String>,
    name: String,
    alias: String,
}

/// The relations that a FROM names.
pub(super) fn named(from: &[TableWithJoins]) -> Vec<Named> {
    let arrays = |join: &Join| {
        matches!(
            join.join_operator,
            JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin | JoinOperator::LeftArrayJoin
        )
    };
    let joined = |one: &TableWithJoins| {
        let others = one.joins.iter().filter(|join| !arrays(join)).map(|join| &join.relation);
        std::iter::once(&one.relation).chain(others).filter_map(name_of).collect::<Vec<_>>()
    };
    from.iter().flat_map(joined).collect()
}

fn name_of(relation: &TableFactor) -> Option<Named> {
    let TableFactor::Table { name, alias, args: None, .. } = relation else { return None };
    let parts = plain(name).ok()?;
    let (name, before) = parts.split_last()?;
    let alias = alias.as_ref().map_or(*name, |alias| &alias.name.value);
    let database = before.last().map(|database| (*database).to_owned());
    Some(Named { database, name: (*name).to_owned(), alias: alias.to_owned() })
}

fn argument(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    }
}

/// The values of a row of VALUES.
fn row(expression: &Expr) -> &[Expr] {
    match expression {
        Expr::Tuple(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// Names and types, where the first of VALUES says them: `'a String, b UInt8'`.
fn structure(value: &Value) -> Option<Vec<(String, String)>> {
    let Value::SingleQuotedString(raw) = value else { return None };
    let text = String::from_utf8(unescaped(raw)).ok()?;
    types::columns(&text).ok()
}
