//! What happens to a user, rather than being done by one: nobody need have been there for it, so it is no activity.

/// The action of a session that ended because nobody was there.
pub const SESSION_EXPIRED: &str = "session_expired";

/// Actions of such events. A state of being free is reported by the switchboard, whatever its user does.
pub const ACTIONS: &[&str] =
    &[SESSION_EXPIRED, "call_missed", "miss", "expire", "receive", "match", "free_start", "free"];

/// Whether a filed event is one.
#[must_use]
pub fn is_passive(action: &str) -> bool {
    ACTIONS.contains(&action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    /// K8: the whole catalogue, by what of it is no interaction. The views of ClickHouse have the same list.
    #[test]
    fn what_is_no_interaction() {
        let catalogue = Catalogue::shipped().unwrap();
        let passive = catalogue.entries().filter(|entry| is_passive(&entry.action));
        let types: Vec<&str> = passive.map(|entry| entry.event_type.as_str()).collect();
        assert_eq!(
            types,
            [
                "client.review_received",
                "payment.received",
                "call.missed",
                "sms.received",
                "email.received",
                "web_chat.message_received",
                "messenger.message_received",
                "whatsapp.message_received",
                "viber.message_received",
                "free_state.entered",
                "free_state.left",
                "user.session_expired",
                "rule.matched",
            ]
        );
    }
}
