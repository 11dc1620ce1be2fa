//! What a token says, once it is known who says it: whether it holds now and here, and what it gives.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::settings::{MAX_NAME_BYTES, Permissions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Refusal;
use crate::config::Oidc;
use crate::principal::{Person, Principal};

/// Longest identifier of a person, in bytes; OpenID Connect allows 255.
const MAX_SUBJECT_BYTES: usize = 255;

/// Somebody as their provider has identified them: of what it said, the values that the operator's tables have. They are looked
/// up there again whenever it matters what this person may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderIdentity {
    /// The provider's identifier.
    #[serde(rename = "i")]
    pub issuer: String,
    #[serde(rename = "t")]
    tenant: Option<String>,
    #[serde(rename = "s")]
    subject: String,
    #[serde(rename = "r")]
    roles: Vec<String>,
    #[serde(rename = "p")]
    permissions: Vec<String>,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "e")]
    email: String,
}

/// Whether a token is for us, who go by these names, and holds now (RFC 7519, 4.1; RFC 9068, 4).
pub(super) fn check(rules: &Oidc, names: &[String], claims: &Value, now: DateTime<Utc>) -> Result<(), Refusal> {
    let ours = |one: &Value| one.as_str().is_some_and(|one| names.iter().any(|known| known == one));
    let for_us = match &claims["aud"] {
        Value::Array(all) => all.iter().any(ours),
        one => ours(one),
    };
    if !for_us {
        return Err(Refusal::Audience);
    }
    let skew = f64::from(rules.clock_skew_seconds);
    #[allow(clippy::cast_precision_loss)] // exact for some 285,000 years
    let now = now.timestamp_millis() as f64 / 1000.0;
    let time = |name: &str| match &claims[name] {
        Value::Null => Ok(None),
        time => time.as_f64().map(Some).ok_or(Refusal::Times),
    };
    match time("exp")? {
        Some(end) if now < end + skew => {}
        Some(_) => return Err(Refusal::Expired),
        None => return Err(Refusal::Times),
    }
    for begin in ["nbf", "iat"] {
        if time(begin)?.is_some_and(|begin| begin > now + skew) {
            return Err(Refusal::NotYet);
        }
    }
    // It is bound to a key or certificate that we can't ask for (RFC 7800), so whoever sends it may have stolen it.
    if !claims["cnf"].is_null() {
        return Err(Refusal::Bound);
    }
    Ok(())
}

/// Who it is, and what they may do.
pub(super) fn principal(rules: &Oidc, claims: &Value) -> Result<Principal, Refusal> {
    permitted(rules, &identity(rules, claims)?)
}

/// What the provider says of somebody.
pub(super) fn identity(rules: &Oidc, claims: &Value) -> Result<ProviderIdentity, Refusal> {
    let tenant = match &rules.tenant_claim {
        None => None,
        Some(claim) => {
            let value = find(claims, claim).and_then(Value::as_str);
            Some(value.filter(|value| rules.tenants.contains_key(*value)).ok_or(Refusal::Tenant)?.to_owned())
        }
    };
    let subject = find(claims, &rules.subject_claim).and_then(Value::as_str).ok_or(Refusal::Subject)?;
    if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES || subject.chars().any(char::is_control) {
        return Err(Refusal::Subject);
    }
    let named = |claim: &Option<String>, known: &dyn Fn(&str) -> bool| -> Vec<String> {
        let values = claim.as_ref().and_then(|claim| find(claims, claim)).map(words).unwrap_or_default();
        values.into_iter().filter(|word| known(word)).map(str::to_owned).collect()
    };
    let text = |name: &str| claims[name].as_str().map(shown).filter(|text| !text.is_empty());
    Ok(ProviderIdentity {
        issuer: rules.issuer.clone(),
        tenant,
        subject: subject.to_owned(),
        roles: named(&rules.role_claim, &|word| rules.roles.contains_key(word)),
        permissions: named(&rules.permissions_claim, &|word| rules.permissions.contains_key(word)),
        name: text("name").or_else(|| text("preferred_username")).unwrap_or_default(),
        email: text("email").unwrap_or_default(),
    })
}

/// What the operator's tables give somebody now. The tenant is the provider's, or the one that its map has for a claim.
pub(super) fn permitted(rules: &Oidc, identity: &ProviderIdentity) -> Result<Principal, Refusal> {
    let tenant = match (&rules.tenant_claim, &identity.tenant) {
        (None, _) => rules.tenant.as_ref(),
        (Some(_), Some(value)) => rules.tenants.get(value),
        (Some(_), None) => None,
    };
    let tenant = tenant.ok_or(Refusal::Tenant)?;
    let roles = identity.roles.iter().filter_map(|word| rules.roles.get(word));
    let more: Vec<_> = identity.permissions.iter().filter_map(|word| rules.permissions.get(word)).copied().collect();
    let permissions = roles.fold(Permissions::of(&more), |all, role| all.and(role.permissions()));
    let ProviderIdentity { subject, name, email, .. } = identity.clone();
    Ok(Principal {
        tenant: Some(Arc::from(tenant.as_str())),
        // No key's id has a colon.
        key_id: Arc::from(format!("user:{subject}")),
        permissions,
        limits: rules.limits,
        // People send no events.
        quotas: None,
        person: Some(Arc::new(Person { id: subject, name, email })),
    })
}

/// A claim by its name, or by a JSON Pointer (RFC 6901) where it lies deeper.
fn find<'a>(claims: &'a Value, claim: &str) -> Option<&'a Value> {
    if claim.starts_with('/') { claims.pointer(claim) } else { claims.get(claim) }
}

/// The texts of a list, or of a text with spaces between them, as in `scope`.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split_ascii_whitespace().collect(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A text as an event can carry it.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(|char| !char.is_control()).collect();
    shown.truncate(shown.floor_char_boundary(MAX_NAME_BYTES));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::settings::{Permission, Role};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn rules(toml: &str) -> Oidc {
        toml::from_str(&format!("issuer = \"https://id.example\"\naudience = [\"usertrail\", \"other\"]\n{toml}"))
            .unwrap()
    }

    fn checked(claims: &Value) -> Result<(), Refusal> {
        let rules = rules("tenant = \"acme\"");
        check(&rules, &rules.audience, claims, DateTime::from_timestamp(NOW, 0).unwrap())
    }

    fn valid() -> Value {
        json!({ "aud": "usertrail", "exp": NOW + 300, "iat": NOW, "sub": "u-17" })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut claims = valid();
        claims[field] = value;
        claims
    }

    /// P11: for us, and now, give or take the skew of the clocks.
    #[test]
    fn times_and_audience() {
        assert_eq!(checked(&valid()), Ok(()));
        for (field, value, expected) in [
            ("aud", json!(["x", "other"]), Ok(())),
            ("aud", json!("Usertrail"), Err(Refusal::Audience)),
            ("aud", json!([]), Err(Refusal::Audience)),
            ("aud", json!({ "usertrail": 1 }), Err(Refusal::Audience)),
            ("aud", Value::Null, Err(Refusal::Audience)),
            ("exp", json!(NOW - 59), Ok(())),
            ("exp", json!(NOW - 60), Err(Refusal::Expired)),
            ("exp", json!(NOW as f64 + 0.5), Ok(())),
            ("exp", json!("tomorrow"), Err(Refusal::Times)),
            ("exp", Value::Null, Err(Refusal::Times)),
            ("nbf", json!(NOW + 60), Ok(())),
            ("nbf", json!(NOW + 61), Err(Refusal::NotYet)),
            ("iat", json!(NOW + 61), Err(Refusal::NotYet)),
            ("iat", json!(true), Err(Refusal::Times)),
            ("cnf", json!({ "jkt": "x" }), Err(Refusal::Bound)),
        ] {
            assert_eq!(checked(&with(field, value.clone())), expected, "{field} {value}");
        }
    }

    /// P11: the tenant comes from the provider's own map, and from nothing else that a token says.
    #[test]
    fn the_tenant_is_the_maps() {
        let fixed = rules("tenant = \"acme\"");
        let of = |rules: &Oidc, claims: &Value| {
            principal(rules, claims).map(|principal| principal.tenant.unwrap().to_string())
        };
        assert_eq!(of(&fixed, &with("tenant", json!("globex"))), Ok("acme".to_owned()));
        let mapped = rules("tenant_claim = \"/org/id\"\n[tenants]\no1 = \"acme\"\no2 = \"globex\"");
        assert_eq!(of(&mapped, &with("org", json!({ "id": "o2" }))), Ok("globex".to_owned()));
        for org in [json!({ "id": "globex" }), json!({ "id": ["o1"] }), json!({ "id": "" }), json!("o1"), Value::Null] {
            assert_eq!(of(&mapped, &with("org", org.clone())), Err(Refusal::Tenant), "{org}");
        }
    }

    /// P11: roles add up; what is not in the map gives nothing.
    #[test]
    fn roles_and_permissions_are_the_maps() {
        let rules = rules(
            "tenant = \"acme\"\nrole_claim = \"roles\"\npermissions_claim = \"scope\"\n\
             [roles]\nreader = \"viewer\"\nboss = \"admin\"\n[permissions]\n\"log:sql\" = \"query_sql\"",
        );
        let of = |claims: &Value| principal(&rules, claims).unwrap().permissions;
        assert_eq!(of(&valid()), Permissions::default());
        assert_eq!(of(&with("roles", json!(["admin", "platform", "Boss", 3]))), Permissions::default());
        assert_eq!(of(&with("roles", json!("reader"))), Role::Viewer.permissions());
        assert_eq!(of(&with("roles", json!(["reader", "boss"]))), Role::Admin.permissions());
        assert_eq!(of(&with("scope", json!("openid log:sql"))), Permissions::of(&[Permission::QuerySql]));
    }

    #[test]
    fn a_person_has_an_id_and_perhaps_a_name() {
        let rules = rules("tenant = \"acme\"");
        let claims = with("name", json!("Jana\u{7} Nováková"));
        let known = principal(&rules, &claims).unwrap();
        let person = known.person.unwrap();
        assert_eq!((person.id.as_str(), person.name.as_str(), person.email.as_str()), ("u-17", "Jana Nováková", ""));
        assert_eq!(&*known.key_id, "user:u-17");
        for subject in [json!(""), json!(7), json!("a\nb"), json!("x".repeat(256)), Value::Null] {
            assert_eq!(principal(&rules, &with("sub", subject)).unwrap_err(), Refusal::Subject);
        }
    }
}
