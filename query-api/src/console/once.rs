//! A link that signs somebody in once without a key: `usertrail up` prints it to whoever started it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use schemas::settings::hex;
use sha2::{Digest as _, Sha256};

/// How long it can be followed.
const VALID: Duration = Duration::from_secs(600);

/// The link that was given out last; kept in this process alone. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct OneTimeLink(Arc<Mutex<Option<Given>>>);

struct Given {
    hash: [u8; 32],
    key_id: String,
    until: Instant,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl OneTimeLink {
    /// Gives out a link that signs in as whoever has a key, by the key's id; what it gives out is the link's secret. The one before
    /// leads nowhere from now on.
    #[must_use]
    pub fn give(&self, key_id: &str) -> Option<String> {
        self.give_until(key_id, Instant::now() + VALID)
    }

    fn give_until(&self, key_id: &str, until: Instant) -> Option<String> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).ok()?;
        let secret = hex(&random);
        let given = Given { hash: Sha256::digest(&secret).into(), key_id: key_id.to_owned(), until };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(given);
        Some(secret)
    }

    /// The key that a link signs in with, the first time that it is followed.
    pub(crate) fn follow(&self, secret: &str) -> Option<String> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash: [u8; 32] = Sha256::digest(secret).into();
        // Hashes may be compared as they come: who can choose one can't choose what it is of.
        given.take_if(|given| given.hash == hash).filter(|given| Instant::now() < given.until).map(|given| given.key_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C2: a link leads in once, for ten minutes, and not after a newer one.
    #[test]
    fn a_link_leads_in_once() {
        let link = OneTimeLink::default();
        assert_eq!(link.follow(""), None);
        let old = link.give("old").unwrap();
        let new = link.give("new").unwrap();
        assert_eq!(link.follow(&old), None);
        assert_eq!(link.follow(&new[..63]), None);
        assert_eq!(link.follow(&new).as_deref(), Some("new"));
        assert_eq!(link.follow(&new), None);
        let late = link.give_until("late", Instant::now()).unwrap();
        assert_eq!(link.follow(&late), None);
        assert!(!format!("{link:?}").contains(&late));
    }
}
