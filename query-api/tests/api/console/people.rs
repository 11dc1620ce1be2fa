//! Signing in at a real identity provider.

use std::collections::BTreeMap;

use reqwest::redirect::Policy;
use schemas::settings::Role;
use serde_json::json;
use url::Url;

use super::browser::{Browser, Page};
use crate::oidc::provider::{Moved, Provider};
use crate::support::{World, with_providers};

const MAPPED: &str = "tenant_claim = \"org\"\ntenants = { o-acme = \"acme\", o-globex = \"globex\", o-gone = \"gone\" }\n\
                      label = \"Staff\"";

/// Believed, and people sign in there.
fn believed(provider: &Provider, client: &str) -> runtime::config::Oidc {
    let mut believed = provider.believed(&format!("{MAPPED}\nclient_id = \"{client}\""));
    if client == "console" {
        believed.client_secret = Some(runtime::config::Secret::new("a secret: with +signs%"));
    }
    believed
}

/// What the provider does with somebody's browser, up to where it sends them back.
async fn at_provider(address: &str, who: &str) -> Url {
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut at = Url::parse(address).unwrap();
    at.query_pairs_mut().append_pair("login_hint", who);
    loop {
        let all: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = http.get(at.clone()).header("cookie", all.join("; ")).send().await.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let Some(to) = answer.headers().get("location") else { panic!("{}", answer.text().await.unwrap()) };
        at = at.join(to.to_str().unwrap()).unwrap();
        if at.path() == "/sign-in/callback" {
            return at;
        }
    }
}

async fn begin(browser: &mut Browser, next: &str) -> String {
    let begun = browser.get(&format!("/sign-in/oidc/0?next={next}")).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let [cookie] = begun.set()[..] else { panic!("{:?}", begun.set()) };
    let rest = cookie.split_once(';').unwrap();
    assert!(rest.0.starts_with("usertrail-provider="), "{cookie}");
    assert_eq!(rest.1, " Path=/; HttpOnly; SameSite=Lax; Max-Age=600");
    begun.header("location").to_owned()
}

/// A browser that comes back from the provider.
async fn back(browser: &mut Browser, at: &Url) -> Page {
    browser.from = "cross-site";
    let page = browser.get(&format!("{}?{}", at.path(), at.query().unwrap())).await;
    browser.from = "same-origin";
    page
}

async fn signed_in(world: &World, who: &str) -> (Browser, Page) {
    let mut browser = Browser::new(world);
    let address = begin(&mut browser, "%2Fevents").await;
    let returned = at_provider(&address, who).await;
    let page = back(&mut browser, &returned).await;
    (browser, page)
}

async fn ready(world: &World) {
    world.tenant("acme", |_| {}).await;
    world.tenant("globex", |_| {}).await;
}

/// C2: whoever signs in at the provider is who it says, with what the operator's tables give; whom they give nothing learns so.
#[test]
fn people_sign_in_at_a_real_provider() {
    let provider = Provider::start();
    with_providers("console_people", vec![believed(&provider, "console")], Moved::default().clock(), async |world| {
        ready(&world).await;
        let page = Browser::new(&world).get("/sign-in?next=%2Fevents").await;
        assert!(page.text.contains("href=\"/sign-in/oidc/0?next=%2Fevents\">Sign in with Staff</a>"), "{}", page.text);
        let (mut jana, page) = signed_in(&world, "jana").await;
        assert_eq!((page.status, page.header("location")), (303, "/events"), "{}", page.text);
        assert_eq!(jana.cookies.keys().collect::<Vec<_>>(), ["usertrail"], "the way there is over");
        assert_eq!(jana.get("/v1/events").await.status, 200);
        assert_eq!(jana.get("/v1/events?tenant=globex").await.status, 403);
        assert_eq!(jana.get("/v1/violations").await.status, 403);
        let (mut boss, _) = signed_in(&world, "boss").await;
        assert_eq!(
            (boss.get("/v1/tenants/acme").await.status, boss.get("/v1/tenants/globex").await.status),
            (200, 404)
        );
        let body = json!({ "access": "block", "reason": "lost" }).to_string();
        let path = "/v1/users/u-1/devices/d-1/access";
        assert_eq!(boss.send("PUT", path, "application/json", body).await.status, 200);
        for who in ["guest", "stranger", "nobody", "gone"] {
            let (browser, page) = signed_in(&world, who).await;
            let said = page.header("location");
            assert_eq!((said, browser.cookies.len()), ("/sign-in?failed=no_access&next=%2Fevents", 0), "{who}");
        }
        let events = world.audit.recorded("acme");
        let told: Vec<String> =
            events.iter().map(|event| format!("{} {}", event["actor"]["id"], event["type"]).replace('"', "")).collect();
        assert_eq!(told[0], "jana console.signed_in");
        assert!(
            told.contains(&"boss console.signed_in".to_owned())
                && told.contains(&"guest console.sign_in_failed".to_owned()),
            "{told:?}"
        );
        assert_eq!(
            events[0]["actor"],
            json!({ "kind": "user", "id": "jana", "name": "Jana Nováková", "email": "jana@acme.example" })
        );
    });
}

/// C2: a public client has no secret, and proves by PKCE alone that it began.
#[test]
fn a_public_client_signs_in() {
    let provider = Provider::start();
    with_providers(
        "console_public",
        vec![believed(&provider, "console-public")],
        Moved::default().clock(),
        async |world| {
            ready(&world).await;
            assert_eq!(signed_in(&world, "jana").await.0.reads().await, 200);
        },
    );
}

/// C2: what comes back has to be of the browser that began, in time, and of the provider that was asked.
#[test]
fn a_sign_in_of_somebody_else_is_refused() {
    let (provider, time) = (Provider::start(), Moved::default());
    with_providers("console_forged", vec![believed(&provider, "console")], time.clock(), async |world| {
        ready(&world).await;
        let mut browser = Browser::new(&world);
        let (first, second) = (begin(&mut browser, "%2F").await, begin(&mut browser.clone(), "%2F").await);
        let (ours, theirs) = (at_provider(&first, "jana").await, at_provider(&second, "boss").await);
        let with = |at: &Url, name: &str, value: &str| {
            let mut changed = at.clone();
            let kept: Vec<_> = at.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
            changed.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
            changed
        };
        let of = |at: &Url, name: &str| at.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
        let begun = "/sign-in?failed=begun";
        let failed = "/sign-in?failed=provider";
        let cases = [
            ("another browser's", theirs.clone(), begun),
            ("another state", with(&ours, "state", "x"), begun),
            ("another provider", with(&ours, "iss", "https://evil.example"), begun),
            // The code was begun with another nonce and verifier.
            ("another code", with(&ours, "code", &of(&theirs, "code")), failed),
            ("no code", with(&ours, "code", ""), failed),
            ("a made up code", with(&ours, "code", "made-up"), failed),
        ];
        for (what, at, expected) in cases {
            let mut copy = browser.clone();
            let page = back(&mut copy, &at).await;
            assert_eq!((page.status, page.header("location")), (303, expected), "{what}");
            assert!(copy.cookies.is_empty(), "{what}: {:?}", copy.cookies);
        }
        // What the provider puts into its token is what it was asked with, not what this browser began with.
        let mut other = Browser::new(&world);
        let asked = with(&begin(&mut other, "%2F").await.parse().unwrap(), "nonce", "another");
        let returned = at_provider(asked.as_str(), "jana").await;
        assert_eq!(back(&mut other, &returned).await.header("location"), failed, "another nonce");
        let mut stranger = Browser { cookies: BTreeMap::new(), ..browser.clone() };
        assert_eq!(back(&mut stranger, &ours).await.header("location"), begun);
        time.to(601);
        assert_eq!(back(&mut browser.clone(), &ours).await.header("location"), begun);
        time.to(1);
        assert_eq!(back(&mut browser, &ours).await.header("location"), "/");
        assert_eq!(browser.reads().await, 200);
    });
}

/// C2: a provider that is away, or that is none, leads nowhere; keys sign in all the same.
#[test]
fn a_provider_may_be_away() {
    let mut provider = Provider::start();
    provider.stop();
    let mut one = believed(&provider, "console");
    let mut other = one.clone();
    (other.issuer, other.client_id) = (format!("{}/other", one.issuer), None);
    one.label = None;
    with_providers("console_away", vec![one, other], Moved::default().clock(), async |world| {
        ready(&world).await;
        let mut browser = Browser::new(&world);
        let page = browser.get("/sign-in").await;
        assert!(page.text.contains("Sign in with 127.0.0.1") && !page.text.contains("/oidc/1"), "{}", page.text);
        assert_eq!(browser.get("/sign-in/oidc/0").await.header("location"), "/sign-in?failed=provider");
        for path in ["/sign-in/oidc/1", "/sign-in/oidc/7"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
        }
        let key = world.key(Some("acme"), Role::Viewer).await;
        assert_eq!(browser.json(&key).await.status, 204);
    });
}
