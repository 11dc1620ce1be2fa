//! Rules through the settings: shipped, shared and own ones.

use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Event, World, with_world};

fn rule(id: u32, action: &str) -> String {
    format!(
        "title: Odd {action}\nid: 00000000-0000-4000-8000-{id:012}\nversion: 1\nstatus: stable\nlogsource:\n  \
         product: usertrail\ndetection:\n  it:\n    action: {action}\n  condition: it\nlevel: high\n"
    )
}

fn new(name: &str, yaml: &str) -> Option<Value> {
    Some(json!({ "name": name, "yaml": yaml }))
}

async fn names(world: &World, key: &str, origin: &str) -> Vec<String> {
    let all = world.ok("/v1/rules", key).await;
    let of_origin = all["data"].as_array().unwrap().iter().filter(|rule| rule["origin"] == origin);
    of_origin.map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
}

/// P4: a rule of the tenant's own, from its first version to its deletion; each version is kept, each step is an event.
#[test]
fn a_rules_life() {
    with_world("rules_life", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let foreign = world.key(Some("other"), Role::Admin).await;
        let made = world.send("POST", "/v1/rules", &admin, new("odd", &rule(1, "view"))).await;
        assert_eq!((made.status, &made.json["version"]), (201, &json!(1)), "{}", made.json);
        assert_eq!((&made.json["origin"], &made.json["level"]), (&json!("own"), &json!("high")));
        assert_eq!(world.ok("/v1/rules/odd", &admin).await, made.json);
        assert_eq!(names(&world, &admin, "own").await, ["odd"]);
        assert_eq!(world.get("/v1/rules/odd", &foreign).await.status, 404);
        assert_eq!(world.send("DELETE", "/v1/rules/odd", &foreign, None).await.status, 404);

        let again = world.send("POST", "/v1/rules", &admin, new("odd", &rule(1, "view"))).await;
        assert_eq!((again.status, &again.json["code"]), (409, &json!("rule_exists")));
        // The text still says version 1: the stored version counts.
        let text = rule(1, "export");
        let changed = world.send("PUT", "/v1/rules/odd", &admin, Some(json!({ "yaml": text }))).await;
        assert_eq!((changed.status, &changed.json["version"]), (200, &json!(2)));
        assert_eq!(changed.json["title"], "Odd export");

        let deleted = world.send("DELETE", "/v1/rules/odd", &admin, None).await;
        assert_eq!((deleted.status, &deleted.json["deleted"]), (200, &json!(true)));
        assert_eq!(world.get("/v1/rules/odd", &admin).await.status, 404);
        let versions = world.ok("/v1/rules/odd/versions", &admin).await;
        let kept: Vec<_> = versions["data"].as_array().unwrap().iter().map(|version| &version["yaml"]).collect();
        assert_eq!(kept, [&json!(rule(1, "view")), &json!(text), &json!("")]);
        let reborn = world.send("POST", "/v1/rules", &admin, new("odd", &rule(1, "view"))).await;
        assert_eq!((reborn.status, &reborn.json["version"]), (201, &json!(4)));

        let events = world.staff_events("acme");
        let heads: Vec<_> = events.iter().map(|event| event.split(", yaml").next().unwrap()).collect();
        assert_eq!(
            heads,
            [
                "rule.created odd; version: null → 1",
                "rule.updated odd; version: 1 → 2",
                "rule.deleted odd; version: 2 → 3",
                "rule.created odd; version: 3 → 4",
            ]
        );
        assert_eq!(names(&world, &foreign, "own").await, [""; 0]);
    });
}

/// P4, P12: what a tenant's rules cost together is bounded, in the platform's scope as well; the refusal names the budget. What is
/// there already can be replaced, deleting makes room, and another tenant has a budget of its own.
#[test]
fn rules_have_a_budget_together() {
    with_world("rules_budget", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let foreign = world.key(Some("other"), Role::Admin).await;
        let long =
            |id: u32, bytes: usize| rule(id, "view").replace("action: view", &format!("reason: {}", "x".repeat(bytes)));
        let make = async |number: u32| {
            let made = world.send("POST", "/v1/rules", &admin, new(&format!("r{number}"), &long(number, 55_000))).await;
            assert_eq!(made.status, 201, "{}", made.json);
        };
        let refused = async |method: &str, text: &str, budget: &str| {
            let (path, body) = match method {
                "POST" => ("/v1/rules", new("more", text)),
                // A text that takes the place of another is measured without it.
                _ => ("/v1/rules/r0", Some(json!({ "yaml": text }))),
            };
            let answer = world.send(method, path, &admin, body).await;
            let told = (answer.status, &answer.json["code"], &answer.json["pointer"]);
            assert_eq!(told, (422, &json!("rules_budget_exceeded"), &json!("/yaml")), "{budget}: {}", answer.json);
            assert!(answer.json["detail"].as_str().unwrap().contains(budget), "{}", answer.json);
            assert_eq!(world.get("/v1/rules/more", &admin).await.status, 404);
        };
        for number in 0..8 {
            make(number).await;
        }
        let values: Vec<String> = (0..10_001).map(|value| value.to_string()).collect();
        let values = rule(12, "view").replace("action: view", &format!("reason: [{}]", values.join(",")));
        let patterns = rule(11, "view").replace("action: view", "reason|re: '[a-z]+\\w{100}'");
        for method in ["POST", "PUT"] {
            refused(method, &patterns, "bytes of compiled patterns").await;
            refused(method, &values, "values").await;
        }
        make(8).await;
        refused("POST", &long(10, 55_000), "bytes of text").await;
        assert_eq!(world.send("PUT", "/v1/rules/r0", &admin, Some(json!({"yaml": long(0, 54_000)}))).await.status, 200);
        assert_eq!(world.send("DELETE", "/v1/rules/r1", &admin, None).await.status, 200);
        assert_eq!(world.send("POST", "/v1/rules", &admin, new("more", &long(10, 55_000))).await.status, 201);
        assert_eq!(world.send("POST", "/v1/rules", &foreign, new("r9", &long(9, 55_000))).await.status, 201);
    });
}

/// P4: any rule can be switched off by the tenant, for itself alone; whichever way it is done, it is the same event.
#[test]
fn rules_are_switched_off_and_on() {
    with_world("rules_enabled", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let foreign = world.key(Some("other"), Role::Admin).await;
        let switch = async |enabled: bool| {
            let path = "/v1/rules/mass-export/enabled";
            assert_eq!(world.send("PUT", path, &admin, Some(json!({ "enabled": enabled }))).await.status, 200);
        };
        switch(false).await;
        switch(false).await;
        assert_eq!(world.ok("/v1/rules/mass-export", &security).await["enabled"], false);
        assert_eq!(world.ok("/v1/rules/mass-export", &foreign).await["enabled"], true);
        assert_eq!(world.settings.tenant("acme").unwrap().detection.disabled, ["mass-export"]);
        switch(true).await;
        let detection = json!({ "disabled": ["mass-export"], "limits": { "failed_sign_ins": 5.0 }, "actions": { "mass-export": "block" } });
        let put = world.send("PUT", "/v1/settings/detection", &admin, Some(detection.clone())).await;
        let mut shown = detection.clone();
        (shown["profile"], shown["enabled"]) = (json!("recommended"), json!([]));
        assert_eq!((put.status, &put.json), (200, &shown));
        assert_eq!(world.ok("/v1/settings/detection", &security).await, shown);
        let rule = world.ok("/v1/rules/brute-force", &security).await;
        let limit = json!({ "name": "failed_sign_ins", "value": 5.0, "default": 10.0, "min": 3.0, "max": 1000.0, "unit": "failed sign-ins" });
        assert_eq!((&rule["limits"], &rule["action"]), (&json!([limit]), &json!("flag")));
        for (lang, units) in [
            ("en", ["failed sign-ins", "km/h", "o'clock"]),
            ("ru", ["неудачных входов", "км/ч", "час дня"]),
            ("cs", ["neúspěšných přihlášení", "km/h", "hodina"]),
        ] {
            let all = world.ok(&format!("/v1/rules?lang={lang}"), &security).await;
            for (rule, unit) in ["brute-force", "impossible-travel", "sign-in-outside-hours"].iter().zip(units) {
                let of_list = all["data"].as_array().unwrap().iter().find(|of| of["name"] == *rule).unwrap();
                let alone = world.ok(&format!("/v1/rules/{rule}?lang={lang}"), &security).await;
                assert_eq!((&of_list["limits"][0]["unit"], &alone["limits"][0]["unit"]), (&json!(unit), &json!(unit)));
            }
        }
        assert_eq!(world.ok("/v1/rules/mass-export", &security).await["action"], "block");
        for (limit, value) in [("failed_sign_ins", 2.0), ("failed_sign_ins", 4.5), ("nothing", 5.0)] {
            let bad = json!({ "disabled": [], "limits": { limit: value }, "actions": {} });
            let answer = world.send("PUT", "/v1/settings/detection", &admin, Some(bad)).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (422, &json!(format!("/limits/{limit}"))));
        }
        for (bad, pointer) in [
            (json!({ "enabled": ["nonesuch"] }), "/enabled/0"),
            (json!({ "disabled": ["mass-export", "nonesuch"] }), "/disabled/1"),
            (json!({ "actions": { "mass-export": "block", "nonesuch/~": "block" } }), "/actions/nonesuch~1~0"),
        ] {
            let answer = world.send("PUT", "/v1/settings/detection", &admin, Some(bad)).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (422, &json!(pointer)));
            assert!(answer.json["detail"].as_str().unwrap().contains("nonesuch"), "{}", answer.json);
        }
        let unknown = world.send("PUT", "/v1/rules/nothing/enabled", &admin, Some(json!({ "enabled": true }))).await;
        assert_eq!(unknown.status, 404);
        assert_eq!(
            world.staff_events("acme"),
            [
                "rule.disabled mass-export; enabled: true → false",
                "rule.enabled mass-export; enabled: false → true",
                "rule.disabled mass-export; enabled: true → false",
                "setting.changed detection; limits/failed_sign_ins: null → 5.0",
                r#"setting.changed detection; actions/mass-export: null → "block""#,
            ]
        );
    });
}

/// K, P4: a tenant's restrictions are what it set, from the profile that it starts from: nothing but its own rules, marks alone, or
/// all. The profile can be asked for, and changed; single rules are switched beside it.
#[test]
fn restrictions_start_from_a_profile() {
    with_world("rules_profiles", async |world| {
        let platform = world.key(None, Role::Platform).await;
        for (profile, action, on) in [
            (Some("none"), "block", false),
            (Some("marks_only"), "flag", true),
            (Some("recommended"), "block", true),
            (None, "block", true),
        ] {
            let id = profile.unwrap_or("silent").replace('_', "-");
            let mut body = json!({ "id": id });
            if let Some(profile) = profile {
                body["detection"] = json!({ "profile": profile });
            }
            let made = world.send("POST", "/v1/tenants", &platform, Some(body)).await;
            let wanted = json!(profile.unwrap_or("recommended"));
            assert_eq!((made.status, &made.json["detection"]["profile"]), (201, &wanted), "{}", made.json);
            let admin = world.key(Some(&id), Role::Admin).await;
            let blocking = format!("{}action: block\n", rule(9, "view"));
            assert_eq!(world.send("POST", "/v1/rules", &admin, new("own-block", &blocking)).await.status, 201);
            let all = world.ok("/v1/rules", &admin).await["data"].as_array().unwrap().clone();
            for rule in &all {
                assert_eq!(rule["enabled"], rule["origin"] == "own" || on, "{rule}");
            }
            assert_eq!(world.ok("/v1/rules/own-block", &admin).await["action"], action);
            assert_eq!(world.ok("/v1/settings/detection", &admin).await["profile"], wanted);

            let switch = async |enabled: bool| {
                let body = Some(json!({ "enabled": enabled }));
                assert_eq!(world.send("PUT", "/v1/rules/mass-view/enabled", &admin, body).await.status, 200);
                assert_eq!(world.ok("/v1/rules/mass-view", &admin).await["enabled"], enabled);
            };
            switch(true).await;
            switch(false).await;
            // Whoever names no profile keeps it.
            let rest = json!({ "disabled": [], "limits": {}, "actions": { "own-block": "ask" } });
            let put = world.send("PUT", "/v1/settings/detection", &admin, Some(rest)).await;
            assert_eq!((put.status, &put.json["profile"]), (200, &wanted), "{}", put.json);
            assert_eq!(world.ok("/v1/rules/own-block", &admin).await["action"], "ask");
            let other =
                json!({ "profile": "none", "disabled": [], "enabled": ["mass-view"], "limits": {}, "actions": {} });
            assert_eq!(world.send("PUT", "/v1/settings/detection", &admin, Some(other)).await.status, 200);
            assert_eq!(world.ok("/v1/rules/mass-view", &admin).await["enabled"], true);
            assert_eq!(world.ok("/v1/rules/mass-export", &admin).await["enabled"], false);
        }
        let bad = json!({ "id": "odd", "detection": { "profile": "strict" } });
        assert_eq!(world.send("POST", "/v1/tenants", &platform, Some(bad)).await.status, 422);
        let changed = world.staff_events("recommended");
        assert!(
            changed.contains(&r#"setting.changed detection; profile: "recommended" → "none""#.to_owned()),
            "{changed:?}"
        );
    });
}

/// P16: rules are called and described in three languages, and so are a tenant's own where it says how.
#[test]
fn rules_have_words_in_three_languages() {
    with_world("rules_words", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let own = format!(
            "{}translations:\n  cs: {{title: Divné zobrazení, description: Popis}}\n  ru: {{title: Странный просмотр}}\n",
            rule(1, "view")
        );
        assert_eq!(world.send("POST", "/v1/rules", &admin, new("odd", &own)).await.status, 201);
        let of = async |path: &str, lang: &str| {
            let rule = world.ok(&format!("{path}?lang={lang}"), &admin).await;
            (rule["title"].as_str().unwrap().to_owned(), rule["description"].as_str().unwrap().to_owned())
        };
        assert_eq!(of("/v1/rules/odd", "cs").await, ("Divné zobrazení".to_owned(), "Popis".to_owned()));
        assert_eq!(of("/v1/rules/odd", "ru").await.0, "Странный просмотр");
        assert_eq!(of("/v1/rules/odd", "en").await.0, "Odd view");
        assert_eq!(of("/v1/rules/mass-export", "cs").await.0, "Exportováno mnoho záznamů najednou");
        let [en, ru, cs] = [
            world.ok("/v1/rules", &admin).await,
            world.ok("/v1/rules?lang=ru", &admin).await,
            world.ok("/v1/rules?lang=cs", &admin).await,
        ];
        for (at, rule) in
            en["data"].as_array().unwrap().iter().enumerate().filter(|(_, rule)| rule["origin"] == "shipped")
        {
            for field in ["title", "description"] {
                let all = [&rule[field], &ru["data"][at][field], &cs["data"][at][field]];
                assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2], "{all:?}");
            }
        }
        let mut event = Event::sign_in("e1", "u1", TimeDelta::hours(1));
        event.violations = vec!["sign-in-tor"];
        world.insert(&[event]).await;
        for (lang, title) in [("en", "Sign-in through Tor"), ("ru", "Вход через Tor"), ("cs", "Přihlášení přes Tor")]
        {
            for path in ["/v1/violations", "/v1/users/u1/violations"] {
                let page = world.ok(&format!("{path}?lang={lang}"), &admin).await;
                assert_eq!(page["data"][0]["title"], title);
            }
        }
        assert_eq!(world.get("/v1/rules?lang=de", &admin).await.status, 400);
        let bad = format!("{}translations: {{de: {{title: x}}}}\n", rule(2, "view"));
        assert_eq!(world.send("POST", "/v1/rules", &admin, new("bad", &bad)).await.status, 422);
    });
}

/// P16, K12: what a tenant's own rules and shared ones found has their titles, in the language asked for, or else in the rule's own; a
/// deleted rule's keeps it. Every answer says in which language it is.
#[test]
fn what_own_rules_found_has_their_titles() {
    with_world("rules_titles", async |world| {
        world.tenant("acme", |tenant| tenant.languages = vec![schemas::catalogue::Lang::Cs]).await;
        world.tenant("other", |_| {}).await;
        let (admin, platform) = (world.key(Some("acme"), Role::Admin).await, world.key(None, Role::Platform).await);
        let foreign = world.key(Some("other"), Role::Admin).await;
        let own = format!("{}translations:\n  cs: {{title: Divné zobrazení}}\n", rule(1, "view"));
        assert_eq!(world.send("POST", "/v1/rules", &admin, new("odd", &own)).await.status, 201);
        assert_eq!(world.send("POST", "/v1/rules", &platform, new("for-all", &rule(2, "export"))).await.status, 201);
        // Another tenant's rule of the same name is called otherwise.
        assert_eq!(world.send("POST", "/v1/rules", &foreign, new("odd", &rule(3, "sign_in"))).await.status, 201);
        let of = |id, rule| Event { violations: vec![rule], ..Event::sign_in(id, "u1", TimeDelta::hours(1)) };
        let (odd, shared, gone) = (of("e1", "odd"), of("e2", "for-all"), of("e3", "gone"));
        let id = odd.violation_id("odd");
        world.insert(&[odd, shared, gone]).await;
        let titles = async |path: &str| {
            let page = world.get(path, &admin).await;
            let found = page.json["data"].as_array().unwrap().iter();
            let mut found: Vec<_> = found.map(|row| row["title"].as_str().unwrap().to_owned()).collect();
            found.sort_unstable();
            (found, page.headers["content-language"].to_str().unwrap().to_owned())
        };
        for path in ["/v1/violations", "/v1/users/u1/violations"] {
            for (query, title, language) in [
                ("?lang=en", "Odd view", "en"),
                ("?lang=cs", "Divné zobrazení", "cs"),
                ("", "Divné zobrazení", "cs"),
                ("?lang=ru", "Odd view", "ru"),
            ] {
                let mut expected = [title, "Odd export", "gone"];
                expected.sort_unstable();
                let (found, said) = titles(&format!("{path}{query}")).await;
                assert_eq!(
                    (found.as_slice(), said.as_str()),
                    (&expected.map(str::to_owned)[..], language),
                    "{path}{query}"
                );
            }
            let csv = world.get(&format!("{path}?format=csv&lang=cs"), &admin).await;
            assert_eq!(csv.headers["content-language"], "cs");
        }
        for path in
            [format!("/v1/violations/{id}?lang=ru"), "/v1/rules?lang=ru".to_owned(), "/v1/rules/odd?lang=ru".to_owned()]
        {
            let answer = world.get(&path, &admin).await;
            assert_eq!((answer.status, &answer.headers["content-language"]), (200, &"ru".parse().unwrap()), "{path}");
        }
        assert_eq!(world.send("DELETE", "/v1/rules/odd", &admin, None).await.status, 200);
        assert_eq!(world.ok(&format!("/v1/violations/{id}?lang=cs"), &admin).await["data"]["title"], "Divné zobrazení");
    });
}

/// P4: a key of the platform writes the rules that all tenants share; no tenant can change them.
#[test]
fn the_platforms_rules_are_everybodys() {
    with_world("rules_shared", async |world| {
        world.tenant("acme", |_| {}).await;
        let platform = world.key(None, Role::Platform).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let made = world.send("POST", "/v1/rules", &platform, new("for-all", &rule(1, "view"))).await;
        assert_eq!((made.status, &made.json["origin"]), (201, &json!("shared")), "{}", made.json);
        assert_eq!(names(&world, &admin, "shared").await, ["for-all"]);
        assert_eq!(world.ok("/v1/rules?tenant=acme", &platform).await, world.ok("/v1/rules", &admin).await);
        for (method, path) in
            [("PUT", "/v1/rules/for-all"), ("DELETE", "/v1/rules/for-all"), ("PUT", "/v1/rules/mass-export")]
        {
            let body = (method == "PUT").then(|| json!({ "yaml": rule(2, "view") }));
            assert_eq!(world.send(method, path, &admin, body).await.status, 403, "{method} {path}");
        }
        // Nor can a shared rule take the place of a tenant's.
        assert_eq!(world.send("POST", "/v1/rules", &admin, new("mine", &rule(7, "view"))).await.status, 201);
        for (name, id) in [("mine", 8), ("yours", 7)] {
            let clash = world.send("POST", "/v1/rules", &platform, new(name, &rule(id, "view"))).await;
            assert_eq!((clash.status, &clash.json["code"]), (409, &json!("rule_exists")), "{name}: {}", clash.json);
        }
        assert_eq!(world.send("DELETE", "/v1/rules/for-all", &platform, None).await.status, 200);
        assert_eq!(names(&world, &admin, "shared").await, [""; 0]);
    });
}

/// P4: what is no rule is refused with what is wrong with it, and leaves no trace.
#[test]
fn what_is_no_rule_is_refused() {
    with_world("rules_bad", async |world| {
        world.tenant("acme", |_| {}).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let good = rule(1, "view");
        let shipped = world.ok("/v1/rules/mass-export", &admin).await["yaml"].as_str().unwrap().to_owned();
        let nested =
            good.replace("condition: it", &format!("condition: {}it{}", "(".repeat(20_000), ")".repeat(20_000)));
        let negated = good.replace("condition: it", &format!("condition: {}it", "not ".repeat(10_000)));
        for (name, yaml, status, pointer) in [
            ("odd", "", 422, "/yaml"),
            ("odd", "{", 422, "/yaml"),
            ("odd", &good.replace("action", "acton"), 422, "/yaml"),
            ("odd", &good.replace("level: high", ""), 422, "/yaml"),
            ("odd", &format!("{good}# {}", "x".repeat(64 * 1024)), 422, "/yaml"),
            ("odd", &shipped, 422, "/yaml"),
            ("odd", &nested, 422, "/yaml"),
            ("odd", &negated, 422, "/yaml"),
            ("Not A Name", &good, 422, "/name"),
            ("mass-export", &good, 409, "/name"),
        ] {
            let answer = world.send("POST", "/v1/rules", &admin, new(name, yaml)).await;
            let start: String = yaml.chars().take(80).collect();
            assert_eq!((answer.status, &answer.json["pointer"]), (status, &json!(pointer)), "{start}: {}", answer.json);
        }
        assert_eq!(names(&world, &admin, "own").await, [""; 0]);
        assert_eq!(world.staff_events("acme"), [""; 0]);
    });
}
