//! The figures of a user's statistics. Each leads to the rows that add up to it.

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::caller::Caller;
use crate::http::page::ReadRequest;
use crate::store::{Store, StoreError};
use crate::trace::figures::{FIGURES, Figure};
use crate::trace::intervals::Interval;
use crate::trace::reading::{LONGEST, MOST_ROWS, Trace, instant};
use crate::trace::view::TracedFigure;

/// Figures of a user's work, or why there are none.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    /// The figures; null where there are none.
    #[schema(required = true)]
    pub figures: Option<Vec<TracedFigure>>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "figures are of 93 days at most")]
    pub figures_missing: Option<String>,
}

impl Figures {
    /// The figures of a period. What goes on counts up to now, and `rows` end there too.
    pub(crate) async fn of(
        store: &Store,
        caller: &Caller,
        reading: &ReadRequest,
        user: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        let (tenant, now) = (&*reading.tenant, reading.now);
        let until = if from < now { to.min(now) } else { to };
        let Some(period) = Interval::new(from.timestamp_millis(), until.timestamp_millis()) else {
            return Ok(Self::none("nothing can have occurred in the period".to_owned()));
        };
        if until - from > LONGEST {
            return Ok(Self::none(format!("figures are of {} days at most", LONGEST.num_days())));
        }
        let mut channels: Vec<String> = FIGURES.iter().flat_map(Figure::channels).map(ToOwned::to_owned).collect();
        channels.sort_unstable();
        channels.dedup();
        let trace = Trace { caller, tenant, user, period, now, earliest: reading.earliest };
        let Some(activities) = trace.activities(store, &channels, MOST_ROWS).await? else {
            return Ok(Self::none(format!("the user did more than {MOST_ROWS} things in the period")));
        };
        let one = |figure: &Figure| TracedFigure {
            name: figure.name,
            value: figure.value(&activities, period),
            unit: figure.unit(),
            rows: link(figure, user, period, caller.own().is_none().then_some(tenant.id.as_str())),
        };
        Ok(Self { figures: Some(FIGURES.iter().map(one).collect()), figures_missing: None })
    }

    fn none(why: String) -> Self {
        Self { figures: None, figures_missing: Some(why) }
    }
}

/// Where the rows of a figure are. The platform names the tenant there as it did here.
fn link(figure: &Figure, user: &str, period: Interval, tenant: Option<&str>) -> String {
    let text = |millis: i64| instant(millis).to_rfc3339_opts(SecondsFormat::Millis, true);
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let tenant = tenant.map(|tenant| format!("&tenant={}", encoded(tenant))).unwrap_or_default();
    let (user, name, from, to) = (encoded(user), figure.name, text(period.start()), text(period.end()));
    format!("/v1/users/{user}/activities?figure={name}&from={from}&to={to}{tenant}")
}
