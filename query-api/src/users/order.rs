//! In which order users are listed. Each has a place that a page ends at and the next one goes on from.

use std::borrow::Cow;

use crate::http::page::{Keyset, keyset};
use crate::http::params::{ParamError, Params};
use crate::users::rows::UserRow;

/// The latest active first.
pub(super) const LATEST: Keyset = keyset!("last_activity_at", "actor_id", newest);
/// By the number of unreviewed violations, the most first, then the latest active; the place is the number, of 20 digits, and the id.
const RANKED: Keyset = Keyset {
    order: "rank DESC, last_activity_at DESC, actor_id DESC",
    bound: "rank <= toUInt64(substring({after_id:String}, 1, 20))",
    tie: "(rank, last_activity_at, actor_id) < \
          (toUInt64(substring({after_id:String}, 1, 20)), {after:DateTime64(3, 'UTC')}, substring({after_id:String}, 21))",
};

/// What a name is put in order by: its letters, whatever their case and marks. Those without one come last.
macro_rules! letters {
    ($name:literal) => {
        concat!("tuple(", $name, " = '', replaceRegexpAll(normalizeUTF8NFKD(lowerUTF8(", $name, ")), '\\\\p{Mn}', ''))")
    };
}
/// By name; the place is the length of the name, of 8 digits, the name and the id.
const NAMED: Keyset = Keyset {
    order: concat!(letters!("name"), " ASC, actor_id ASC"),
    bound: "TRUE",
    tie: concat!(
        "tuple(",
        letters!("name"),
        ", actor_id) > tuple(",
        letters!("substring({after_id:String}, 9, toUInt64(substring({after_id:String}, 1, 8)))"),
        ", substring({after_id:String}, 9 + toUInt64(substring({after_id:String}, 1, 8))))"
    ),
};

/// What users are in the order of.
pub(crate) const SORTS: &[&str] = &["last_activity", "unreviewed", "name"];

/// In which order users are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Latest,
    Ranked,
    Named,
}

impl Order {
    pub(super) fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(match params.one_of("sort", SORTS)?.as_deref() {
            Some("unreviewed") => Self::Ranked,
            Some("name") => Self::Named,
            _ => Self::Latest,
        })
    }

    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Latest => "users",
            Self::Ranked => "users/unreviewed",
            Self::Named => "users/name",
        }
    }

    pub(super) fn keyset(self) -> &'static Keyset {
        match self {
            Self::Latest => &LATEST,
            Self::Ranked => &RANKED,
            Self::Named => &NAMED,
        }
    }

    pub(super) fn place(self, row: &UserRow) -> Cow<'_, str> {
        let UserRow { rank, name, actor_id, .. } = row;
        match self {
            Self::Latest => actor_id.into(),
            Self::Ranked => format!("{rank:020}{actor_id}").into(),
            Self::Named => format!("{:08}{name}{actor_id}", name.len()).into(),
        }
    }
}
