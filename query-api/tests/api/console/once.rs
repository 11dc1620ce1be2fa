//! The link that signs in without a key.

use schemas::settings::Role;

use super::browser::Browser;
use crate::support::with_world;

/// C2: a link leads in once, from this machine alone.
#[test]
fn a_link_leads_in_once() {
    with_world("console_once", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let give = || format!("/sign-in?once={}", world.one_time_link.give(&key[3..15]).unwrap());
        let link = give();
        // What is not at this machine, or comes by another name, does not use it up.
        for (peer, host) in
            [([192, 0, 2, 7], "localhost"), ([127, 0, 0, 1], "evil.example"), ([10, 0, 0, 1], "10.0.0.1")]
        {
            let mut other = Browser { peer: (peer, 1).into(), host, from: "none", ..Browser::new(&world) };
            let answer = other.get(&link).await;
            assert!(answer.status == 303 && answer.header("location").starts_with("/sign-in?failed="), "{answer:?}");
            assert!(other.cookies.is_empty());
        }
        let mut browser = Browser { from: "none", ..Browser::new(&world) };
        let head = browser.send("HEAD", &link, "", String::new()).await;
        assert!(head.status == 200 && browser.cookies.is_empty());
        let answer = browser.get(&link).await;
        assert_eq!((answer.status, answer.header("location"), answer.header("cache-control")), (303, "/", "no-store"));
        assert_eq!(browser.get("/v1/tenants/acme").await.status, 200);
        let mut again = Browser { from: "none", ..Browser::new(&world) };
        let answer = again.get(&link).await;
        assert_eq!((answer.header("location"), again.cookies.len()), ("/sign-in?failed=link", 0));
        assert_eq!(again.get("/sign-in?once=").await.header("location"), "/sign-in?failed=link");
        // Nor does it lead in as somebody who may not.
        let link = give();
        world.settings.revoke_key(Some("acme"), &key[3..15]).await.unwrap();
        assert_eq!(again.get(&link).await.header("location"), "/sign-in?failed=link");
    });
}
