//! Tokens of a real identity provider (P11), and forgeries of them.

mod attacks;
pub(crate) mod provider;

use runtime::config::Config;
use schemas::settings::{Limits, Role};
use serde_json::{Value, json};

use crate::support::{World, with_providers};
use provider::{Moved, Provider};

const ACME: &str = "tenant = \"acme\"";
/// One provider for several tenants.
const MAPPED: &str = "tenant_claim = \"org\"\ntenants = { o-acme = \"acme\", o-globex = \"globex\", o-gone = \"gone\" }\n\
                      permissions_claim = \"scope_of_staff\"\npermissions = { sql = \"query_sql\" }";

async fn status(world: &World, token: &str) -> u16 {
    world.get("/v1/catalogue", token).await.status
}

/// P11: what the provider signs is accepted, in each way of signing; for another audience or by another provider it is not,
/// and neither is it before or after its time.
#[test]
fn tokens_of_a_real_provider() {
    let (provider, other, time) = (Provider::start(), Provider::start(), Moved::default());
    with_providers("oidc_tokens", vec![provider.believed(ACME)], time.clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        for alg in ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"] {
            let token = provider.token("jana", &format!("alg={alg}")).await;
            assert_eq!(status(&world, &token).await, 200, "{alg}");
        }
        assert_eq!(status(&world, &provider.token("jana", "audience=other").await).await, 401);
        assert_eq!(status(&world, &other.token("jana", "").await).await, 401);

        let token = provider.token("jana", "ttl=100").await;
        for (seconds, expected) in [(0, 200), (140, 200), (180, 401), (-40, 200), (-90, 401), (0, 200)] {
            time.to(seconds);
            assert_eq!(status(&world, &token).await, expected, "{seconds} s from now");
        }
    });
}

/// P11: fewer algorithms may be allowed than are known.
#[test]
fn algorithms_are_pinned() {
    let provider = Provider::start();
    let believed = provider.believed("tenant = \"acme\"\nalgorithms = [\"ES256\"]");
    with_providers("oidc_algorithms", vec![believed], Moved::default().clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        assert_eq!(status(&world, &provider.token("jana", "alg=ES256").await).await, 200);
        assert_eq!(status(&world, &provider.token("jana", "alg=RS256").await).await, 401);
    });
}

/// P11: the tenant comes from the map alone; roles and permissions as well. What is in neither map gives nothing.
#[test]
fn tenants_and_roles_come_from_the_maps() {
    let provider = Provider::start();
    with_providers("oidc_maps", vec![provider.believed(MAPPED)], Moved::default().clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("globex", |_| {}).await;
        let token = async |client: &str| provider.token(client, "").await;
        // A viewer of acme.
        let jana = token("jana").await;
        assert_eq!(world.get("/v1/events", &jana).await.status, 200);
        assert_eq!(world.get("/v1/events?tenant=acme", &jana).await.status, 200);
        assert_eq!(world.get("/v1/events?tenant=globex", &jana).await.status, 403);
        assert_eq!(world.get("/v1/violations", &jana).await.status, 403);
        assert_eq!(world.get("/v1/tenants/acme", &jana).await.status, 403);
        // Admins of one tenant each.
        let (boss, other) = (token("boss").await, token("other").await);
        for (admin, own, foreign) in [(&boss, "acme", "globex"), (&other, "globex", "acme")] {
            assert_eq!(world.ok(&format!("/v1/tenants/{own}"), admin).await["id"], own);
            assert_eq!(world.get(&format!("/v1/tenants/{foreign}"), admin).await.status, 404);
            assert_eq!(world.get("/v1/tenants", admin).await.status, 403);
        }
        // Known, but roles that are not in the map are none, whatever they are called.
        assert_eq!(world.get("/v1/events", &token("guest").await).await.status, 403);
        // An organisation that is not in the map, none at all, and a tenant that there is not.
        for client in ["stranger", "nobody", "gone"] {
            assert_eq!(world.get("/v1/events", &token(client).await).await.status, 401, "{client}");
        }
    });
}

/// P11: keys change: new ones are found at first sight, old ones hold no longer than the provider says. While it is away,
/// what is known goes on for a day, and what is not is refused at once.
#[test]
fn keys_rotate_and_the_provider_may_be_away() {
    let (mut provider, time) = (Provider::start(), Moved::default());
    with_providers("oidc_rotation", vec![provider.believed(ACME)], time.clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        let old = provider.token("jana", "ttl=200000").await;
        time.to(0);
        assert_eq!(status(&world, &old).await, 200);
        provider.start_again();
        let new = provider.token("jana", "ttl=200000").await;
        // It was asked a moment ago.
        assert_eq!(status(&world, &new).await, 401);
        assert_eq!(status(&world, &old).await, 200);
        time.to(11);
        assert_eq!(status(&world, &new).await, 200);
        assert_eq!(status(&world, &old).await, 401);
        assert_eq!(provider.get("/asked").await, 1);

        let unseen = {
            provider.start_again();
            let token = provider.token("jana", "ttl=200000").await;
            provider.stop();
            token
        };
        time.to(100);
        assert_eq!(status(&world, &new).await, 200);
        assert_eq!(status(&world, &unseen).await, 401);
        world.oidc.refresh().await;
        assert_eq!(status(&world, &new).await, 200);
        time.to(25 * 3600);
        assert_eq!(status(&world, &new).await, 401);
    });
}

/// P11: however many come with keys that nobody knows, the provider is asked once; and periodic reading needs no token.
#[test]
fn the_provider_is_asked_rarely() {
    let (provider, other, time) = (Provider::start(), Provider::start(), Moved::default());
    with_providers("oidc_asked", vec![provider.believed(ACME)], time.clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        assert_eq!(provider.get("/asked").await, 0);
        let token = provider.token("jana", "").await;
        time.to(0);
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (router, token) = (world.router.clone(), token.clone());
            asking.spawn(async move {
                let request =
                    axum::http::Request::get("/v1/catalogue").header("authorization", format!("Bearer {token}"));
                let request = request.body(axum::body::Body::empty()).unwrap();
                tower::ServiceExt::oneshot(router, request).await.unwrap().status().as_u16()
            });
        }
        assert_eq!(asking.join_all().await, [200; 20]);
        assert_eq!(provider.get("/asked").await, 1);
        let unknown = attacks::renamed(&other.token("jana", "").await, &provider.issuer());
        for _ in 0..20 {
            assert_eq!(status(&world, &unknown).await, 401);
        }
        assert_eq!(provider.get("/asked").await, 1);
        time.to(20);
        assert_eq!(status(&world, &unknown).await, 401);
        assert_eq!(provider.get("/asked").await, 2);
        world.oidc.refresh().await;
        assert_eq!(provider.get("/asked").await, 3);
        assert_eq!(status(&world, &token).await, 200);
    });
}

/// P11, P13: what a person does is an event of that person, with name and address; what a key does, one of the key.
#[test]
fn a_person_is_the_actor() {
    let provider = Provider::start();
    with_providers("oidc_actor", vec![provider.believed(MAPPED)], Moved::default().clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let change = json!({ "access": "block", "reason": "lost" });
        for credential in [&provider.token("boss", "").await, &key] {
            let path = "/v1/users/u-1/devices/d-1/access";
            let answer = world.send("PUT", path, credential, Some(change.clone())).await;
            assert_eq!(answer.status, 200, "{}", answer.json);
        }
        let actors: Vec<Value> = world.audit.recorded("acme").iter().map(|event| event["actor"].clone()).collect();
        assert_eq!(actors[0], json!({ "kind": "user", "id": "boss", "name": "Boss" }));
        assert_eq!(actors[1]["kind"], "api_key");
        assert_eq!(actors[1]["id"], key[3..15]);
    });
}

/// P12: people are counted one by one, as keys are, and against their tenant; headers say so.
#[test]
fn limits_hold_for_people() {
    let provider = Provider::start();
    let mut believed = provider.believed(MAPPED);
    let limits = Config::defaults().unwrap().limits;
    believed.limits = Some(Limits { queries_per_second: 1, query_burst: 3, ..limits });
    with_providers("oidc_limits", vec![believed], Moved::default().clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        world
            .tenant("globex", |tenant| tenant.limits = Some(Limits { queries_per_second: 1, query_burst: 2, ..limits }))
            .await;
        let jana = provider.token("jana", "").await;
        let first = world.get("/v1/catalogue", &jana).await;
        assert_eq!(first.headers["ratelimit"], "\"queries\";r=2;t=1");
        assert_eq!(first.headers["ratelimit-policy"], "\"queries\";q=3;w=3");
        // Another token of the same person is no other bucket.
        let again = provider.token("jana", "alg=ES256").await;
        let mut last = first;
        for _ in 0..100 {
            last = world.get("/v1/catalogue", &again).await;
            if last.status == 429 {
                break;
            }
        }
        assert_eq!((last.status, &last.json["code"]), (429, &"rate_limited".into()));
        assert!(last.headers.contains_key("retry-after") && last.headers.contains_key("ratelimit"));
        // Somebody else of the tenant has limits of their own, and the tighter one is reported.
        assert_eq!(
            world.get("/v1/catalogue", &provider.token("boss", "").await).await.headers["ratelimit"],
            "\"queries\";r=2;t=1"
        );
        let other = world.get("/v1/catalogue", &provider.token("other", "").await).await;
        assert_eq!(other.headers["ratelimit-policy"], "\"queries\";q=2;w=2");
    });
}
