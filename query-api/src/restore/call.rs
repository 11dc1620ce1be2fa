//! The call itself: a few tries within the time of one request.

use std::time::Duration;

use runtime::config::Alert;
use runtime::outbound::Outbound;
use runtime::webhook::{ClientError, Message, Signature, Webhooks};
use schemas::restore::RestoreEndpoint;
use tokio::time::{Instant, sleep};

/// Longest time of one try.
const EACH: Duration = Duration::from_secs(6);
/// Longest time of all of them, waits included.
const ALL: Duration = Duration::from_secs(20);
/// Wait after the first failure; after the second, three times as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Tries beyond the first, by what multiple of the first wait they come.
const WAITS: [u32; 2] = [1, 3];

/// What the tries came to.
#[derive(Debug)]
pub(super) struct Called {
    /// Whether the application took it.
    pub(super) taken: bool,
    /// How many there were.
    pub(super) attempts: u32,
    /// Status of the last answer; none without one.
    pub(super) answer_status: Option<u16>,
    /// Why the last one failed, at most 500 bytes; empty when it didn't.
    pub(super) reason: String,
}

/// Calls applications.
pub(super) struct Calls {
    webhooks: Webhooks,
    first_wait: Duration,
}

impl Calls {
    /// An installation that is less patient with alerts is so here, too.
    pub(super) fn new(config: &Alert) -> Result<Self, ClientError> {
        let each = EACH.min(Duration::from_millis(config.timeout_ms));
        Ok(Self {
            webhooks: Webhooks::new(Outbound::new(config.allow_private), each)?,
            first_wait: FIRST_WAIT.min(Duration::from_millis(config.first_retry_ms)),
        })
    }

    /// Posts until it is taken, refused, or there is no time left.
    pub(super) async fn make(&self, endpoint: &RestoreEndpoint, id: &str, body: &[u8]) -> Called {
        let signature = Some(Signature { id, secrets: &endpoint.secrets });
        let message = Message { url: &endpoint.url, body, signature };
        let (begun, mut attempts, mut waits) = (Instant::now(), 0, WAITS.into_iter());
        loop {
            let made = self.webhooks.post(&message).await;
            attempts += 1;
            let wait = waits.next().filter(|_| made.may_pass()).map(|times| self.first_wait * times);
            // Sooner than asked would be rude; later than there is time for, nobody would hear the answer.
            let wait = wait.map(|wait| wait.max(made.asked.unwrap_or_default()));
            match wait.filter(|wait| begun.elapsed().saturating_add(*wait).saturating_add(EACH) <= ALL) {
                Some(wait) => sleep(wait).await,
                None => {
                    let answer_status = Some(made.status()).filter(|status| *status != 0);
                    return Called { taken: made.is_success(), attempts, answer_status, reason: made.reason };
                }
            }
        }
    }
}
