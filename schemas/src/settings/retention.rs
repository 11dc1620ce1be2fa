//! How long events are kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;
use crate::catalogue::Category;

/// Retention classes in days: few, because each is part of the tables' partition key.
pub const RETENTION_DAYS: [u16; 6] = [30, 90, 180, 365, 730, 1825];

/// How long each category of events is kept, in days; each one of [`RETENTION_DAYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Retention {
    /// Sign-ins, failed ones and sign-outs.
    pub sign_ins: u16,
    /// Creations, deletions and edits of objects.
    pub changes: u16,
    /// Views and exports.
    pub views: u16,
    /// Changes of the configuration.
    pub configuration: u16,
    /// All else.
    pub other: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { sign_ins: 365, changes: 365, views: 90, configuration: 730, other: 180 }
    }
}

impl Retention {
    /// How long events of `category` are kept, in days.
    #[must_use]
    pub fn days(&self, category: Category) -> u16 {
        match category {
            Category::SignIns => self.sign_ins,
            Category::Changes => self.changes,
            Category::Views => self.views,
            Category::Configuration => self.configuration,
            Category::Other => self.other,
        }
    }

    pub(super) fn validate(&self) -> Result<(), Invalid> {
        RetentionChange::from(*self).validate("/retention")
    }
}

/// Another retention, as far as it is named: what is not stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RetentionChange {
    /// Every category that is not named by itself.
    #[schema(example = 180)]
    pub all: Option<u16>,
    /// Sign-ins, failed ones and sign-outs.
    pub sign_ins: Option<u16>,
    /// Creations, deletions and edits of objects.
    pub changes: Option<u16>,
    /// Views and exports.
    #[schema(example = 30)]
    pub views: Option<u16>,
    /// Changes of the configuration.
    pub configuration: Option<u16>,
    /// All else.
    pub other: Option<u16>,
}

impl From<Retention> for RetentionChange {
    fn from(whole: Retention) -> Self {
        let Retention { sign_ins, changes, views, configuration, other } = whole;
        Self {
            all: None,
            sign_ins: Some(sign_ins),
            changes: Some(changes),
            views: Some(views),
            configuration: Some(configuration),
            other: Some(other),
        }
    }
}

impl RetentionChange {
    /// What it makes of a retention.
    #[must_use]
    pub fn of(&self, now: Retention) -> Retention {
        let days = |named: Option<u16>, now: u16| named.or(self.all).unwrap_or(now);
        Retention {
            sign_ins: days(self.sign_ins, now.sign_ins),
            changes: days(self.changes, now.changes),
            views: days(self.views, now.views),
            configuration: days(self.configuration, now.configuration),
            other: days(self.other, now.other),
        }
    }

    /// Checks it, where it stands at `at` (a JSON Pointer) of what was sent.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self, at: &str) -> Result<(), Invalid> {
        let fields = [
            ("all", self.all),
            ("sign_ins", self.sign_ins),
            ("changes", self.changes),
            ("views", self.views),
            ("configuration", self.configuration),
            ("other", self.other),
        ];
        let wrong = |days: Option<u16>| days.is_some_and(|days| !RETENTION_DAYS.contains(&days));
        match fields.into_iter().find(|(_, days)| wrong(*days)) {
            None => Ok(()),
            Some((field, _)) => {
                Err(Invalid::new(format!("{at}/{field}"), format!("must be one of {RETENTION_DAYS:?} days")))
            }
        }
    }
}
