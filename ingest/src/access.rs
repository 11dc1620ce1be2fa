//! Who sends, and for which tenant: both come from the credential alone.

use std::sync::Arc;

use axum::http::HeaderMap;
use runtime::principal::{Principal, bearer};
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::settings::{Permission, Tenant};

/// A sender that may send.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) principal: Principal,
    pub(crate) tenant: Arc<Tenant>,
}

/// Finds the sender by its API key: applications send, not people, so tokens of identity providers are not asked for.
pub(crate) fn sender(settings: &Settings, headers: &HeaderMap) -> Result<Sender, Problem> {
    let token = bearer(headers).ok_or_else(Problem::no_key)?;
    let principal = settings.authenticate(token).map_err(|error| {
        settings.note_refusal(error);
        Problem::no_key()
    })?;
    if !principal.permissions.contain(Permission::SendEvents) {
        return Err(Problem::forbidden("this key may not send events; that takes a key of the role ingest"));
    }
    let Some(tenant) = principal.tenant.as_deref().and_then(|id| settings.tenant(id)) else {
        return Err(Problem::forbidden("events belong to a tenant; send them with a key of that tenant"));
    };
    Ok(Sender { principal, tenant })
}
