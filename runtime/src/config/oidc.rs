//! Identity providers whose tokens are believed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use schemas::settings::{Limits, Permission, Role, validate_tenant_id};
use serde::Deserialize;
use url::{Host, Url};

use super::validate::Check;
use super::{BadValue, Secret};
use crate::oidc::Algorithm;

/// Most identity providers of an installation.
const MAX_ISSUERS: usize = 64;
/// Most entries of one map, and longest text in one, in bytes.
const MAX_MAPPED: usize = 10_000;
const MAX_TEXT: usize = 2048;

/// One identity provider, and what its tokens give.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its identifier, letter by letter as in its discovery document and in `iss`.
    pub issuer: String,
    /// What `aud` must name, one of these.
    pub audience: Vec<String>,
    /// How its tokens may be signed.
    #[serde(default = "every_algorithm")]
    pub algorithms: Vec<Algorithm>,
    /// The tenant of all its tokens; or else `tenant_claim`.
    pub tenant: Option<String>,
    /// The claim that names the tenant, by `tenants`.
    pub tenant_claim: Option<String>,
    /// Values of that claim → tenants. A value that is not here gives none.
    #[serde(default)]
    pub tenants: BTreeMap<String, String>,
    /// The claim that identifies people, within the tenant.
    #[serde(default = "sub")]
    pub subject_claim: String,
    /// The claim that names roles, by `roles`.
    pub role_claim: Option<String>,
    /// Values of that claim → roles; other values give nothing.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// The claim that names permissions beyond the roles, by `permissions`.
    pub permissions_claim: Option<String>,
    /// Values of that claim → permissions; other values give nothing.
    #[serde(default)]
    pub permissions: BTreeMap<String, Permission>,
    /// What people read on the button that signs them in to the console; its host where it is not set.
    pub label: Option<String>,
    /// The name under which the provider knows the console; none: nobody signs in to the console here.
    pub client_id: Option<String>,
    /// A file with the secret that goes with it; none: a public client.
    pub client_secret_file: Option<PathBuf>,
    /// That secret, once the file is read.
    #[serde(skip)]
    pub client_secret: Option<Secret>,
    /// What is asked of the provider for the console.
    #[serde(default = "openid")]
    pub scopes: Vec<String>,
    /// Limits of each person, besides the tenant's.
    pub limits: Option<Limits>,
    /// How far its clock may be from ours, seconds.
    #[serde(default = "a_minute")]
    pub clock_skew_seconds: u32,
    /// Time between looks for new keys, seconds.
    #[serde(default = "five_minutes")]
    pub refresh_seconds: u64,
    /// Whether it may be at `http` on this machine.
    #[serde(default)]
    pub allow_http_loopback: bool,
}

impl Oidc {
    /// What people call it.
    #[must_use]
    pub fn label(&self) -> String {
        let host = || Url::parse(&self.issuer).ok()?.host_str().map(str::to_owned);
        self.label.clone().or_else(host).unwrap_or_else(|| self.issuer.clone())
    }

    /// Reads the secret of the console.
    pub(super) fn read_files(&mut self, at: usize) -> Result<(), BadValue> {
        let Some(path) = &self.client_secret_file else { return Ok(()) };
        let text = super::console::read(format!("oidc.{at}.client_secret_file"), path)?;
        self.client_secret = Some(Secret::new(text.trim()));
        Ok(())
    }

    /// Whether this provider may be asked at an address: `https`, or `http` on this machine where that is allowed. No user,
    /// no password, no fragment.
    #[must_use]
    pub fn allows(&self, address: &Url) -> bool {
        let bare = address.username().is_empty() && address.password().is_none() && address.fragment().is_none();
        let safe = match address.scheme() {
            "https" => true,
            "http" => self.allow_http_loopback && is_loopback(address),
            _ => false,
        };
        bare && safe && address.has_host()
    }
}

/// Whether an address is one of this machine, by its text alone.
pub(crate) fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn every_algorithm() -> Vec<Algorithm> {
    Algorithm::ALL.to_vec()
}

fn openid() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn sub() -> String {
    "sub".to_owned()
}

fn a_minute() -> u32 {
    60
}

fn five_minutes() -> u64 {
    300
}

pub(super) fn check(check: &mut Check, all: &[Oidc]) {
    check.that(all.len() <= MAX_ISSUERS, "oidc", format!("must be at most {MAX_ISSUERS}"));
    let mut names = BTreeSet::new();
    for (at, one) in all.iter().enumerate() {
        let key = |field: &str| format!("oidc.{at}.{field}");
        let once = names.insert(&one.issuer);
        check.that(once, key("issuer"), "is there twice; one that serves several tenants names them by tenant_claim");
        let address = Url::parse(&one.issuer).ok().filter(|_| one.issuer.len() <= MAX_TEXT);
        let usable = address.is_some_and(|address| address.query().is_none() && one.allows(&address));
        check.that(
            usable,
            key("issuer"),
            "must be an https address without user, query and fragment (http on this machine with allow_http_loopback)",
        );
        let audience = (1..=16).contains(&one.audience.len()) && one.audience.iter().all(|one| is_text(one));
        check.that(audience, key("audience"), "must be 1 to 16 texts");
        check.that(!one.algorithms.is_empty(), key("algorithms"), "must name at least one");
        check.within(&key("clock_skew_seconds"), one.clock_skew_seconds, 0..=600);
        check.within(&key("refresh_seconds"), one.refresh_seconds, 10..=86_400);
        check.that(is_text(&one.subject_claim), key("subject_claim"), "must not be empty");
        sign_in(check, one, &key);
        tenants(check, one, &key);
        grants(check, one, &key);
        if let Some(Err(error)) = one.limits.map(|limits| limits.validate("")) {
            check.that(false, key(&format!("limits{}", error.pointer.replace('/', "."))), error.detail);
        }
    }
}

/// How people sign in to the console: all of it, or nothing.
fn sign_in(check: &mut Check, one: &Oidc, key: &impl Fn(&str) -> String) {
    let text = |text: &Option<String>| text.as_ref().is_none_or(|text| is_text(text));
    check.that(text(&one.label), key("label"), "must not be empty");
    check.that(text(&one.client_id), key("client_id"), "must not be empty");
    let goes = one.client_id.is_some() || (one.client_secret_file.is_none() && one.label.is_none());
    check.that(goes, key("client_id"), "must be there with label and client_secret_file");
    let secret = one.client_secret.as_ref().is_none_or(|secret| is_text(secret.expose()));
    check.that(secret, key("client_secret_file"), format!("must hold 1 to {MAX_TEXT} bytes"));
    let word = |scope: &String| is_text(scope) && scope.bytes().all(|byte| byte.is_ascii_graphic());
    let scopes = one.scopes.len() <= 32 && one.scopes.iter().all(word) && one.scopes.iter().any(|one| one == "openid");
    check.that(scopes, key("scopes"), "must be at most 32 words, openid among them");
}

/// A fixed tenant, or a claim with its map; never both, never neither.
fn tenants(check: &mut Check, one: &Oidc, key: &impl Fn(&str) -> String) {
    match (&one.tenant, &one.tenant_claim) {
        (Some(_), None) => check.that(one.tenants.is_empty(), key("tenants"), "goes with tenant_claim"),
        (None, Some(claim)) => {
            check.that(is_text(claim), key("tenant_claim"), "must not be empty");
            check.that(is_map(&one.tenants), key("tenants"), format!("must have 1 to {MAX_MAPPED} texts"));
        }
        _ => check.that(false, key("tenant"), "must be there, or else tenant_claim with tenants; not both"),
    }
    let all_valid = one.tenant.iter().chain(one.tenants.values()).all(|id| validate_tenant_id(id).is_ok());
    check.that(all_valid, key("tenant"), "must be the id of a tenant: 1 to 63 of a-z, 0-9, _ and -");
}

fn grants(check: &mut Check, one: &Oidc, key: &impl Fn(&str) -> String) {
    let why = format!("goes with its claim, and has 1 to {MAX_MAPPED} texts");
    let roles = matches(one.role_claim.as_deref(), &one.roles);
    check.that(roles, key("roles"), why.clone());
    check.that(matches(one.permissions_claim.as_deref(), &one.permissions), key("permissions"), why);
    let platform = one.roles.values().any(|role| *role == Role::Platform);
    check.that(!platform, key("roles"), "can't give platform: the installation is run by API keys");
    let running = one.permissions.values().any(|permission| *permission == Permission::RunInstallation);
    check.that(!running, key("permissions"), "can't give run_installation: the installation is run by API keys");
    let any = one.role_claim.is_some() || one.permissions_claim.is_some();
    check.that(any, key("role_claim"), "must be there, or permissions_claim: else its tokens permit nothing");
}

fn matches<T>(claim: Option<&str>, map: &BTreeMap<String, T>) -> bool {
    match claim {
        Some(claim) => is_text(claim) && is_map(map),
        None => map.is_empty(),
    }
}

fn is_map<T>(map: &BTreeMap<String, T>) -> bool {
    (1..=MAX_MAPPED).contains(&map.len()) && map.keys().all(|value| is_text(value))
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT
}
