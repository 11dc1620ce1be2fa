use super::*;
use schemas::detection::{Exemption, StoredRule};
use schemas::settings::Role;

const LIMITS: Limits = Limits { events_per_second: 1, burst: 2, queries_per_second: 3, query_burst: 4 };

async fn with_tenant() -> Settings {
    let settings = Settings::in_memory(LIMITS);
    settings.put_tenant(Tenant::new("acme", "Acme")).await.unwrap();
    settings
}

/// P11: a key works from its creation to its revocation, for its tenant and role alone.
#[tokio::test]
async fn a_key_works_until_it_is_revoked() {
    let settings = with_tenant().await;
    let (key, text) = settings.create_key(Some("acme"), Role::Ingest, "app").await.unwrap();
    let principal = settings.authenticate(&text.expose()).unwrap();
    assert_eq!((principal.tenant.as_deref(), principal.permissions), (Some("acme"), Role::Ingest.permissions()));
    assert_eq!(settings.keys(Some("acme")), [Arc::clone(&key)]);

    let other = settings.revoke_key(None, &key.id).await;
    assert!(matches!(other, Err(PutError::NotFound)), "{other:?}");
    settings.revoke_key(Some("acme"), &key.id).await.unwrap();
    assert_eq!(settings.authenticate(&text.expose()), Err(AuthError::Revoked));
}

/// P11: whoever knows the id alone has nothing.
#[tokio::test]
async fn a_wrong_secret_is_as_good_as_none() {
    let settings = with_tenant().await;
    let (_, text) = settings.create_key(Some("acme"), Role::Ingest, "app").await.unwrap();
    let mut wrong = text.expose();
    let last = if wrong.pop() == Some('A') { 'B' } else { 'A' };
    wrong.push(last);
    assert_eq!(settings.authenticate(&wrong), Err(AuthError::Unknown));
    assert_eq!(settings.authenticate("ut_"), Err(AuthError::Malformed));
    assert_eq!(settings.authenticate(&format!("ut_aaaaaaaaaaaa_{}", "x".repeat(43))), Err(AuthError::Unknown));
}

#[tokio::test]
async fn the_keys_of_a_deleted_tenant_stop_working() {
    let settings = with_tenant().await;
    let (_, text) = settings.create_key(Some("acme"), Role::Viewer, "").await.unwrap();
    settings.delete_tenant("acme").await.unwrap();
    assert_eq!(settings.authenticate(&text.expose()), Err(AuthError::NoTenant));
}

#[tokio::test]
async fn a_change_must_be_made_from_the_version_in_force() {
    let settings = with_tenant().await;
    let mine = Tenant::clone(&settings.tenant("acme").unwrap());
    assert_eq!(mine.version, 1);
    let changed = settings.put_tenant(Tenant { logging: true, ..mine.clone() }).await.unwrap();
    assert_eq!(changed.version, 2);
    let lost = settings.put_tenant(mine).await;
    assert!(matches!(lost, Err(PutError::Conflict { current: 2 })), "{lost:?}");
    assert!(settings.tenant("acme").unwrap().logging);
}

#[tokio::test]
async fn limits_are_the_tenants_own_or_the_installations() {
    let settings = with_tenant().await;
    assert_eq!(settings.limits("acme"), LIMITS);
    let own = Limits { burst: 9, ..LIMITS };
    let tenant = Tenant { limits: Some(own), ..Tenant::clone(&settings.tenant("acme").unwrap()) };
    settings.put_tenant(tenant).await.unwrap();
    assert_eq!(settings.limits("acme"), own);
}

#[tokio::test]
async fn an_administrators_key_is_made_once() {
    let settings = Settings::in_memory(LIMITS);
    let made = settings.ensure_admin_key(None).await.unwrap().unwrap();
    assert_eq!(settings.authenticate(&made.expose()).unwrap().permissions, Role::Platform.permissions());
    assert_eq!(settings.ensure_admin_key(None).await.unwrap(), None);

    settings.ensure_admin_key(Some("an-operators-own-key")).await.unwrap();
    assert_eq!(settings.authenticate("an-operators-own-key").unwrap().tenant, None);
    assert!(settings.ensure_admin_key(Some("short")).await.is_err());
}

/// A record that can't be read: a tenant keeps what it had, a key stops working (it may have been revoked).
#[tokio::test]
async fn unreadable_records_never_open_anything() {
    let settings = with_tenant().await;
    let (key, text) = settings.create_key(Some("acme"), Role::Viewer, "").await.unwrap();
    for bad in [&b"{"[..], br#"{"id":"other"}"#, b"\xff", b"[]"] {
        let version = settings.snapshot().version(SettingsKey::Tenant("acme"));
        settings.put(SettingsKey::Tenant("acme"), version, Some(bad)).await.unwrap();
        assert_eq!(settings.tenant("acme").unwrap().name, "Acme");
    }
    settings.put(SettingsKey::ApiKey(&key.id), 1, Some(b"{}")).await.unwrap();
    assert_eq!(settings.authenticate(&text.expose()), Err(AuthError::Unknown));
}

#[test]
fn a_topic_that_began_anew_is_taken_as_it_is() {
    let mut snapshot = Snapshot::default();
    let mut apply = |offset, setting, value: &[u8]| {
        snapshot.apply(offset, &RecordKey::after(setting, 0).to_string(), Some(value)).unwrap();
    };
    apply(5, "tenant/a", br#"{"id":"a"}"#);
    apply(6, "platform", br#"{"x":1}"#);
    assert_eq!(snapshot.other("platform").unwrap().get(), r#"{"x":1}"#);
    snapshot.apply(0, &RecordKey::after("tenant/b", 0).to_string(), Some(br#"{"id":"b"}"#)).unwrap();
    assert!(snapshot.tenant("a").is_none() && snapshot.tenant("b").is_some());
    assert_eq!(snapshot.next_offset(), 1);
}

fn exemption(tenant: &str, minutes: i64) -> Exemption {
    let now = chrono::Utc::now();
    Exemption {
        tenant: tenant.to_owned(),
        user_id: "u/1".to_owned(),
        owner: "Jana".to_owned(),
        reason: "travels".to_owned(),
        granted_at: now,
        expires_at: Some(now + chrono::TimeDelta::minutes(minutes)),
    }
}

/// P12: of two changes of a key's limits that were made from the same state, the second is refused.
#[tokio::test]
async fn limits_of_a_key_are_changed_by_one_at_a_time() {
    let settings = with_tenant().await;
    let (key, _) = settings.create_key(Some("acme"), Role::Ingest, "CRM").await.unwrap();
    let seen = settings.snapshot();
    let limits = |burst| Bounds { limits: Some(Limits { burst, ..LIMITS }), quotas: None };
    let first = settings.limit_key(&seen, "acme", &key.id, limits(30)).await.unwrap();
    assert_eq!(first.limits.map(|limits| limits.burst), Some(30));
    let lost = settings.limit_key(&seen, "acme", &key.id, limits(40)).await;
    assert!(matches!(lost, Err(PutError::Conflict { .. })), "{lost:?}");
    let again = settings.limit_key(&settings.snapshot(), "acme", &key.id, limits(40)).await.unwrap();
    assert_eq!(again.limits.map(|limits| limits.burst), Some(40));
}

/// K6: an exemption that is changed while it holds has held all the time; ended, it is gone.
#[tokio::test]
async fn an_exemption_is_granted_changed_and_ended() {
    let settings = with_tenant().await;
    let before = settings.snapshot();
    let first = settings.put_exemption(&before, exemption("acme", 5)).await.unwrap();
    let lost = settings.put_exemption(&before, exemption("acme", 500)).await;
    assert!(matches!(lost, Err(PutError::Conflict { current: 1 })), "{lost:?}");
    let longer = settings.put_exemption(&settings.snapshot(), exemption("acme", 50)).await.unwrap();
    assert_eq!(longer.granted_at, first.granted_at);
    assert_eq!(settings.snapshot().exemption("acme", "u/1"), Some(&longer));

    let over = settings.put_exemption(&settings.snapshot(), exemption("acme", -5)).await;
    assert!(matches!(over, Err(PutError::Invalid(_))), "{over:?}");
    assert!(matches!(
        settings.put_exemption(&settings.snapshot(), exemption("nobody", 5)).await,
        Err(PutError::NotFound)
    ));
    settings.end_exemption(&settings.snapshot(), "acme", "u/1").await.unwrap();
    assert!(settings.snapshot().exemption("acme", "u/1").is_none());
    assert!(matches!(settings.end_exemption(&settings.snapshot(), "acme", "u/1").await, Err(PutError::NotFound)));
}

/// P4: each version of a rule is kept, the deleting one too, and a change must name the one in force.
#[tokio::test]
async fn versions_of_a_rule_are_kept() {
    let settings = with_tenant().await;
    let rule = |version, yaml: &str| StoredRule {
        scope: "acme".to_owned(),
        name: "odd-hours".to_owned(),
        version,
        enabled: true,
        yaml: yaml.to_owned(),
        written_by: "k".to_owned(),
        written_at: chrono::DateTime::UNIX_EPOCH,
    };
    for (version, yaml) in [(0, "one"), (1, "two"), (2, "")] {
        assert_eq!(settings.put_rule(rule(version, yaml)).await.unwrap().version, version + 1);
        let lost = settings.put_rule(rule(version, "late")).await;
        assert!(matches!(lost, Err(PutError::Conflict { current }) if current == u64::from(version) + 1), "{lost:?}");
    }
    let snapshot = settings.snapshot();
    let kept: Vec<_> = snapshot.rules("acme").map(|rule| (rule.version, rule.yaml.as_str())).collect();
    assert_eq!(kept, [(1, "one"), (2, "two"), (3, "")]);
    assert!(snapshot.rules("acme").last().unwrap().is_deleted());
    let bad = settings.put_rule(StoredRule { name: "Odd".to_owned(), ..rule(0, "x") }).await;
    assert!(matches!(bad, Err(PutError::Invalid(_))), "{bad:?}");
}
