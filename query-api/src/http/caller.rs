//! Who asks, of which tenant, and what they may.

use std::sync::Arc;

use axum::extract::Request;
use runtime::principal::Principal;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::settings::{Feature, Features, Permission, Tenant};

use crate::http::params::Params;
use crate::http::request::RequestInfo;
use crate::store::sql::Clauses;

/// The feature of a plan that a permission to read is of.
pub(crate) const fn feature_of(permission: Permission) -> Option<Feature> {
    match permission {
        Permission::ReadConfiguration => Some(Feature::ConfigurationAudit),
        Permission::TraceUsers => Some(Feature::Tracing),
        _ => None,
    }
}

/// Who asks. Put into the request by [`guard`](crate::http::guard).
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Principal,
    key_name: String,
    own: Option<Arc<Tenant>>,
    info: RequestInfo,
}

/// Who did something, as an event names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// `user` or `api_key`.
    pub kind: &'static str,
    /// Id of the person or key.
    pub id: &'a str,
    /// What people call them; may be empty.
    pub name: &'a str,
    /// E-mail address of a person; may be empty.
    pub email: &'a str,
}

impl Caller {
    /// Whoever asks by a request.
    pub(crate) fn of(request: &Request, settings: &Settings, principal: Principal, own: Option<Arc<Tenant>>) -> Self {
        let key_name = settings.snapshot().key(&principal.key_id).map(|key| key.name.clone()).unwrap_or_default();
        Self { principal, key_name, own, info: RequestInfo::of(request) }
    }

    /// A key of a tenant, where it asks by another way than through [`guard`](crate::http::guard).
    #[must_use]
    pub fn by_key(settings: &Settings, principal: Principal, own: Arc<Tenant>) -> Self {
        let key_name = settings.snapshot().key(&principal.key_id).map(|key| key.name.clone()).unwrap_or_default();
        Self { principal, key_name, own: Some(own), info: RequestInfo::default() }
    }

    /// Whether the caller has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.principal.permissions.contain(permission)
    }

    /// The caller as a tenant's plan lets them read: what it doesn't include nobody may there, whatever their role.
    #[must_use]
    pub fn within(mut self, features: &Features) -> Self {
        for permission in [Permission::ReadConfiguration, Permission::TraceUsers] {
            if feature_of(permission).is_some_and(|feature| !features.has(feature)) {
                self.principal.permissions = self.principal.permissions.without(permission);
            }
        }
        self
    }

    /// What the caller may not read, and so not count, as bits of the column `reserved`: changes of the configuration, and what
    /// was found or said of violations.
    pub fn hidden(&self) -> u8 {
        let bit = |bit: u8, permission| if self.may(permission) { 0 } else { bit };
        bit(1, Permission::ReadConfiguration) | bit(2, Permission::SeeViolations)
    }

    /// Binds that for queries that name it by themselves.
    pub(crate) fn bind_hidden(&self, clauses: &mut Clauses) {
        clauses.bind_number("hidden", self.hidden().into());
    }

    /// Who asks: a person who signed in at an identity provider, or else an API key.
    pub fn identity(&self) -> Identity<'_> {
        match &self.principal.person {
            Some(person) => Identity { kind: "user", id: &person.id, name: &person.name, email: &person.email },
            None => Identity { kind: "api_key", id: &self.principal.key_id, name: &self.key_name, email: "" },
        }
    }

    /// Id of the caller's key; `user:` and the id for a person, so that the two are never taken for one another.
    pub fn key_id(&self) -> &str {
        &self.principal.key_id
    }

    /// The tenant that a read is about: the caller's own, or for the platform the one it names with `tenant`. The tenant
    /// never comes from a parameter for anybody else.
    pub fn read_tenant(&self, settings: &Settings, params: &mut Params) -> Result<Arc<Tenant>, Problem> {
        self.read_tenant_if_any(settings, params)?.ok_or_else(|| {
            Problem::bad_request(
                "tenant_required",
                "a key of the platform belongs to no tenant; name one with the parameter tenant",
            )
            .with_pointer("tenant")
        })
    }

    /// As [`read_tenant`](Self::read_tenant), but the platform need not name one.
    pub fn read_tenant_if_any(&self, settings: &Settings, params: &mut Params) -> Result<Option<Arc<Tenant>>, Problem> {
        let named = params.one("tenant")?;
        match (&self.own, named) {
            (Some(own), None) => Ok(Some(Arc::clone(own))),
            (Some(own), Some(named)) if own.id == named => Ok(Some(Arc::clone(own))),
            (Some(_), Some(_)) => Err(Problem::forbidden("this key belongs to another tenant").with_pointer("tenant")),
            (None, Some(named)) => settings
                .tenant(&named)
                .map(Some)
                .ok_or_else(|| Problem::not_found("there is no such tenant").with_pointer("tenant")),
            (None, None) => Ok(None),
        }
    }

    /// What the request says beside its query string.
    pub(crate) fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// The caller's own tenant; none for the platform.
    pub fn own(&self) -> Option<&Arc<Tenant>> {
        self.own.as_ref()
    }

    /// The tenant whose settings a write is about: the caller's own. The platform names it in the path of `/v1/tenants`.
    pub fn own_tenant(&self) -> Result<Arc<Tenant>, Problem> {
        self.own.clone().ok_or_else(|| {
            Problem::bad_request("tenant_required", "a key of the platform changes settings through /v1/tenants/{id}")
        })
    }

    /// The tenant in a path, if the caller may reach it. Somebody else's tenant looks as one that does not exist.
    pub fn path_tenant(&self, settings: &Settings, id: &str) -> Result<Arc<Tenant>, Problem> {
        let reachable = match &self.own {
            Some(own) => own.id == id,
            None => true,
        };
        let found = if reachable { settings.tenant(id) } else { None };
        found.ok_or_else(|| Problem::not_found("there is no such tenant"))
    }
}
