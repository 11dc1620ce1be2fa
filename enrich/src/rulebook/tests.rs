//! What is compiled when.

use runtime::settings::Settings;
use schemas::settings::Tenant;
use schemas::topics::SettingsKey;

use super::*;

fn stored(scope: &str, number: u32, version: u32) -> StoredRule {
    let yaml = format!(
        "title: T\nid: 00000000-0000-0000-0000-{number:012}\nlevel: low\nversion: 1\nlogsource: {{product: usertrail}}\n\
         detection:\n  s:\n    action: x{version}\n  condition: s\n"
    );
    let (name, written_by, written_at) = (format!("own-{number}"), "k".to_owned(), chrono::Utc::now());
    StoredRule { scope: scope.to_owned(), name, version, enabled: true, yaml, written_by, written_at }
}

async fn put(settings: &Settings, key: SettingsKey<'_>, value: &[u8]) {
    let made_from = settings.snapshot().version(key);
    settings.put(key, made_from, Some(value)).await.unwrap();
}

async fn put_tenant(settings: &Settings, id: &str, disabled: &[&str]) {
    let mut tenant = Tenant::new(id, id);
    tenant.detection.disabled = disabled.iter().map(|name| (*name).to_owned()).collect();
    put(settings, SettingsKey::Tenant(id), &serde_json::to_vec(&tenant).unwrap()).await;
}

async fn put_rule(settings: &Settings, rule: &StoredRule) {
    let key = SettingsKey::Rule(&rule.scope, &rule.name, rule.version);
    put(settings, key, &serde_json::to_vec(rule).unwrap()).await;
}

/// P4: a tenant's rules are compiled once for what they are made of, whatever else changes; while they are compiled anew,
/// those before hold for whoever doesn't wait.
#[tokio::test]
async fn rules_are_compiled_once_a_version() {
    let settings = Settings::in_memory(runtime::config::Config::defaults().unwrap().limits);
    let (book, metrics) = (RuleBook::shipped().unwrap(), Metrics::new(&runtime::metrics::Metrics::default()));
    let at = |tenant: &str| book.at(&settings.snapshot(), tenant);
    let knows = |tenant: &str, rule: &str| at(tenant).find(rule).is_some();
    let catch_up = || while book.catch_up(&settings, &metrics) {};
    for tenant in ["plain", "own", "picky"] {
        put_tenant(&settings, tenant, if tenant == "picky" { &["mass-export"] } else { &[] }).await;
    }
    put_rule(&settings, &stored("own", 1, 1)).await;
    // Met before anything was compiled: its own rules hold at once.
    assert!(knows("own", "own-1") && !knows("picky", "mass-export") && knows("plain", "mass-export"));
    catch_up();
    let first = at("own");
    assert!(Arc::ptr_eq(&at("plain"), &book.0.shipped) && Arc::ptr_eq(&at("nobody"), &book.0.shipped));

    // Another tenant's changes, and what isn't about rules, compile nothing of this one.
    put_tenant(&settings, "picky", &["mass-export", "mass-view"]).await;
    put_rule(&settings, &stored("picky", 2, 1)).await;
    put_tenant(&settings, "own", &[]).await;
    catch_up();
    assert!(Arc::ptr_eq(&at("own"), &first));
    assert!(knows("picky", "own-2") && !knows("picky", "mass-view"));

    // A change of its own: the rules before hold until the new ones are ready.
    put_rule(&settings, &stored("own", 1, 2)).await;
    assert!(Arc::ptr_eq(&at("own"), &first));
    // An event of the tenant waits for them, one of another tenant doesn't.
    let snapshot = settings.snapshot();
    let (rules, current) = book.current(&snapshot, "picky", &mut Patience::default());
    assert!(current && Arc::ptr_eq(&rules, &at("picky")));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| book.current(&snapshot, "own", &mut Patience::default()));
        catch_up();
        let (rules, current) = waiting.join().unwrap();
        assert!(current && Arc::ptr_eq(&rules, &at("own")));
    });
    let version = |tenant: &str| at(tenant).rule(at(tenant).find("own-1").unwrap()).unwrap().version;
    assert_eq!(version("own"), 2);

    // What all share reaches all, and a tenant without anything of its own is as it was.
    put_rule(&settings, &stored(SHARED, 3, 1)).await;
    catch_up();
    assert!(["plain", "own", "picky"].iter().all(|tenant| knows(tenant, "own-3")));
    let mut deleted = stored(SHARED, 3, 2);
    deleted.yaml.clear();
    put_rule(&settings, &deleted).await;
    catch_up();
    assert!(Arc::ptr_eq(&at("plain"), &book.0.shipped));
}
