//! Signing in and out of the console as events of the tenant: by whom, from where, and whether it succeeded.

use std::sync::Arc;
use std::time::Duration;

use runtime::principal::Principal;
use schemas::settings::{KeyText, Permissions};
use serde_json::{Map, Value, json};

use super::visitor::Visitor;
use crate::http::caller::Caller;
use crate::state::QueryApi;

/// Nobody waits longer for it: who signs in does so while Kafka is away, too.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done<'a> {
    /// A session began.
    SignedIn {
        /// Its id.
        session: &'a str,
    },
    /// A session was ended.
    SignedOut {
        /// Its id.
        session: &'a str,
    },
    /// Somebody who is known was not let in.
    Failed {
        /// Why.
        reason: &'static str,
    },
}

impl Done<'_> {
    fn fields(self, visitor: &Visitor) -> Map<String, Value> {
        let mut context = json!({});
        if let Some(address) = visitor.address {
            context["ip"] = address.to_string().into();
        }
        if !visitor.user_agent.is_empty() {
            context["user_agent"] = visitor.user_agent.as_str().into();
        }
        let mut fields = Map::new();
        let kind = match self {
            Self::SignedIn { session } | Self::SignedOut { session } => {
                context["session_id"] = session.into();
                fields.insert("object".to_owned(), json!({ "type": "console_session", "id": session }));
                if matches!(self, Self::SignedIn { .. }) { "console.signed_in" } else { "console.signed_out" }
            }
            Self::Failed { reason } => {
                fields.insert("outcome".to_owned(), "failure".into());
                fields.insert("reason".to_owned(), reason.into());
                "console.sign_in_failed"
            }
        };
        fields.insert("type".to_owned(), kind.into());
        fields.insert("context".to_owned(), context);
        fields
    }
}

/// Records what somebody did. Whoever runs the installation belongs to no tenant, whose log would have it; the program's own log does.
pub(crate) async fn record(api: &QueryApi, principal: &Principal, done: Done<'_>, visitor: &Visitor) {
    let tenant = principal.tenant.as_deref().and_then(|id| api.settings().tenant(id));
    let Some(tenant) = tenant else {
        tracing::info!(key = %principal.key_id, ?done, address = ?visitor.address, "the platform at the console");
        return;
    };
    let caller = Caller::by_key(api.settings(), principal.clone(), Arc::clone(&tenant));
    let recorded = api.audit().record_fields(&caller, &tenant.id, done.fields(visitor));
    match tokio::time::timeout(PATIENCE, recorded).await {
        Ok(Ok(_)) => {}
        Ok(Err(problem)) => tracing::warn!(tenant = tenant.id, ?problem, "a sign-in to the console is not recorded"),
        Err(_) => tracing::warn!(tenant = tenant.id, "whether a sign-in to the console is recorded is not known"),
    }
}

/// Records that a key was tried and not accepted, where it is known by its id. Whatever else was tried is nobody's.
pub(crate) async fn failed_key(api: &QueryApi, text: &str, reason: &'static str, visitor: &Visitor) {
    let snapshot = api.settings().snapshot();
    let Some(key) = KeyText::parse(text).and_then(|text| snapshot.key(text.id()).cloned()) else { return };
    let principal = Principal {
        tenant: key.tenant.as_deref().map(Arc::from),
        key_id: Arc::from(key.id.as_str()),
        permissions: Permissions::default(),
        limits: None,
        quotas: None,
        person: None,
    };
    record(api, &principal, Done::Failed { reason }, visitor).await;
}
