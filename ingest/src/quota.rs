//! Quotas of events by day and month, of the tenant and of the key. A request has what it needs of each, or is refused whole.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::Utc;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::settings::{QuotaPeriod, QuotaUse, Quotas, WARNED_AT, warning};

use crate::access::Sender;
use crate::rate::Standing;
use crate::usage::{Exceeded, Quota, Usage, User};
use crate::warnings::Warnings;

/// The longest wait that a refusal asks for: clients wait that long, whatever hangs meanwhile, and the quota may be raised
/// before its period ends.
const LONGEST_RETRY: Duration = Duration::from_secs(300);

/// What a request took of its quotas, until it is known how much of it was sent.
#[derive(Debug)]
pub(crate) struct Charge<'a> {
    usage: &'a Usage,
    sender: &'a Sender,
    count: u64,
    pub(crate) standings: Vec<Standing>,
}

impl Charge<'_> {
    /// Gives back what was not sent.
    pub(crate) fn settle(self, sent: usize) {
        // Those without a quota have no account.
        if !self.standings.is_empty() {
            self.usage.give_back(user(self.sender), self.count.saturating_sub(sent as u64));
        }
    }
}

/// Takes `count` events of each of the sender's quotas, and warns the tenant of those that are nearly used or used up.
pub(crate) async fn charge<'a>(
    (usage, warnings): (&'a Usage, &Warnings),
    settings: &Settings,
    sender: &'a Sender,
    count: usize,
) -> Result<Charge<'a>, Problem> {
    let quotas = quotas(settings, sender);
    let mut charge = Charge { usage, sender, count: count as u64, standings: Vec::new() };
    if quotas.is_empty() {
        return Ok(charge);
    }
    usage.known(&sender.tenant.id).await;
    let used = usage.take(user(sender), &quotas, charge.count).map_err(|exceeded| {
        let Exceeded { quota, used } = exceeded;
        // What is left is of no use to whoever sends more at a time.
        if charge.count <= quota.limit {
            warnings.warn(user(sender), quota, used, WARNED_AT.into_iter().max().unwrap_or_default());
        }
        refusal(&exceeded, charge.count)
    })?;
    for (quota, used) in quotas.iter().zip(&used) {
        if let Some(reached) = warning(quota.limit, *used) {
            warnings.warn(user(sender), *quota, *used, reached);
        }
    }
    charge.standings = quotas.iter().zip(used).map(|(quota, used)| standing(*quota, used)).collect();
    Ok(charge)
}

fn user(sender: &Sender) -> User<'_> {
    let plan = sender.tenant.quotas.is_none().then(|| sender.tenant.plan.as_str());
    User { tenant: &sender.tenant.id, key: &sender.principal.key_id, plan }
}

fn quotas(settings: &Settings, sender: &Sender) -> Vec<Quota> {
    let names = |of_key, period| match (of_key, period) {
        (true, QuotaPeriod::Day) => "key-day",
        (true, QuotaPeriod::Month) => "key-month",
        (false, QuotaPeriod::Day) => "tenant-day",
        (false, QuotaPeriod::Month) => "tenant-month",
    };
    let all = |of_key, quotas: Quotas| {
        QuotaPeriod::ALL.into_iter().filter_map(move |period| {
            let limit = quotas.of(period)?;
            Some(Quota { name: names(of_key, period), of_key, period, limit })
        })
    };
    let of_key = all(true, sender.principal.quotas.unwrap_or_default());
    of_key.chain(all(false, settings.quotas(&sender.tenant))).collect()
}

fn standing(quota: Quota, used: u64) -> Standing {
    let now = Utc::now();
    let (begins, resets_at) = (quota.period.begins(now), quota.period.resets_at(now));
    let seconds = |delta: chrono::TimeDelta| u64::try_from(delta.num_seconds()).unwrap_or(0);
    Standing {
        policy: quota.name,
        limit: quota.limit,
        remaining: quota.limit.saturating_sub(used),
        reset_s: seconds(resets_at - now) + 1,
        window_s: seconds(resets_at.date_naive() - begins),
        warning: warning(quota.limit, used),
    }
}

fn refusal(exceeded: &Exceeded, count: u64) -> Problem {
    let Exceeded { quota, used } = *exceeded;
    let whose = if quota.of_key { "key" } else { "tenant" };
    let period = match quota.period {
        QuotaPeriod::Day => "day",
        QuotaPeriod::Month => "month",
    };
    if count > quota.limit {
        let detail = format!("the {whose} may send {} events a {period}; send fewer at a time", quota.limit);
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_over_limit", detail)
            .with_member("limit", quota.limit)
            .with_headers(Standing::headers(&[standing(quota, used)]));
    }
    let resets_at = quota.period.resets_at(Utc::now());
    let left = QuotaUse::new(Some(quota.limit), used, resets_at);
    let detail = format!(
        "the {whose} has {} left of the {} events that it may send this {period} (of UTC), and the request has {count}; nothing of \
         it was accepted",
        left.remaining.unwrap_or(0),
        quota.limit
    );
    let until = (resets_at - Utc::now()).to_std().unwrap_or_default();
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail)
        .with_member("quota", quota.name)
        .with_member("accepted", 0)
        .with_member("limit", left.limit)
        .with_member("used", left.used)
        .with_member("remaining", left.remaining)
        .with_member("resets_at", left.resets_at)
        .with_retry_after(until.min(LONGEST_RETRY))
        .with_headers(Standing::headers(&[standing(quota, used)]))
}
