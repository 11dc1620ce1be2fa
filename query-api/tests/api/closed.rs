//! Parameters that take a closed set of values, as the document names them.

use schemas::settings::Role;
use serde_json::Value;

use crate::support::with_world;

/// The values of a parameter, if it takes no others.
fn closed(parameter: &Value) -> Option<&Vec<Value>> {
    let schema = &parameter["schema"];
    schema["enum"].as_array().or_else(|| schema["items"]["enum"].as_array())
}

/// J8: whatever takes a closed set of values says which, in the document and in the refusal of any other; each of them is taken.
#[test]
fn values_that_are_none() {
    with_world("closed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let document = serde_json::to_value(query_api::openapi()).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(parameters) = item["get"]["parameters"].as_array() else { continue };
            let address =
                path.replace("{id}", "x").replace("{type}", "task").replace("{name}", "x").replace("{device}", "x");
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                let name = parameter["name"].as_str().unwrap();
                let answer = world.get(&format!("{address}?{name}=no-such-thing"), &key).await;
                let detail = answer.json["detail"].as_str().unwrap_or_default();
                let listed = detail.contains("one of") && !detail.contains("one of true, false");
                let Some(values) = closed(parameter) else {
                    assert!(!listed, "{path} {name}: closed, and the document doesn't say so: {detail}");
                    continue;
                };
                seen.insert(name.to_owned());
                assert_eq!((answer.status, &answer.json["pointer"]), (400, &Value::from(name)), "{path} {name}");
                for value in values {
                    let word = value.to_string();
                    assert!(detail.contains(word.trim_matches('"')), "{path} {name}: {value} is not named in {detail}");
                }
                for value in values.iter().take(3).chain(values.last()) {
                    let word = value.to_string();
                    let query = format!("{name}={}", word.trim_matches('"').replace(';', "%3B"));
                    let answer = world.get(&format!("{address}?{query}"), &key).await;
                    let detail = answer.json["detail"].as_str().unwrap_or_default();
                    assert!(!detail.contains("is not one of"), "{path}?{query}: {detail}");
                }
            }
        }
        let expected = [
            "actor_kind",
            "all",
            "by",
            "category",
            "changes",
            "class",
            "compare",
            "configuration",
            "country",
            "device",
            "distinct",
            "exclude_category",
            "exclude_class",
            "facets",
            "figure",
            "format",
            "interval",
            "kind",
            "lang",
            "level",
            "min_level",
            "order",
            "other",
            "outcome",
            "period",
            "resolution",
            "separator",
            "sign_ins",
            "sort",
            "views",
        ];
        assert_eq!(seen, expected.map(str::to_owned).into());
        // Codes are codes in any case; words are as they are written.
        for (query, status) in [
            ("/v1/events?country=cz,DE", 200),
            ("/v1/sign-ins?country=xk", 200),
            ("/v1/statistics?country=zz", 400),
            ("/v1/events?country=CZE", 400),
            ("/v1/devices?kind=phone", 200),
            ("/v1/users/u1/devices?kind=foo", 400),
            ("/v1/devices?kind=Mobile", 400),
            ("/v1/statistics?device=mobile,foo", 400),
            ("/v1/events?violations=false", 200),
        ] {
            assert_eq!(world.get(query, &key).await.status, status, "{query}");
        }
    });
}
