//! Problems (RFC 9457) as callers see them, and the order of languages.

use schemas::catalogue::Lang;
use schemas::settings::Role;
use serde_json::json;

use crate::support::with_world;

const REFUSED: &[(&str, &str)] = &[
    ("GET", "/v1/events?colour=red"),
    ("GET", "/v1/events?limit=0"),
    ("GET", "/v1/events?limit=1001"),
    ("GET", "/v1/events?limit=1&limit=2"),
    ("GET", "/v1/events?order=up"),
    ("GET", "/v1/events?class=destroy"),
    ("GET", "/v1/events?period=fortnight"),
    ("GET", "/v1/events?period=today&from=2026-01-01"),
    ("GET", "/v1/events?from=2026-01-02&to=2026-01-01"),
    ("GET", "/v1/events?from=2026-01-01T00:00:00"),
    ("GET", "/v1/events?to=9999-12-31"),
    ("GET", "/v1/events?actor_id=%ff"),
    ("GET", "/v1/events?changed="),
    ("GET", "/v1/events?cursor=AAAA"),
    ("GET", "/v1/events?violations=true,dormant"),
    ("GET", "/v1/events/no-such-event"),
    ("GET", "/v1/events/no-such-event?limit=1"),
    ("GET", "/v1/users/u1/statistics?by=minute"),
    ("GET", "/v1/users/u1/statistics?by=hour&from=2020-01-01"),
    ("GET", "/v1/violations?level=terrible"),
    ("GET", "/v1/violations?rule=nonsense"),
    ("GET", "/v1/alerts/deliveries?endpoint=none"),
    ("GET", "/v1/users/%20/devices"),
    ("GET", "/v1/catalogue?lang=tlh"),
    ("GET", "/v1/tenants"),
    ("GET", "/v1/nothing"),
    ("DELETE", "/v1/events"),
];

/// The wording of refusals is part of the API.
#[test]
fn problems_as_callers_see_them() {
    with_world("problems", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut seen = Vec::new();
        let long = "x".repeat(300);
        for (method, path) in REFUSED {
            let answer = world.send(method, path, &key, None).await;
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
            seen.push(json!({ "request": format!("{method} {path}"), "problem": answer.json }));
        }
        let answer = world.get(&format!("/v1/events?actor_id={long}"), &key).await;
        seen.push(json!({ "request": "GET /v1/events?actor_id=x…", "problem": answer.json }));
        insta::assert_json_snapshot!(seen);
    });
}

/// P1: every resource states its methods: to `OPTIONS`, without a key, and to whoever tries one that it hasn't; the document says the same.
#[test]
fn every_resource_tells_its_methods() {
    with_world("problems_methods", async |world| {
        let document = serde_json::to_value(query_api::openapi()).unwrap();
        let ask = async |method: &str, path: &str| {
            let request = axum::http::Request::builder().method(method).uri(path).body(axum::body::Body::empty());
            let answer = world.answer(request.unwrap()).await;
            let allow = answer.headers.get("allow").map(|all| all.to_str().unwrap().to_owned());
            (answer.status, allow.unwrap_or_default(), answer.json)
        };
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.len() > 50, "{}", paths.len());
        let of_document = |item: &serde_json::Value| {
            let names = item.as_object().unwrap().keys().filter(|name| *name != "parameters");
            names.map(|name| name.to_uppercase()).collect::<Vec<_>>()
        };
        let all = paths.iter().map(|(path, item)| (path.as_str(), of_document(item)));
        for (path, mut methods) in all.chain([("/openapi.json", vec!["GET".to_owned()])]) {
            if methods.iter().any(|method| method == "GET") {
                methods.push("HEAD".to_owned());
            }
            methods.push("OPTIONS".to_owned());
            methods.sort();
            let (methods, path) = (methods.join(", "), path.replace(['{', '}'], "x"));
            assert_eq!(ask("OPTIONS", &path).await, (204, methods.clone(), serde_json::Value::Null), "{path}");
            let (status, allow, problem) = ask("TRACE", &path).await;
            assert_eq!((status, allow, &problem["code"]), (405, methods, &json!("method_not_allowed")), "{path}");
        }
        for method in ["OPTIONS", "GET"] {
            assert_eq!(ask(method, "/v1/nothing").await.0, 404);
        }
    });
}

/// The store away, or without its tables: a problem that discloses nothing of the inside.
#[test]
fn a_broken_store_is_not_shown() {
    with_world("problems_store", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world.client.query_raw("DROP TABLE events").execute().await.unwrap();
        let answer = world.get("/v1/events", &key).await;
        assert_eq!((answer.status, &answer.json["code"]), (500, &json!("internal")));
        assert!(!answer.json.to_string().contains("DB::Exception"), "{}", answer.json);
    });
}

/// P16: the parameter wins over the header, the header over the tenant's first language.
#[test]
fn the_catalogue_speaks_the_caller_s_language() {
    with_world("problems_language", async |world| {
        world.tenant("acme", |tenant| tenant.languages = vec![schemas::catalogue::Lang::Cs]).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let ask = async |path: &str, accept: Option<&str>| {
            let mut request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
            if let Some(accept) = accept {
                request = request.header("accept-language", accept);
            }
            let answer = world.answer(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.headers["content-language"], answer.json["language"].as_str().unwrap());
            answer.json["language"].as_str().unwrap().to_owned()
        };
        assert_eq!(ask("/v1/catalogue", None).await, "cs");
        assert_eq!(ask("/v1/catalogue", Some("de, ru-RU;q=0.8, en;q=0.5")).await, "ru");
        assert_eq!(ask("/v1/catalogue?lang=en", Some("ru")).await, "en");
    });
}

/// P16: each of these refusals has its particulars in all three languages, whether `lang=` or a header asks for them.
#[test]
fn particulars_have_three_languages() {
    with_world("problems_particulars", async |world| {
        world.tenant("acme", |_| {}).await;
        let (admin, viewer) = (world.key(Some("acme"), Role::Admin).await, world.key(Some("acme"), Role::Viewer).await);
        let ask = async |method: &str, path: &str, key: &str, body: Option<&str>, lang: &str| {
            let request = axum::http::Request::builder().method(method).uri(path).header("accept-language", lang);
            let request =
                request.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
            world.answer(request.body(body.unwrap_or_default().to_owned().into()).unwrap()).await
        };
        let bodies = [
            ("PUT", "/v1/settings/time-zone", r#"{"time_zone":"Mars/Olympus"}"#),
            ("PUT", "/v1/settings/retention", r#"{"views":31}"#),
            ("PUT", "/v1/settings/logging", r#"{"enabled":7}"#),
            ("PUT", "/v1/settings/logging", r#"{"on":true}"#),
            ("PUT", "/v1/settings/logging", "{"),
            ("POST", "/v1/alerts/endpoints", r#"{"id":"A B","kind":"webhook","url":"x"}"#),
            ("PUT", "/v1/users/u1/exemption", r#"{"reason":""}"#),
            ("POST", "/v1/events/no-such-event/restore", ""),
        ];
        let mut asked: Vec<_> = REFUSED.iter().map(|(method, path)| (*method, *path, admin.as_str(), None)).collect();
        asked.extend(bodies.map(|(method, path, body)| (method, path, admin.as_str(), Some(body))));
        asked.extend([
            ("GET", "/v1/configuration", viewer.as_str(), None),
            ("GET", "/v1/events?violations=true", &viewer, None),
            ("PUT", "/v1/settings/logging", &viewer, Some("{}")),
        ]);
        for (method, path, key, body) in asked {
            let english = ask(method, path, key, body, "en").await;
            let said = english.json["detail"].as_str().unwrap().to_owned();
            for (lang, letters) in [("ru", 'а'..='я'), ("cs", 'a'..='ž')] {
                let answer = ask(method, path, key, body, lang).await;
                assert_eq!(answer.headers["content-language"], lang, "{path}");
                assert_eq!(answer.headers.get_all("content-language").iter().count(), 1, "{path}");
                let (detail, code) = (answer.json["detail"].as_str().unwrap(), answer.json["code"].as_str().unwrap());
                assert_eq!(
                    (&answer.json["detail_en"], &answer.json["pointer"]),
                    (&json!(said), &english.json["pointer"])
                );
                assert_eq!(code, english.json["code"], "{path}");
                let by_code = schemas::problem_texts::detail(code, Lang::parse(lang).unwrap());
                assert_ne!(Some(detail), by_code.filter(|_| code != "not_found"), "{method} {path}: {said}");
                assert!(detail != said && detail.chars().any(|letter| letters.contains(&letter)), "{path}: {detail}");
            }
        }
        // The parameter wins over the header; where it is refused itself, the header says.
        let answer = ask("GET", "/v1/events?limit=0&lang=ru", &admin, None, "cs").await;
        assert_eq!(answer.json["detail"], "параметр «limit»: нужно целое число от 1 до 1000");
        let answer = ask("GET", "/v1/events?lang=tlh", &admin, None, "cs").await;
        assert_eq!(answer.json["detail"], "parametr „lang“: „tlh“ není mezi hodnotami en, ru, cs");
    });
}

/// P16: title and detail in the language that is asked for; the code stays, and the English is beside.
#[test]
fn problems_are_worded_in_the_caller_s_language() {
    with_world("problems_language", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let ask = async |path: &str, language: &str| {
            let request = axum::http::Request::get(path)
                .header("authorization", format!("Bearer {key}"))
                .header("accept-language", language);
            let answer = world.answer(request.body(axum::body::Body::empty()).unwrap()).await;
            let told = answer.headers["content-language"].to_str().unwrap().to_owned();
            assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "accept-language"), "{path}");
            (told, answer.json)
        };
        let english = world.get("/v1/events?limit=0", &key).await.json;
        let (language, cs) = ask("/v1/events?limit=0", "cs-CZ, en;q=0.5").await;
        assert_eq!(
            (language.as_str(), &cs["title"], &cs["detail"]),
            ("cs", &json!("Chybný požadavek"), &json!("parametr „limit“: je třeba celé číslo od 1 do 1000"))
        );
        assert_eq!((&cs["code"], &cs["pointer"]), (&english["code"], &english["pointer"]));
        assert_eq!(cs["detail_en"], english["detail"]);
        let (language, ru) = ask("/v1/nothing", "ru").await;
        assert_eq!(
            (language.as_str(), &ru["title"], &ru["detail"]),
            ("ru", &json!("Не найдено"), &json!("здесь ничего нет; см. /openapi.json"))
        );
        let (language, en) = ask("/v1/events?limit=0", "de").await;
        assert_eq!((language.as_str(), &en), ("en", &english));
        assert!(en.get("detail_en").is_none());
    });
}
