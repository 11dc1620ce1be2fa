//! Queries: clauses and relations.

use std::collections::HashSet;

use sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, GroupByWithModifier, LimitClause, NamedWindowDefinition, NamedWindowExpr,
    ObjectName, ObjectNamePart, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query, Select,
    SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias,
    WildcardAdditionalOptions, With, WithFill,
};

use super::relations::{CTE_PREFIX, named};
use super::{Writer, Written, absent, identifier, unsupported};
use crate::refusal::Refusal;

/// Words that the parser takes for an alias where ClickHouse doesn't: `events ANY LEFT JOIN users`.
const NO_ALIASES: &[&str] = &["ALL", "ANTI", "ANY", "ASOF", "FINAL", "GLOBAL", "PASTE", "PREWHERE", "SAMPLE", "SEMI"];

impl Writer<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Written {
        self.within(|writer| {
            writer.scopes.push(HashSet::new());
            writer.whole_query(query)?;
            writer.scopes.pop();
            Ok(())
        })
    }

    fn whole_query(&mut self, query: &Query) -> Written {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        absent(fetch.is_none(), "FETCH")?;
        absent(locks.is_empty() && for_clause.is_none(), "FOR")?;
        absent(pipe_operators.is_empty(), "|>")?;
        absent(settings.is_none(), "SETTINGS of a subquery")?;
        absent(format_clause.is_none(), "FORMAT of a subquery")?;
        if let Some(With { with_token: _, recursive, cte_tables }) = with {
            absent(!recursive, "WITH RECURSIVE")?;
            self.put("WITH ");
            self.separated(cte_tables, ", ", Self::common)?;
            self.put(" ");
        }
        self.body(body)?;
        if let Some(OrderBy { kind, interpolate }) = order_by {
            absent(interpolate.is_none(), "INTERPOLATE")?;
            self.put(" ORDER BY ");
            match kind {
                OrderByKind::All(options) => {
                    self.put("ALL");
                    self.order_options(options)?;
                }
                OrderByKind::Expressions(all) => self.separated(all, ", ", Self::ordered)?,
            }
        }
        match limit_clause {
            None => Ok(()),
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.put(" LIMIT ");
                self.expression(offset)?;
                self.put(", ");
                self.expression(limit)
            }
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                if let Some(limit) = limit {
                    self.put(" LIMIT ");
                    self.expression(limit)?;
                }
                if let Some(Offset { value, rows: _ }) = offset {
                    self.put(" OFFSET ");
                    self.expression(value)?;
                }
                if !limit_by.is_empty() {
                    self.put(" BY ");
                    self.expressions(limit_by)?;
                }
                Ok(())
            }
        }
    }

    fn common(&mut self, common: &Cte) -> Written {
        let Cte { alias, query, from, materialized, closing_paren_token: _ } = common;
        absent(from.is_none() && materialized.is_none(), "MATERIALIZED")?;
        let name = alias_name(alias)?;
        self.put(&identifier(&format!("{CTE_PREFIX}{name}"))?);
        self.put(" AS (");
        self.query(query)?;
        self.put(")");
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned());
        }
        Ok(())
    }

    fn body(&mut self, body: &SetExpr) -> Written {
        self.within(|writer| match body {
            SetExpr::Select(select) => writer.select(select),
            SetExpr::Query(query) => {
                writer.put("(");
                writer.query(query)?;
                writer.put(")");
                Ok(())
            }
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                writer.side(left)?;
                writer.put(match op {
                    SetOperator::Union => " UNION",
                    SetOperator::Except => " EXCEPT",
                    SetOperator::Intersect => " INTERSECT",
                    SetOperator::Minus => return Err(unsupported("MINUS")),
                });
                writer.put(match set_quantifier {
                    SetQuantifier::All => " ALL ",
                    SetQuantifier::Distinct | SetQuantifier::None => " DISTINCT ",
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
                        return Err(unsupported("BY NAME"));
                    }
                });
                writer.side(right)
            }
            SetExpr::Values(_) => Err(unsupported(
                "VALUES as a query (but SELECT * FROM VALUES('a String, b UInt8', ('x', 1), ('y', 2)) can)",
            )),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) | SetExpr::Table(_) => {
                Err(Refusal::readonly("Only SELECT can be run"))
            }
        })
    }

    /// A side of a set operation, in brackets if it is one itself: the engine's precedence may be another.
    fn side(&mut self, side: &SetExpr) -> Written {
        if !matches!(side, SetExpr::SetOperation { .. }) {
            return self.body(side);
        }
        self.put("(");
        self.body(side)?;
        self.put(")");
        Ok(())
    }

    fn select(&mut self, select: &Select) -> Written {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        absent(optimizer_hints.is_empty() && select_modifiers.is_none() && top.is_none(), "this kind of SELECT")?;
        absent(exclude.is_none() && into.is_none() && value_table_mode.is_none(), "SELECT … INTO or EXCLUDE")?;
        absent(lateral_views.is_empty() && connect_by.is_empty(), "LATERAL VIEW or CONNECT BY")?;
        absent(cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty(), "SORT BY")?;
        absent(prewhere.is_none(), "PREWHERE (write WHERE)")?;
        absent(!matches!(flavor, SelectFlavor::FromFirstNoSelect), "FROM without SELECT")?;
        self.named.push(named(from));
        self.put("SELECT ");
        match distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => self.put("DISTINCT "),
            Some(Distinct::On(columns)) => {
                self.put("DISTINCT ON (");
                self.expressions(columns)?;
                self.put(") ");
            }
        }
        self.separated(projection, ", ", Self::item)?;
        if !from.is_empty() {
            self.put(" FROM ");
            self.from(from)?;
        }
        self.clause(" WHERE ", selection.as_ref())?;
        self.group_by(group_by)?;
        self.clause(" HAVING ", having.as_ref())?;
        if !named_window.is_empty() {
            self.put(" WINDOW ");
            self.separated(named_window, ", ", Self::window)?;
        }
        self.clause(" QUALIFY ", qualify.as_ref())?;
        self.named.pop();
        Ok(())
    }

    fn item(&mut self, item: &SelectItem) -> Written {
        match item {
            SelectItem::UnnamedExpr(expression) => self.unnamed(expression),
            SelectItem::ExprWithAlias { expr, alias } => {
                absent(alias.quote_style != Some('\''), "a text as an alias")?;
                self.expression(expr)?;
                self.put(" AS ");
                self.name(&alias.value)
            }
            SelectItem::Wildcard(options) => {
                self.put("*");
                self.wildcard(options)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let relation = self.called(&plain(name)?)?;
                self.name(&relation)?;
                self.put(".*");
                self.wildcard(options)
            }
            SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                Err(unsupported("this kind of column"))
            }
        }
    }

    fn wildcard(&mut self, options: &WildcardAdditionalOptions) -> Written {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        let known = opt_ilike.is_none()
            && opt_exclude.is_none()
            && opt_replace.is_none()
            && opt_rename.is_none()
            && opt_alias.is_none();
        absent(known, "this after *")?;
        if let Some(except) = opt_except {
            self.put(" EXCEPT (");
            self.name(&except.first_element.value)?;
            for name in &except.additional_elements {
                self.put(", ");
                self.name(&name.value)?;
            }
            self.put(")");
        }
        Ok(())
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Written {
        let modifiers = match group_by {
            GroupByExpr::All(modifiers) => {
                self.put(" GROUP BY ALL");
                modifiers
            }
            GroupByExpr::Expressions(all, modifiers) => {
                if !all.is_empty() {
                    self.put(" GROUP BY ");
                    self.keys(all)?;
                }
                modifiers
            }
        };
        for modifier in modifiers {
            self.put(match modifier {
                GroupByWithModifier::Rollup => " WITH ROLLUP",
                GroupByWithModifier::Cube => " WITH CUBE",
                GroupByWithModifier::Totals => " WITH TOTALS",
                GroupByWithModifier::GroupingSets(_) => return Err(unsupported("GROUPING SETS")),
            });
        }
        Ok(())
    }

    /// Keys, or all sets of them at once.
    fn keys(&mut self, keys: &[Expr]) -> Written {
        let (word, sets) = match keys {
            [Expr::Rollup(sets)] => ("ROLLUP", sets),
            [Expr::Cube(sets)] => ("CUBE", sets),
            [Expr::GroupingSets(sets)] => ("GROUPING SETS", sets),
            keys => return self.expressions(keys),
        };
        self.put(&format!("{word} ("));
        self.separated(sets, ", ", |writer, set| match set.as_slice() {
            [only] if word != "GROUPING SETS" => writer.expression(only),
            set => writer.listed("(", set, ")"),
        })?;
        self.put(")");
        Ok(())
    }

    fn window(&mut self, window: &NamedWindowDefinition) -> Written {
        let NamedWindowDefinition(name, NamedWindowExpr::WindowSpec(spec)) = window else {
            return Err(unsupported("a window that is another"));
        };
        self.name(&name.value)?;
        self.put(" AS ");
        self.window_spec(spec)
    }

    pub(super) fn ordered(&mut self, ordered: &OrderByExpr) -> Written {
        let OrderByExpr { expr, options, with_fill } = ordered;
        self.expression(expr)?;
        self.order_options(options)?;
        let Some(WithFill { from, to, step }) = with_fill else { return Ok(()) };
        self.put(" WITH FILL");
        self.clause(" FROM ", from.as_ref())?;
        self.clause(" TO ", to.as_ref())?;
        self.clause(" STEP ", step.as_ref())
    }

    fn order_options(&mut self, options: &OrderByOptions) -> Written {
        let OrderByOptions { sort, nulls_first } = options;
        self.put(match sort {
            None => "",
            Some(OrderBySort::Asc) => " ASC",
            Some(OrderBySort::Desc) => " DESC",
            Some(OrderBySort::Using(_)) => return Err(unsupported("ORDER BY … USING")),
        });
        self.put(match nulls_first {
            None => "",
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
        });
        Ok(())
    }
}

/// The parts of a name.
pub(super) fn plain(name: &ObjectName) -> Result<Vec<&str>, Refusal> {
    name.0.iter().map(part).collect()
}

fn part(part: &ObjectNamePart) -> Result<&str, Refusal> {
    match part {
        ObjectNamePart::Identifier(name) => Ok(&name.value),
        ObjectNamePart::Function(_) => Err(unsupported("a function in a name")),
    }
}

pub(super) fn alias_name(alias: &TableAlias) -> Result<&str, Refusal> {
    let TableAlias { explicit, name, columns, at } = alias;
    absent(columns.is_empty() && at.is_none(), "columns after an alias")?;
    let word = NO_ALIASES.iter().any(|word| name.value.eq_ignore_ascii_case(word));
    let meant = *explicit || name.quote_style.is_some() || !word;
    absent(meant, &format!("{} after a relation", name.value))?;
    Ok(&name.value)
}
