//! Restoring what was deleted (J15, J16), with an application that is called over the network.

mod receiver;

use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use receiver::{Application, Reply};
use runtime::config::Config;
use schemas::restore::RestoreEndpoint;
use schemas::settings::{Plan, Role};
use schemas::topics::SettingsKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{World, with_configured, with_world};

const ENDPOINT: &str = "/v1/settings/restore-endpoint";

/// Applications of the tests are on this machine, and answer soon or never.
fn nearby(config: &mut Config) {
    config.alert.allow_private = true;
    config.alert.first_retry_ms = 10;
}

fn impatient(config: &mut Config) {
    nearby(config);
    config.alert.timeout_ms = 300;
}

/// One row of `events`, as an application sent it `seconds` before now.
struct Row<'a> {
    id: &'a str,
    kind: &'a str,
    class: &'a str,
    action: &'a str,
    object: (&'a str, &'a str, &'a str),
    changes: &'a [(&'a str, &'a str, &'a str, &'a str)],
    seconds: i64,
}

impl Row<'_> {
    async fn store(&self, world: &World) {
        self.store_as(world, "", "", "").await;
    }

    async fn store_as(&self, world: &World, key_id: &str, request_id: &str, payload: &str) {
        self.store_ended(world, "success", [key_id, request_id, payload]).await;
    }

    async fn store_ended(&self, world: &World, outcome: &str, more: [&str; 3]) {
        let at = (Utc::now() - TimeDelta::seconds(self.seconds)).format("%Y-%m-%d %H:%M:%S%.3f");
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "\\'"));
        let list = |pick: fn(&(&str, &str, &str, &str)) -> String| {
            self.changes.iter().map(pick).map(|text| quoted(&text)).collect::<Vec<_>>().join(",")
        };
        let (object_type, object_id, object_name) = self.object;
        let of_event = [self.id, self.kind, self.class, self.action, object_type, object_id, object_name];
        let texts = of_event.into_iter().chain(more).map(quoted);
        let sql = format!(
            "INSERT INTO events (tenant, category, outcome, actor_kind, actor_id, actor_name, occurred_at, received_at, \
             retention_days, `changes.path`, `changes.op`, `changes.old`, `changes.new`, event_id, type, class, action, \
             object_type, object_id, object_name, key_id, request_id, payload) VALUES \
             ('acme', 'changes', '{outcome}', 'user', 'u-17', 'Jana', '{at}', '{at}', 365, [{}], [{}], [{}], [{}], {})",
            list(|change| change.0.to_owned()),
            list(|change| change.1.to_owned()),
            list(|change| change.2.to_owned()),
            list(|change| change.3.to_owned()),
            texts.collect::<Vec<_>>().join(", "),
        );
        world.client.query_raw(&sql).execute().await.unwrap();
    }
}

fn task<'a>(id: &'a str, kind: &'a str, class: &'a str, number: &'a str, seconds: i64) -> Row<'a> {
    Row { id, kind, class, action: class, object: ("task", number, "Call back"), changes: &[], seconds }
}

/// A task that was created, changed and deleted; the deletion's id is `{number}-deleted`.
async fn deleted_task(world: &World, number: &str) -> String {
    let deletion = format!("{number}-deleted");
    let created = [("title", "add", "", "\"Call\""), ("tags", "add", "", "[\"vip\"]"), ("note", "add", "", "\"x\"")];
    let changed = [("/title", "replace", "\"Call\"", "\"Call back\""), ("note", "remove", "\"x\"", "")];
    let id = format!("{number}-created");
    Row { changes: &created, ..task(&id, "task.created", "create", number, 300) }.store(world).await;
    let id = format!("{number}-changed");
    Row { changes: &changed, ..task(&id, "task.title_changed", "change", number, 200) }.store(world).await;
    task(&deletion, "task.deleted", "delete", number, 100).store(world).await;
    deletion
}

async fn admin_of(world: &World) -> String {
    world.tenant("acme", |_| {}).await;
    world.key(Some("acme"), Role::Admin).await
}

/// Sets the endpoint; returns its secret.
async fn endpoint(world: &World, admin: &str, application: &Application) -> String {
    let made = world.send("PUT", ENDPOINT, admin, Some(json!({ "url": application.url() }))).await;
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["secret"].as_str().unwrap().to_owned()
}

/// Asks for a restore, which must be answered by an outcome.
async fn restore(world: &World, admin: &str, deletion: &str) -> Value {
    let answer = world.send("POST", &format!("/v1/events/{deletion}/restore"), admin, None).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["data"].clone()
}

fn message_id(deletion: &str) -> String {
    let digest = Sha256::digest(format!("restore/acme/{deletion}"));
    format!("msg_{}", schemas::settings::hex(&digest[..16]))
}

/// What staff did about restores.
fn told(world: &World) -> Vec<Value> {
    let of_restore = |event: &Value| event["type"].as_str().unwrap().starts_with("restore.");
    world.audit.recorded("acme").into_iter().filter(of_restore).collect()
}

/// J15: the application gets the last state, signed; what was asked and how it ended are events about the object.
#[test]
fn an_object_is_restored_with_its_last_state() {
    with_configured("restore_state", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        let secret = endpoint(&world, &admin, &application).await;
        let deletion = deleted_task(&world, "7").await;
        let path = format!("/v1/events/{deletion}/restore");
        assert_eq!(world.get(&path, &admin).await.status, 404);
        let outcome = restore(&world, &admin, &deletion).await;
        assert_eq!((&outcome["status"], &outcome["attempts"]), (&json!("succeeded"), &json!(1)));
        assert_eq!((&outcome["answer_status"], &outcome["message_id"]), (&json!(204), &json!(message_id(&deletion))));

        let requests = application.requests();
        let [request] = &requests[..] else { panic!("{requests:?}") };
        assert!(request.is_signed_by(&secret) && request.id() == message_id(&deletion));
        let mut body = request.json();
        for time in ["timestamp", "deleted_at"] {
            let time: DateTime<Utc> = serde_json::from_value(body[time].take()).unwrap();
            assert!((Utc::now() - time).num_seconds() < 600);
        }
        let key = &admin[3..15];
        assert_eq!(
            body,
            json!({
                "type": "restore.requested", "id": message_id(&deletion), "timestamp": null, "tenant": "acme",
                "object": { "type": "task", "id": "7", "name": "Call back" },
                "state": { "title": "Call back", "tags": ["vip"] }, "state_complete": true,
                "deleted_at": null, "deleted_by": { "kind": "user", "id": "u-17", "name": "Jana" },
                "requested_by": { "kind": "api_key", "id": key, "name": "test" },
                "event_id": deletion,
            })
        );

        let events = told(&world);
        let [requested, succeeded] = &events[..] else { panic!("{events:?}") };
        assert_eq!(requested["type"], "restore.requested");
        assert_eq!((&succeeded["type"], &succeeded["outcome"]), (&json!("restore.succeeded"), &json!("success")));
        assert_eq!((&outcome["requested_event_id"], &outcome["event_id"]), (&requested["id"], &succeeded["id"]));
        for event in [requested, succeeded] {
            assert_eq!(event["object"], json!({ "type": "task", "id": "7", "name": "Call back" }));
            assert_eq!((&event["context"]["request_id"], &event["actor"]["id"]), (&outcome["message_id"], &json!(key)));
            assert_eq!(event["payload"]["deletion"], deletion);
        }
        // Asked again: the same outcome, and nobody is called.
        assert_eq!(restore(&world, &admin, &deletion).await["event_id"], outcome["event_id"]);
        assert_eq!((application.requests().len(), told(&world).len()), (1, 2));
    });
}

/// J15: an outcome is read from the log, whichever process is asked; what others call a restore's outcome is none.
#[test]
fn outcomes_are_told_from_the_log() {
    with_configured("restore_told", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        let deletion = deleted_task(&world, "7").await;
        let path = format!("/v1/events/{deletion}/restore");
        let outcome = |id, kind, seconds| Row { action: "restore", ..task(id, kind, "create", "7", seconds) };
        let payload = r#"{"attempts":3,"answer_status":500,"requested":"r1","deletion":"7-deleted"}"#;
        let message = message_id(&deletion);
        outcome("forged", "restore.succeeded", 90).store_as(&world, "k3jq7xw2m5ab", &message, payload).await;
        assert_eq!(world.get(&path, &admin).await.status, 404);
        outcome("r1", "restore.requested", 80).store_as(&world, "usertrail", &message, "").await;
        assert_eq!(world.ok(&path, &admin).await["data"]["status"], "requested");
        outcome("f1", "restore.failed", 70).store_as(&world, "usertrail", &message, payload).await;
        let failed = world.ok(&path, &admin).await["data"].clone();
        assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(3)));
        assert_eq!((&failed["answer_status"], &failed["requested_event_id"]), (&json!(500), &json!("r1")));
        outcome("s1", "restore.succeeded", 60).store_as(&world, "usertrail", &message, payload).await;
        outcome("r2", "restore.requested", 50).store_as(&world, "usertrail", &message, "").await;
        assert_eq!(world.ok(&path, &admin).await["data"]["event_id"], "s1", "a success is final");
        // It needs no endpoint, and nobody is called.
        assert_eq!(restore(&world, &admin, &deletion).await["event_id"], "s1");
        assert!(application.requests().is_empty() && told(&world).is_empty());
    });
}

/// J15: while nobody answers or the application is in trouble it is tried again, with the same message; at most three times.
#[test]
fn trouble_is_tried_again() {
    with_configured("restore_retries", impatient, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        let secret = endpoint(&world, &admin, &application).await;
        let deletion = deleted_task(&world, "7").await;
        application.replies(&[Reply::Status(503, "later"), Reply::Hang, Reply::Status(500, "no\ndisk")]);
        let failed = restore(&world, &admin, &deletion).await;
        assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(3)));
        let reason = "500 Internal Server Error: no disk";
        assert_eq!((&failed["answer_status"], &failed["reason"]), (&json!(500), &json!(reason)));
        let last = told(&world).pop().unwrap();
        assert_eq!((&last["type"], &last["outcome"]), (&json!("restore.failed"), &json!("failure")));
        assert_eq!((&last["reason"], &last["payload"]["attempts"]), (&json!(reason), &json!(3)));

        application.replies(&[Reply::Status(429, ""), Reply::Hang]);
        let succeeded = restore(&world, &admin, &deletion).await;
        assert_eq!((&succeeded["status"], &succeeded["attempts"]), (&json!("succeeded"), &json!(3)));
        let requests = application.requests();
        assert_eq!(requests.len(), 6);
        assert!(requests.iter().all(|request| request.is_signed_by(&secret) && request.id() == message_id(&deletion)));
        assert_eq!(requests[0].text, requests[2].text);
        assert_eq!(requests[3].text, requests[5].text);
    });
}

/// J15: an application that refuses is asked once, and its reason is shown; redirects are not followed.
#[test]
fn a_refusal_is_final() {
    with_configured("restore_refused", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        endpoint(&world, &admin, &application).await;
        let deletion = deleted_task(&world, "7").await;
        for (reply, status, reason) in [
            (Reply::Status(409, "the number is taken"), 409, "409 Conflict: the number is taken"),
            (Reply::Status(410, ""), 410, "410 Gone"),
            (Reply::Status(422, "no such list"), 422, "422 Unprocessable Entity: no such list"),
            (Reply::Redirect, 302, "302 Found: redirects are not followed; enter the address that it leads to"),
        ] {
            application.replies(&[reply]);
            let failed = restore(&world, &admin, &deletion).await;
            assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{reply:?}");
            assert_eq!((&failed["answer_status"], &failed["reason"]), (&json!(status), &json!(reason)));
        }
    });
}

/// J15: nothing that is not public is called, whatever the settings say.
#[test]
fn private_addresses_are_not_called() {
    with_world("restore_private", async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        let deletion = deleted_task(&world, "7").await;
        for url in [application.url(), "http://localhost/".to_owned(), "http://[::ffff:10.0.0.1]/".to_owned()] {
            let refused = world.send("PUT", ENDPOINT, &admin, Some(json!({ "url": url }))).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/url")));
        }
        assert_eq!(world.get(ENDPOINT, &admin).await.status, 404);
        // As if the installation had allowed it once.
        let stored = RestoreEndpoint {
            tenant: "acme".to_owned(),
            url: application.url(),
            secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()],
            updated_at: Utc::now(),
        };
        let value = serde_json::to_vec(&stored).unwrap();
        world.settings.put(SettingsKey::RestoreEndpoint("acme"), 0, Some(&value)).await.unwrap();
        let failed = restore(&world, &admin, &deletion).await;
        assert_eq!((&failed["status"], &failed["answer_status"]), (&json!("failed"), &Value::Null));
        assert_eq!(failed["reason"], "127.0.0.1 is not a public address");
        assert!(application.requests().is_empty());
    });
}

/// J15: what is asked for several times at once is done once; and one tenant can't have any number under way.
#[test]
fn restores_at_the_same_time() {
    with_configured("restore_at_once", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        endpoint(&world, &admin, &application).await;
        let numbers: Vec<String> = (0..21).map(|number| number.to_string()).collect();
        let deletions = join_all(numbers.iter().map(|number| deleted_task(&world, number))).await;
        application.replies(&[Reply::Held; 20]);
        let twice = deletions[..20].iter().chain(&deletions[..20]);
        let all = join_all(twice.map(|deletion| restore(&world, &admin, deletion)));
        let beside = async {
            application.until_asked(20).await;
            let path = format!("/v1/events/{}/restore", deletions[20]);
            let busy = world.send("POST", &path, &admin, None).await;
            assert_eq!((busy.status, &busy.json["code"]), (503, &json!("busy")));
            assert!(busy.headers.contains_key("retry-after"));
            application.release();
        };
        let (outcomes, ()) = tokio::join!(all, beside);
        assert_eq!(application.requests().len(), 20);
        for (first, second) in outcomes[..20].iter().zip(&outcomes[20..]) {
            assert_eq!((&first["status"], first), (&json!("succeeded"), second));
        }
        assert_eq!(restore(&world, &admin, &deletions[20]).await["status"], "succeeded");
    });
}

/// J15: what lives again is not restored; what was deleted once more is, with the state of its last life.
#[test]
fn what_lives_again_is_not_restored() {
    with_configured("restore_again", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        endpoint(&world, &admin, &application).await;
        let first = deleted_task(&world, "7").await;
        let created = [("title", "add", "", "\"Another\"")];
        Row { changes: &created, ..task("again", "task.created", "create", "7", 50) }.store(&world).await;
        let refused = world.send("POST", &format!("/v1/events/{first}/restore"), &admin, None).await;
        assert_eq!((refused.status, &refused.json["code"]), (409, &json!("not_deleted_any_more")));
        let owner = [("owner", "remove", "\"jana\"", "")];
        Row { changes: &owner, ..task("second", "task.deleted", "delete", "7", 40) }.store(&world).await;
        assert_eq!(restore(&world, &admin, "second").await["status"], "succeeded");
        let state = &application.requests()[0].json()["state"];
        assert_eq!(*state, json!({ "title": "Another", "owner": "jana" }));
    });
}

/// J15: what failed, or was only asked for, is not in the state that the application gets, and brings nothing back to life.
#[test]
fn what_failed_is_not_restored() {
    with_configured("restore_failed", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        endpoint(&world, &admin, &application).await;
        let deletion = deleted_task(&world, "7").await;
        let title = [("title", "replace", "", "\"Never\"")];
        for (id, outcome) in [("failed", "failure"), ("asked", "unknown")] {
            let change = Row { changes: &title, ..task(id, "task.title_changed", "change", "7", 150) };
            change.store_ended(&world, outcome, ["", "", ""]).await;
            let again = format!("{id}-again");
            task(&again, "task.created", "create", "7", 50).store_ended(&world, outcome, ["", "", ""]).await;
        }
        assert_eq!(restore(&world, &admin, &deletion).await["status"], "succeeded");
        let body = application.requests()[0].json();
        assert_eq!(body["state"], json!({ "title": "Call back", "tags": ["vip"] }));
    });
}

/// J16, P16: what can't be restored says why, in the caller's language. J3: restores are part of some plans.
#[test]
fn why_not_in_three_languages() {
    with_configured("restore_why_not", nearby, async |world| {
        let admin = admin_of(&world).await;
        let order = Row { object: ("order", "9", ""), ..task("order", "order.deleted", "delete", "9", 60) };
        order.store(&world).await;
        task("alive", "task.created", "create", "3", 60).store(&world).await;
        task("unknown", "lead.deleted", "delete", "4", 60).store(&world).await;
        Row { object: ("", "", ""), ..task("nothing", "task.deleted", "delete", "", 60) }.store(&world).await;
        let deletion = deleted_task(&world, "7").await;
        let ask = async |id: &str, lang: &'static str| {
            let request = Request::post(format!("/v1/events/{id}/restore"));
            let request = request.header("authorization", format!("Bearer {admin}")).header("accept-language", lang);
            let answer = world.answer(request.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status, answer.headers["content-language"].to_str().unwrap()), (409, lang), "{id}");
            (answer.json["code"].as_str().unwrap().to_owned(), answer.json["detail"].as_str().unwrap().to_owned())
        };
        let catalogue = schemas::catalogue::Catalogue::shipped().unwrap();
        let reason = catalogue.get("order.deleted").unwrap().not_restorable_reason.clone().unwrap();
        for (lang, expected) in [("en", &reason.en), ("ru", &reason.ru), ("cs", &reason.cs)] {
            assert_eq!(ask("order", lang).await, ("not_restorable".to_owned(), expected.clone()));
        }
        let mut all = Vec::new();
        let failed = task("failed", "task.deleted", "delete", "5", 60);
        failed.store_ended(&world, "failure", ["", "", ""]).await;
        for id in ["alive", "unknown", "nothing", "failed", &deletion] {
            for lang in ["en", "ru", "cs"] {
                all.push(ask(id, lang).await);
            }
        }
        let codes: Vec<&str> = all.iter().step_by(3).map(|(code, _)| code.as_str()).collect();
        assert_eq!(
            codes,
            ["not_restorable", "not_restorable", "not_restorable", "not_restorable", "no_restore_endpoint"]
        );
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 15, "each has its own text in each language");
        let unknown = world.send("POST", "/v1/events/never/restore", &admin, None).await;
        assert_eq!(unknown.status, 404);
        world.tenant("free", |tenant| tenant.plan = Plan::FREE).await;
        let free = world.key(Some("free"), Role::Admin).await;
        let no_part = world.send("POST", "/v1/events/never/restore", &free, None).await;
        assert_eq!((no_part.status, &no_part.json["code"]), (403, &json!("plan_limit")));
        assert!(told(&world).is_empty());
    });
}

/// J10, J15: a tenant's own type is restored when the tenant says that it may be.
#[test]
fn own_types_are_restored() {
    with_configured("restore_own_types", nearby, async |world| {
        let own: schemas::catalogue::CatalogueEntry = serde_json::from_value(json!({
            "type": "vehicle.deleted", "name": { "en": "Vehicle deleted" }, "class": "delete", "category": "changes",
            "action": "delete", "object_type": "vehicle", "restorable": true, "sentence": { "en": "{actor} deleted {object}" }
        }))
        .unwrap();
        world.tenant("acme", |tenant| tenant.event_types = vec![own]).await;
        let (admin, application) = (world.key(Some("acme"), Role::Admin).await, Application::start().await);
        endpoint(&world, &admin, &application).await;
        let vehicle = Row { object: ("vehicle", "5", "ACME"), ..task("gone", "vehicle.deleted", "delete", "5", 60) };
        vehicle.store(&world).await;
        assert_eq!(restore(&world, &admin, "gone").await["status"], "succeeded");
        let body = application.requests()[0].json();
        assert_eq!((&body["state"], &body["state_complete"]), (&json!({}), &json!(false)));
    });
}

/// J15: the endpoint's secret is shown when it is made and never again; after a rotation both sign; it is its tenant's alone.
#[test]
fn the_endpoint_and_its_secrets() {
    with_configured("restore_endpoint", nearby, async |world| {
        let (admin, application) = (admin_of(&world).await, Application::start().await);
        world.tenant("other", |_| {}).await;
        let other = world.key(Some("other"), Role::Admin).await;
        let first = endpoint(&world, &admin, &application).await;
        let moved = world.send("PUT", ENDPOINT, &admin, Some(json!({ "url": application.url() }))).await;
        assert_eq!((moved.status, &moved.json["secret"], &moved.json["secrets"]), (200, &Value::Null, &json!(1)));
        let rotate = format!("{ENDPOINT}/rotate-secret");
        let rotated = world.send("POST", &rotate, &admin, None).await;
        assert_eq!((rotated.status, &rotated.json["secrets"]), (200, &json!(2)));
        let second = rotated.json["secret"].as_str().unwrap();
        assert!(!world.ok(ENDPOINT, &admin).await.to_string().contains("whsec_"));
        let deletion = deleted_task(&world, "7").await;
        restore(&world, &admin, &deletion).await;
        let request = &application.requests()[0];
        assert!(request.is_signed_by(&first) && request.is_signed_by(second));

        for (method, path) in [("GET", ENDPOINT), ("DELETE", ENDPOINT), ("POST", rotate.as_str())] {
            assert_eq!(world.send(method, path, &other, None).await.status, 404, "{method} {path}");
        }
        let path = format!("/v1/events/{deletion}/restore");
        assert_eq!(world.send("POST", &path, &other, None).await.status, 404);
        let bad = world.send("PUT", ENDPOINT, &admin, Some(json!({ "url": "ftp://8.8.8.8/" }))).await;
        assert_eq!((bad.status, &bad.json["pointer"]), (422, &json!("/url")));
        assert_eq!(world.send("DELETE", ENDPOINT, &admin, None).await.status, 200);
        assert_eq!(world.get(ENDPOINT, &admin).await.status, 404);
        let url = application.url();
        let changes: Vec<String> =
            world.staff_events("acme").into_iter().filter(|event| event.starts_with("setting.changed")).collect();
        assert_eq!(
            changes,
            [
                format!("setting.changed restore_endpoint; url: null → \"{url}\", secrets: null → 1"),
                "setting.changed restore_endpoint; ".to_owned(),
                "setting.changed restore_endpoint; secrets: 1 → 2".to_owned(),
                format!("setting.changed restore_endpoint; url: \"{url}\" → null, secrets: 2 → null"),
            ]
        );
    });
}
