//! What a list of violations can be narrowed to.

use serde::Serialize;
use utoipa::IntoParams;

use crate::http::params::{ParamError, Params};
use crate::store::sql::Clauses;

/// Filters of violations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ViolationFilter {
    /// Names of rules.
    #[param(required = false)]
    pub rule: Vec<String>,
    /// `informational`, `low`, `medium`, `high` or `critical`.
    #[param(required = false)]
    pub level: Vec<String>,
    /// The least level.
    #[param(required = false)]
    pub min_level: Option<String>,
    /// Ids of devices; empty: violations without one.
    #[param(required = false)]
    pub device_id: Vec<String>,
    /// `true` for those that were reviewed, `false` for those that were not.
    #[param(required = false)]
    pub reviewed: Option<bool>,
}

/// Levels of rules, as Sigma names them; the table keeps their rank, from 0.
pub const LEVELS: &[&str] = &["informational", "low", "medium", "high", "critical"];

/// The name of a level's rank.
pub fn level_name(rank: u8) -> &'static str {
    LEVELS.get(usize::from(rank)).copied().unwrap_or("informational")
}

impl ViolationFilter {
    /// Takes all filters from the query string.
    pub fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            rule: params.list("rule")?,
            level: params.list_of("level", LEVELS)?,
            min_level: params.one_of("min_level", LEVELS)?,
            device_id: params.ids_or_empty("device_id")?,
            reviewed: params.flag("reviewed")?,
        })
    }

    /// Adds the conditions.
    pub fn add_to(&self, clauses: &mut Clauses) {
        if !self.rule.is_empty() {
            clauses.texts("rule IN {rule:Array(String)}", "rule", &self.rule);
        }
        if !self.device_id.is_empty() {
            clauses.texts("device_id IN {device_id:Array(String)}", "device_id", &self.device_id);
        }
        if !self.level.is_empty() || self.min_level.is_some() {
            let least = self.min_level.as_deref().and_then(|least| LEVELS.iter().position(|name| *name == least));
            let wanted = |name: &str| self.level.is_empty() || self.level.iter().any(|level| level == name);
            let ranks: Vec<u8> = (0_u8..)
                .zip(LEVELS)
                .filter(|(rank, name)| usize::from(*rank) >= least.unwrap_or(0) && wanted(name))
                .map(|(rank, _)| rank)
                .collect();
            clauses.ranks("level IN {level:Array(UInt8)}", "level", &ranks);
        }
        match self.reviewed {
            Some(true) => clauses.plain("reviewed"),
            Some(false) => clauses.plain("NOT reviewed"),
            None => {}
        }
    }
}
