//! Who may do what (P11, T19, A2, K16): every operation × every role, every permission by itself, and strangers. The whole
//! table is kept in `snapshots`, so that whatever changes it shows in review.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use schemas::settings::{Permission, Plan, Role};
use serde_json::json;

use crate::support::{Answer, Event, World, with_world};

/// In everything that belongs to the one tenant, and in no answer to the other.
const MARK: &str = "zx-mark";
/// The one's user; the other has none of that name.
const USER: &str = "zx-user";

/// What the document has.
pub(crate) fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        all.extend(item.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase())));
    }
    all.sort();
    all
}

/// The path with ids in it: for `{id}` and the like by what comes before, or else something that there is not. The tenant is
/// always the one.
pub(crate) fn filled(path: &str, ids: &BTreeMap<&str, String>) -> String {
    let mut before = "";
    let mut parts = Vec::new();
    for part in path.split('/') {
        let known = || ids.get(before).cloned().unwrap_or_else(|| "aaaaaaaaaaaa".to_owned());
        parts.push(match part.starts_with('{') {
            true if before == "tenants" => "acme".to_owned(),
            true => known(),
            false => part.to_owned(),
        });
        before = part;
    }
    parts.join("/")
}

/// Asks with a body that is none of any operation, so that whoever is let through is refused for that instead.
pub(crate) async fn ask(world: &World, (path, method): (&str, &str), key: &str) -> Answer {
    let body = (method != "GET" && method != "DELETE").then(|| json!({ "nonsense": true }));
    world.send(method, path, key, body).await
}

/// Whether the guard refused it; a plan may refuse as well, in other words.
pub(crate) fn is_refused(answer: &Answer) -> bool {
    answer.status == 403 && answer.json["detail"].as_str().is_some_and(|detail| detail.starts_with("this takes "))
}

/// Things of the tenant acme, all marked; their ids by what comes before them in paths.
async fn marked(world: &World) -> BTreeMap<&'static str, String> {
    let mark = |tenant: &mut schemas::settings::Tenant| {
        tenant.plan = Plan::UNLIMITED;
        tenant.name = MARK.to_owned();
    };
    world.tenant("acme", mark).await;
    let (key, _) = world.settings.create_key(Some("acme"), Role::Viewer, MARK).await.unwrap();
    let admin = world.key(Some("acme"), Role::Admin).await;
    let mut event = Event::sign_in(&format!("{MARK}-event"), USER, TimeDelta::hours(1));
    event.actor_name = MARK.to_owned();
    event.reason = MARK;
    event.violations = vec!["mass-export"];
    let ids = BTreeMap::from([
        ("events", event.id.clone()),
        ("violations", event.violation_id("mass-export")),
        ("users", USER.to_owned()),
        ("devices", "d1".to_owned()),
        ("keys", key.id.clone()),
        ("rules", "marked".to_owned()),
        ("endpoints", "marked".to_owned()),
    ]);
    world.insert(&[event]).await;
    let rule = format!(
        "title: {MARK}\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nstatus: stable\nlogsource:\n  \
         product: usertrail\ndetection:\n  it:\n    action: view\n  condition: it\nlevel: high\n"
    );
    let silence = json!({ "owner": MARK, "reason": MARK, "ends_at": "2099-01-01T00:00:00Z" });
    for (method, path, body) in [
        ("PUT", format!("/v1/users/{USER}/devices/d1/access"), json!({ "access": "block", "reason": MARK })),
        ("PUT", format!("/v1/users/{USER}/exemption"), json!({ "owner": MARK, "reason": MARK })),
        ("POST", "/v1/rules".to_owned(), json!({ "name": "marked", "yaml": rule })),
        (
            "POST",
            "/v1/alerts/endpoints".to_owned(),
            json!({ "id": "marked", "url": format!("https://8.8.8.8/{MARK}") }),
        ),
        ("POST", "/v1/alerts/silences".to_owned(), silence),
    ] {
        let answer = world.send(method, &path, &admin, Some(body)).await;
        assert!([200, 201].contains(&answer.status), "{method} {path}: {}", answer.json);
    }
    ids
}

/// P11, T19, A2, K16: for each operation the roles that are let in, the permissions that suffice by themselves, and what
/// the platform is answered with and without naming a tenant.
#[test]
fn who_may_do_what() {
    with_world("matrix", async |world| {
        world.tenant("acme", |tenant| tenant.plan = Plan::UNLIMITED).await;
        let nothing = BTreeMap::new();
        let mut roles = Vec::new();
        for role in Role::ALL {
            let tenant = (role != Role::Platform).then_some("acme");
            roles.push((role, world.key(tenant, role).await));
        }
        let mut alone = Vec::new();
        for permission in Permission::ALL.into_iter().filter(|one| *one != Permission::RunInstallation) {
            // The role that reads nothing, and has the fewest permissions.
            let made = world.settings.create_key_permitting(Some("acme"), Role::Ingest, &[permission], "one").await;
            alone.push((permission, made.unwrap().1.expose()));
        }
        let platform = &roles.last().unwrap().1;
        let mut lines = Vec::new();
        for (path, method) in operations() {
            let at = filled(&path, &nothing);
            let let_in = async |key: &str| {
                let answer = ask(&world, (&at, &method), key).await;
                let bad = [401, 405, 500, 503].contains(&answer.status);
                assert!(!bad, "{method} {at}: {} {}", answer.status, answer.json);
                !is_refused(&answer)
            };
            let mut by_role = Vec::new();
            for (role, key) in &roles {
                if let_in(key).await {
                    by_role.push(role.as_str());
                }
            }
            let mut by_permission = Vec::new();
            for (permission, key) in &alone {
                if let_in(key).await {
                    by_permission.push(permission.as_str());
                }
            }
            // Every key of these may send events.
            if by_role.contains(&"ingest") {
                assert_eq!(by_permission.len(), alone.len(), "{method} {path}");
                by_permission = vec![Permission::SendEvents.as_str()];
            }
            let named = if method == "GET" { format!("{at}?tenant=acme") } else { at.clone() };
            let bare = ask(&world, (&at, &method), platform).await.status;
            let told = ask(&world, (&named, &method), platform).await.status;
            lines.push(format!(
                "{method} {path}: {}; by itself: {}; platform: {bare}, of a tenant: {told}",
                by_role.join(" "),
                by_permission.join(" ")
            ));
        }
        insta::assert_snapshot!(lines.join("\n"));
    });
}

/// P11: whoever has every right in one tenant has none in another: no answer shows anything of it, nothing of it changes,
/// and what it has looks like what there is not.
#[test]
fn strangers_see_and_change_nothing() {
    with_world("matrix_strangers", async |world| {
        let ids = marked(&world).await;
        world.tenant("globex", |tenant| tenant.plan = Plan::UNLIMITED).await;
        let all = [Permission::SendEvents, Permission::QuerySql];
        let made = world.settings.create_key_permitting(Some("globex"), Role::Admin, &all, "all").await;
        let stranger = made.unwrap().1.expose();
        let (version, audited) = (world.settings.tenant("acme").unwrap().version, world.audit.recorded("acme").len());
        for (path, method) in operations() {
            let at = filled(&path, &ids);
            let answer = ask(&world, (&at, &method), &stranger).await;
            assert!(answer.status < 500 && answer.status != 401, "{method} {at}: {} {}", answer.status, answer.json);
            assert!(!answer.json.to_string().contains(MARK), "{method} {at}: {}", answer.json);
            if path.starts_with("/v1/tenants/{id}") {
                assert_eq!(answer.status, 404, "{method} {at}");
            }
            if method == "GET" {
                let named = ask(&world, (&format!("{at}?tenant=acme"), &method), &stranger).await;
                // Where the tenant is in the path, or there is one for all, the parameter is none.
                assert!([400, 403, 404].contains(&named.status), "{named:?}");
                assert!(!named.json.to_string().contains(MARK), "{method} {at}: {}", named.json);
            }
        }
        // Nothing of it is gone, and nobody did anything to it.
        assert_eq!(world.settings.tenant("acme").unwrap().version, version);
        assert_eq!(world.audit.recorded("acme").len(), audited);
        let admin = world.key(Some("acme"), Role::Admin).await;
        let mut shown = 0;
        for (path, method) in operations() {
            if method == "GET" {
                let answer = ask(&world, (&filled(&path, &ids), &method), &admin).await;
                shown += usize::from(answer.status == 200 && answer.json.to_string().contains(MARK));
            }
        }
        assert!(shown >= 10, "the marks are not where they should be seen: {shown}");
    });
}
