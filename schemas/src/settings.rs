//! Settings of tenants and API keys: the values of the compacted topic [`crate::topics::SETTINGS`].
//!
//! Records are read leniently (a field of a newer version is ignored, a missing one takes its default), so that roles of
//! two versions can run side by side; what an administrator sends is read [strictly](parse_strict).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::address;
use crate::catalogue::{CatalogueEntry, Lang};
use crate::decode::pointer;
use crate::detection::Detection;
pub use crate::key_text::{KeyText, hex};
use crate::zone::Zone;
pub use ended_session::EndedSession;
pub use plan::{Feature, Features, NAMED_PERIODS, Plan, PlanDefinition, Plans};
pub use proxy_header::ProxyHeader;
pub use quota::{NamedQuota, QuotaOf, QuotaPeriod, QuotaUse, Quotas, WARNED_AT, warning};
pub use retention::{RETENTION_DAYS, Retention, RetentionChange};

mod ended_session;
mod plan;
mod proxy_header;
mod quota;
mod retention;

/// Longest name of a tenant or key, in bytes.
pub const MAX_NAME_BYTES: usize = 256;
/// Most event types that a tenant may add to the catalogue.
pub const MAX_EVENT_TYPES: usize = 1000;
/// Most trusted proxy networks of a tenant.
pub const MAX_PROXIES: usize = 256;

/// What is wrong with a setting, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {detail}")]
pub struct Invalid {
    /// JSON Pointer (RFC 6901) to the field.
    pub pointer: String,
    /// For people.
    pub detail: String,
}

impl Invalid {
    fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// A tenant: a company whose employees' activity is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tenant {
    /// `[a-z0-9][a-z0-9_-]{0,62}`; part of every key, never changes.
    pub id: String,
    /// For people, at most 256 bytes.
    #[serde(default)]
    pub name: String,
    /// Whether activity is recorded; off until an administrator turns it on.
    #[serde(default)]
    pub logging: bool,
    /// How long each category is kept.
    #[serde(default)]
    pub retention: Retention,
    /// What the tenant pays for.
    #[serde(default)]
    pub plan: Plan,
    /// Zone of its days, weeks and working hours.
    #[serde(default = "utc")]
    #[schema(value_type = String, example = "Europe/Prague")]
    pub time_zone: Zone,
    /// First day of its week.
    #[serde(default)]
    pub week_start: WeekStart,
    /// Languages of its staff, most wanted first.
    #[serde(default = "default_languages")]
    pub languages: Vec<Lang>,
    /// Its own event types, besides the built-in catalogue.
    #[serde(default)]
    pub event_types: Vec<CatalogueEntry>,
    /// Networks of proxies whose word on where a request came from is believed, besides those of the installation.
    #[serde(default, deserialize_with = "address::networks")]
    #[schema(value_type = Vec<String>)]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which those proxies say it.
    #[serde(default)]
    pub proxy_header: ProxyHeader,
    /// Its limits; those of the installation when absent.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// How many events it may send in a day and a month; those of its plan when absent.
    #[serde(default)]
    pub quotas: Option<Quotas>,
    /// Deep links by object type, with `{id}` where the object's id goes.
    #[serde(default)]
    pub url_templates: BTreeMap<String, String>,
    /// How it wants the rules.
    #[serde(default)]
    pub detection: Detection,
    /// Counts changes from 1; a change must name the version it was made from.
    #[serde(default)]
    pub version: u64,
    /// When it last changed.
    #[serde(default = "epoch")]
    pub updated_at: DateTime<Utc>,
}

impl Tenant {
    /// A tenant with every default: logging off.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            logging: false,
            retention: Retention::default(),
            plan: Plan::default(),
            time_zone: utc(),
            week_start: WeekStart::default(),
            languages: default_languages(),
            event_types: Vec::new(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            limits: None,
            quotas: None,
            url_templates: BTreeMap::new(),
            detection: Detection::default(),
            version: 0,
            updated_at: epoch(),
        }
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        validate_tenant_id(&self.id)?;
        check_name(&self.name)?;
        self.retention.validate()?;
        if self.languages.is_empty() {
            return Err(Invalid::new("/languages", "must name at least one"));
        }
        if self.event_types.len() > MAX_EVENT_TYPES {
            return Err(Invalid::new("/event_types", format!("at most {MAX_EVENT_TYPES}")));
        }
        // That none has a shipped type's name is for whoever holds the catalogue: `Catalogue::check_tenant_types`.
        for (at, entry) in self.event_types.iter().enumerate() {
            entry.validate().map_err(|error| Invalid::new(format!("/event_types/{at}"), error.to_string()))?;
        }
        if self.trusted_proxies.len() > MAX_PROXIES {
            return Err(Invalid::new("/trusted_proxies", format!("at most {MAX_PROXIES}")));
        }
        if let Some(limits) = &self.limits {
            limits.validate("/limits")?;
        }
        if let Some(quotas) = self.quotas {
            quotas.validate("/quotas")?;
        }
        self.detection.validate("/detection")?;
        for (object_type, template) in &self.url_templates {
            let web = template.starts_with("https://") || template.starts_with("http://");
            if !web || !template.contains("{id}") || template.len() > crate::decode::MAX_URL_BYTES {
                return Err(Invalid::new(
                    format!("/url_templates/{}", object_type.replace('~', "~0").replace('/', "~1")),
                    "must be an http or https address of at most 2048 bytes that contains {id}",
                ));
            }
        }
        Ok(())
    }
}

/// Whether `id` may name a tenant: it is part of topic keys, so no `/` and nothing that needs escaping.
///
/// # Errors
/// [`Invalid`] at `/id`.
pub fn validate_tenant_id(id: &str) -> Result<(), Invalid> {
    let mut bytes = id.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let rest = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if first && rest && id.len() <= 63 {
        Ok(())
    } else {
        Err(Invalid::new("/id", "must be 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit"))
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(Invalid::new("/name", format!("at most {MAX_NAME_BYTES} bytes, no control characters")));
    }
    Ok(())
}

fn utc() -> Zone {
    Zone::utc()
}

fn epoch() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn default_languages() -> Vec<Lang> {
    vec![Lang::En]
}

/// First day of a tenant's week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// As ISO 8601 has it.
    #[default]
    Monday,
    /// As in the United States.
    Sunday,
    /// As in much of the Middle East.
    Saturday,
}

/// Limits of a tenant or of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Events a second that may be sent, on average. At least 1.
    pub events_per_second: u32,
    /// Events that may be sent at once; the largest batch that can ever pass. At least 1.
    pub burst: u32,
    /// Queries a second, on average. At least 1.
    pub queries_per_second: u32,
    /// Queries at once. At least 1.
    pub query_burst: u32,
}

impl Limits {
    /// Checks all of it; `at` is the pointer to it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self, at: &str) -> Result<(), Invalid> {
        let fields = [
            ("events_per_second", self.events_per_second),
            ("burst", self.burst),
            ("queries_per_second", self.queries_per_second),
            ("query_burst", self.query_burst),
        ];
        match fields.into_iter().find(|(_, value)| *value == 0) {
            None => Ok(()),
            Some((field, _)) => Err(Invalid::new(format!("{at}/{field}"), "must be at least 1")),
        }
    }
}

/// What a key or a person may do, as people think of it: a set of [`Permission`]s. Each role of a reader permits what those
/// before it do; [`Role::Ingest`] stands apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends events, and nothing else.
    Ingest,
    /// Reads the event log.
    Viewer,
    /// Traces users and reads their statistics as well.
    Supervisor,
    /// Reads and reviews violations, and decides about devices, as well.
    Security,
    /// Changes the settings and keys of its tenant, and reads the audit of its configuration, as well.
    Admin,
    /// Runs the installation: everything, for every tenant.
    Platform,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Viewer, Self::Supervisor, Self::Security, Self::Admin, Self::Platform];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Viewer => "viewer",
            Self::Supervisor => "supervisor",
            Self::Security => "security",
            Self::Admin => "admin",
            Self::Platform => "platform",
        }
    }

    /// What the role permits. SQL is in no tenant's role: it is given by itself.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        use Permission::{
            Administer, ManageAccess, QuerySql, ReadConfiguration, ReadLog, RunInstallation, SeeViolations, SendEvents,
            TraceUsers,
        };
        Permissions::of(match self {
            Self::Ingest => &[SendEvents],
            Self::Viewer => &[ReadLog],
            Self::Supervisor => &[ReadLog, TraceUsers],
            Self::Security => &[ReadLog, TraceUsers, SeeViolations, ManageAccess],
            Self::Admin => &[ReadLog, TraceUsers, SeeViolations, ManageAccess, ReadConfiguration, Administer],
            Self::Platform => &[
                SendEvents,
                ReadLog,
                TraceUsers,
                SeeViolations,
                ManageAccess,
                ReadConfiguration,
                Administer,
                QuerySql,
                RunInstallation,
            ],
        })
    }
}

/// One thing that may be permitted by itself, to a key beyond its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Sends events, and asks whether a device may in.
    SendEvents,
    /// Reads the event log and statistics of the tenant.
    ReadLog,
    /// Traces users: timelines and statistics of one.
    TraceUsers,
    /// Sees violations, signals and marks, sign-ins and devices.
    SeeViolations,
    /// Reviews violations, decides about devices, exempts users.
    ManageAccess,
    /// Reads the audit of the configuration.
    ReadConfiguration,
    /// Changes settings, keys and rules; restores objects.
    Administer,
    /// Queries by SQL.
    QuerySql,
    /// Runs the installation: tenants, shared rules.
    RunInstallation,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 9] = [
        Self::SendEvents,
        Self::ReadLog,
        Self::TraceUsers,
        Self::SeeViolations,
        Self::ManageAccess,
        Self::ReadConfiguration,
        Self::Administer,
        Self::QuerySql,
        Self::RunInstallation,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendEvents => "send_events",
            Self::ReadLog => "read_log",
            Self::TraceUsers => "trace_users",
            Self::SeeViolations => "see_violations",
            Self::ManageAccess => "manage_access",
            Self::ReadConfiguration => "read_configuration",
            Self::Administer => "administer",
            Self::QuerySql => "query_sql",
            Self::RunInstallation => "run_installation",
        }
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    /// The set of these.
    #[must_use]
    pub fn of(permissions: &[Permission]) -> Self {
        Self(permissions.iter().fold(0, |set, permission| set | Self::bit(*permission)))
    }

    /// Whether it is in the set.
    #[must_use]
    pub fn contain(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// This set and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without one of its permissions.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self(self.0 & !Self::bit(permission))
    }

    fn bit(permission: Permission) -> u16 {
        1 << permission as u16
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// The public part of the key's text: 12 characters.
    pub id: String,
    /// The tenant it belongs to; none for [`Role::Platform`].
    #[serde(default)]
    pub tenant: Option<String>,
    /// What it may do.
    pub role: Role,
    /// What it may do beyond its role.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// For people, at most 256 bytes.
    #[serde(default)]
    pub name: String,
    /// Hex SHA-256 of the secret.
    pub hash: String,
    /// Limits of this key alone, besides its tenant's.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Quotas of this key alone, besides its tenant's.
    #[serde(default)]
    pub quotas: Option<Quotas>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked; it works while this is absent.
    #[serde(default)]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// The record of a key whose text is `text`. Times are the caller's.
    #[must_use]
    pub fn new(text: &KeyText, tenant: Option<String>, role: Role, name: String, created_at: DateTime<Utc>) -> Self {
        Self {
            id: text.id().to_owned(),
            tenant,
            role,
            permissions: Vec::new(),
            name,
            hash: text.hash(),
            limits: None,
            quotas: None,
            created_at,
            revoked_at: None,
        }
    }

    /// All that it may do.
    #[must_use]
    pub fn all_permissions(&self) -> Permissions {
        self.role.permissions().and(Permissions::of(&self.permissions))
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        if !KeyText::is_id(&self.id) {
            return Err(Invalid::new("/id", "must be 12 characters of a-z and 2-7"));
        }
        if self.hash.len() != 64 || !self.hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Invalid::new("/hash", "must be 64 lower-case hexadecimal digits"));
        }
        check_name(&self.name)?;
        match (&self.tenant, self.role) {
            (None, Role::Platform) => {}
            (Some(tenant), role) if role != Role::Platform => {
                validate_tenant_id(tenant).map_err(|error| Invalid::new("/tenant", error.detail))?;
            }
            (None, _) => return Err(Invalid::new("/tenant", "is required, except for the role platform")),
            (Some(_), _) => return Err(Invalid::new("/tenant", "must be absent for the role platform")),
        }
        if self.permissions.contains(&Permission::RunInstallation) {
            return Err(Invalid::new("/permissions", "run_installation comes with the role platform alone"));
        }
        if self.permissions.len() > Permission::ALL.len() {
            return Err(Invalid::new("/permissions", "each at most once"));
        }
        if let Some(limits) = &self.limits {
            limits.validate("/limits")?;
        }
        self.quotas.map_or(Ok(()), |quotas| quotas.validate("/quotas"))
    }
}

/// Reads what an administrator sent: unlike a record of the topic, it must not hold fields that would be ignored.
///
/// # Errors
/// [`Invalid`] for malformed JSON, a field of the wrong type, or an unknown field.
pub fn parse_strict<T: DeserializeOwned + Serialize>(json: &[u8]) -> Result<T, Invalid> {
    let sent: Value = serde_json::from_slice(json).map_err(|error| Invalid::new("", error.to_string()))?;
    understood(&sent, &mut serde_json::Deserializer::from_slice(json))
}

/// As [`parse_strict`], of a document that was made of what an administrator sent: what is wrong with it has a place in no text.
///
/// # Errors
/// As of [`parse_strict`].
pub fn read_strict<T: DeserializeOwned + Serialize>(document: &Value) -> Result<T, Invalid> {
    understood(document, document)
}

fn understood<'de, T, D>(sent: &Value, reader: D) -> Result<T, Invalid>
where
    T: DeserializeOwned + Serialize,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    let parsed: T = serde_path_to_error::deserialize(reader)
        .map_err(|error| Invalid::new(pointer("", error.path()), error.into_inner().to_string()))?;
    let understood = serde_json::to_value(&parsed).map_err(|error| Invalid::new("", error.to_string()))?;
    match first_misread(sent, &understood, &mut String::new()) {
        Some(invalid) => Err(invalid),
        None => Ok(parsed),
    }
}

fn first_misread(sent: &Value, understood: &Value, at: &mut String) -> Option<Invalid> {
    match (sent, understood) {
        // Fields without their names, in order, are understood as well; nobody should count on it.
        (Value::Array(_), Value::Object(_)) => Some(Invalid::new(at.as_str(), "must be an object")),
        (Value::Object(sent), Value::Object(understood)) => sent.iter().find_map(|(name, value)| {
            let length = at.len();
            at.push('/');
            at.push_str(&name.replace('~', "~0").replace('/', "~1"));
            let found = match understood.get(name) {
                Some(known) => first_misread(value, known, at),
                // An empty text is written as an absent one.
                None if value == "" => None,
                None => Some(Invalid::new(at.as_str(), "unknown field")),
            };
            at.truncate(length);
            found
        }),
        (Value::Array(sent), Value::Array(understood)) => {
            sent.iter().zip(understood).enumerate().find_map(|(index, (value, known))| {
                let length = at.len();
                at.push_str(&format!("/{index}"));
                let found = first_misread(value, known, at);
                at.truncate(length);
                found
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
