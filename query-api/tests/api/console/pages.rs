//! What browsers are shown, and what they are held to.

use schemas::settings::Role;

use super::browser::{Browser, Page};
use crate::support::{with_configured, with_world};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn open(router: &axum::Router, path: &str, headers: &[(&str, &str)]) -> Page {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let mut request = axum::http::Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Page { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

fn told(page: &Page) -> String {
    let mut lines: Vec<String> =
        page.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines.join("\n")
}

/// C1, C2: what each kind of page and file is answered with, on this machine and on `https`.
#[test]
fn headers_of_every_kind_of_page() {
    let mut seen = Vec::new();
    for public_url in [None, Some("https://audit.example")] {
        with_configured(
            "console_headers",
            |config| config.console.public_url = public_url.map(str::to_owned),
            async |world| {
                for (path, accept) in [
                    ("/events", HTML),
                    ("/assets/index-1a2b.js", "*/*"),
                    ("/sign-in", HTML),
                    ("/sign-in/style.css", "*/*"),
                ] {
                    let page = open(&world.router, path, &[("accept", accept), ("accept-encoding", "gzip, br")]).await;
                    let at = public_url.unwrap_or("http://localhost");
                    seen.push(format!("# {at}{path}: {}\n{}", page.status, told(&page)));
                }
            },
        );
    }
    insta::assert_snapshot!(seen.join("\n\n"));
}

/// C1: addresses that a person opens are the console's; the API's own stay what they are.
#[test]
fn pages_and_problems() {
    with_world("console_pages", async |world| {
        let page = async |path: &str, accept: &str| open(&world.router, path, &[("accept", accept)]).await;
        for path in ["/events", "/users/u-1/sign-ins?period=today", "/a/b/c"] {
            let shown = page(path, HTML).await;
            assert!(shown.status == 200 && shown.text.contains("<title>usertrail</title>"), "{path}: {}", shown.text);
            assert_eq!(page(path, "application/json").await.status, 404, "{path}");
        }
        for path in ["/v1/nothing", "/v1", "/sql", "/assets/gone.js", "/sign-in/nothing"] {
            let problem = page(path, HTML).await;
            assert_eq!((problem.status, problem.header("content-type")), (404, "application/problem+json"), "{path}");
        }
        assert_eq!(page("/v1/events", HTML).await.status, 401);
        assert_eq!(page("/openapi.json", HTML).await.header("content-type"), "application/json");
        for (encoding, text) in [("gzip", "gz"), ("br, gzip", "br"), ("identity", "plain")] {
            let file = open(&world.router, "/assets/index-1a2b.js", &[("accept-encoding", encoding)]).await;
            assert_eq!(file.text, text);
        }
    });
}

/// C2: on `https` the cookie is marked as nobody else's; the address that people use is the configured one, whatever a proxy calls it.
#[test]
fn cookies_on_https() {
    with_configured(
        "console_https",
        |config| config.console.public_url = Some("https://audit.example".to_owned()),
        async |world| {
            world.tenant("acme", |_| {}).await;
            let key = world.key(Some("acme"), Role::Viewer).await;
            let mut browser = Browser { host: "10.0.0.7:8080", ..Browser::new(&world) };
            let answer = browser.json(&key).await;
            let [cookie] = answer.set()[..] else { panic!("{:?}", answer.set()) };
            let rest = cookie.split_once(';').unwrap();
            assert!(rest.0.starts_with("__Host-usertrail="), "{cookie}");
            assert_eq!(rest.1, " Path=/; HttpOnly; SameSite=Strict; Secure");
            assert_eq!(browser.reads().await, 200);
            let mut old = Browser { from: "", origin: "https://audit.example", ..browser.clone() };
            assert_eq!(old.reads().await, 200);
            old.origin = "http://10.0.0.7:8080";
            assert_eq!(old.reads().await, 403);
            let gone = browser.delete("/session").await;
            assert!(
                gone.set().iter().all(|set| set.starts_with("__Host-") && set.contains("Secure")),
                "{:?}",
                gone.set()
            );
            // The link is for http on this machine alone.
            let link = format!("/sign-in?once={}", world.one_time_link.give(&key[3..15]).unwrap());
            assert_eq!(Browser::new(&world).get(&link).await.header("location"), "/sign-in?failed=link");
        },
    );
}

/// C2: over a network without `https` nobody is asked for a key, and the page says what to do.
#[test]
fn nobody_signs_in_over_a_network_in_the_open() {
    with_world("console_open", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut browser = Browser { host: "10.0.0.7:8080", ..Browser::new(&world) };
        assert!(browser.get("/sign-in").await.text.contains("console.public_url"));
        assert_eq!(browser.json(&key).await.status, 403);
        assert_eq!(browser.form(&[("key", &key)]).await.header("location"), "/sign-in?failed=address");
        assert!(browser.cookies.is_empty());
    });
}
