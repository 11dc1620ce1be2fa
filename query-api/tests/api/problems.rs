//! Problems (RFC 9457) as callers see them, and the order of languages.

use schemas::settings::Role;
use serde_json::json;

use crate::support::with_world;

/// The wording of refusals is part of the API.
#[test]
fn problems_as_callers_see_them() {
    with_world("problems", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut seen = Vec::new();
        let long = "x".repeat(300);
        for (method, path) in [
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
            ("GET", "/v1/events?actor_id="),
            ("GET", "/v1/events?cursor=AAAA"),
            ("GET", "/v1/events?violations=true,dormant"),
            ("GET", "/v1/events/no-such-event"),
            ("GET", "/v1/events/no-such-event?limit=1"),
            ("GET", "/v1/users/u1/statistics?by=minute"),
            ("GET", "/v1/users/u1/statistics?by=hour&from=2020-01-01"),
            ("GET", "/v1/violations?level=terrible"),
            ("GET", "/v1/catalogue?lang=tlh"),
            ("GET", "/v1/tenants"),
            ("GET", "/v1/nothing"),
            ("DELETE", "/v1/events"),
        ] {
            let answer = world.send(method, path, &key, None).await;
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
            seen.push(json!({ "request": format!("{method} {path}"), "problem": answer.json }));
        }
        let answer = world.get(&format!("/v1/events?actor_id={long}"), &key).await;
        seen.push(json!({ "request": "GET /v1/events?actor_id=x…", "problem": answer.json }));
        insta::assert_json_snapshot!(seen);
    });
}

/// The store away, or without its tables: a problem that tells nothing of the inside.
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

/// P16: title and detail in the language that is asked for; the code stays, and the particulars are beside, in English.
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
            ("cs", &json!("Chybný požadavek"), &json!("Parametr není platný."))
        );
        assert_eq!((&cs["code"], &cs["pointer"]), (&english["code"], &english["pointer"]));
        assert_eq!(cs["detail_en"], english["detail"]);
        let (language, ru) = ask("/v1/nothing", "ru").await;
        assert_eq!(
            (language.as_str(), &ru["title"], &ru["detail"]),
            ("ru", &json!("Не найдено"), &json!("Здесь ничего нет."))
        );
        let (language, en) = ask("/v1/events?limit=0", "de").await;
        assert_eq!((language.as_str(), &en), ("en", &english));
        assert!(en.get("detail_en").is_none());
    });
}
