//! How long a session holds.

use schemas::settings::Role;

use super::browser::Browser;
use crate::oidc::provider::Moved;
use crate::support::{with_providers, with_two_processes, with_world};

/// C2: what a key may is looked up at each request: revoked, or of a tenant that is gone, it signs out with the next.
#[test]
fn a_revoked_key_signs_out() {
    with_world("console_revoked", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("gone", |_| {}).await;
        let (key, other) = (world.key(Some("acme"), Role::Viewer).await, world.key(Some("gone"), Role::Admin).await);
        let mut browser = Browser::signed_in(&world, &key).await;
        let mut elsewhere = Browser::signed_in(&world, &other).await;
        assert_eq!((browser.reads().await, elsewhere.reads().await), (200, 200));
        world.settings.revoke_key(Some("acme"), &key[3..15]).await.unwrap();
        world.settings.delete_tenant("gone").await.unwrap();
        for browser in [&mut browser, &mut elsewhere] {
            let answer = browser.get("/v1/events").await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("unauthorized")));
            assert!(
                answer.headers.contains_key("www-authenticate") && browser.cookies.is_empty(),
                "{:?}",
                answer.set()
            );
        }
    });
}

/// C2: signing out ends every copy of the cookie, and no other session of the same key.
#[test]
fn signing_out_ends_every_copy() {
    with_world("console_sign_out", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut browser = Browser::signed_in(&world, &key).await;
        let (mut copy, mut other) = (browser.clone(), Browser::signed_in(&world, &key).await);
        let mut evil = Browser { from: "cross-site", ..browser.clone() };
        assert_eq!(evil.delete("/session").await.status, 403);
        assert_eq!(copy.reads().await, 200);
        let answer = browser.delete("/session").await;
        assert_eq!((answer.status, browser.cookies.len()), (204, 0), "{}", answer.text);
        assert_eq!((copy.reads().await, other.reads().await), (401, 200));
        assert_eq!(browser.delete("/session").await.status, 204);
    });
}

/// C2: of two processes, what one was asked the other knows a moment later; a cookie of one is good for the other if their keys are the
/// same.
#[test]
fn signing_out_is_known_to_every_process() {
    with_two_processes("console_two", async |one, two| {
        one.tenant("acme", |_| {}).await;
        let key = one.key(Some("acme"), Role::Viewer).await;
        let mut browser = Browser::signed_in(&one, &key).await;
        let mut at_two = Browser { cookies: browser.cookies.clone(), ..Browser::new(&two) };
        let changed = two.settings.changes();
        let offset = one.settings.applied_offset();
        assert!(changed.clone().wait_for(|next| *next >= offset).await.is_ok());
        assert_eq!(at_two.clone().reads().await, 200);
        assert_eq!(browser.delete("/session").await.status, 204);
        let offset = one.settings.applied_offset();
        assert!(changed.clone().wait_for(|next| *next >= offset).await.is_ok());
        assert_eq!(at_two.reads().await, 401);
    });
}

/// C2: a session ends an hour after its last use, and twelve hours after it began; it is sealed anew at most every five minutes.
#[test]
fn a_session_has_its_time() {
    let time = Moved::default();
    with_providers("console_time", Vec::new(), time.clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        time.to(0);
        let mut browser = Browser::signed_in(&world, &key).await;
        let begun = browser.clone();
        for (seconds, status, is_sealed) in [(0, 200, false), (290, 200, false), (310, 200, true), (320, 200, false)] {
            time.to(seconds);
            let answer = browser.get("/v1/catalogue").await;
            assert_eq!((answer.status, !answer.set().is_empty()), (status, is_sealed), "{seconds}");
        }
        // The cookie as it was at first knows of no use.
        time.to(3700);
        assert_eq!((begun.clone().reads().await, browser.reads().await), (401, 200));
        for hours in 2..12 {
            time.to(hours * 3600 - 60);
            assert_eq!(browser.reads().await, 200, "{hours}");
        }
        time.to(12 * 3600 - 60);
        assert_eq!(browser.clone().reads().await, 200);
        time.to(12 * 3600 + 5);
        assert_eq!(browser.reads().await, 401);
        // Nor does one hold that is not of this time.
        time.to(-400);
        assert_eq!(begun.clone().reads().await, 401);
    });
}

/// C2: a cookie that was changed, is of something else, or of another installation, is none.
#[test]
fn a_made_up_cookie_is_none() {
    with_world("console_made_up", async |world| {
        world.tenant("acme", |_| {}).await;
        let browser = Browser::signed_in(&world, &world.key(Some("acme"), Role::Viewer).await).await;
        let sealed = browser.cookies["usertrail"].clone();
        let swapped = |at: usize| {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        };
        let made_up = [swapped(0), swapped(20), swapped(sealed.len() / 2), sealed[1..].to_owned(), "x".to_owned()];
        for value in made_up {
            let mut other = browser.clone();
            other.cookies.insert("usertrail".to_owned(), value.clone());
            assert_eq!(other.reads().await, 401, "{value}");
        }
        // Another program of this machine may have set one of the same name, which hides ours from nobody.
        let mut beside = browser.clone();
        beside.cookies = [("a".to_owned(), "b; usertrail=other".to_owned()), ("usertrail".to_owned(), sealed)].into();
        assert_eq!(beside.reads().await, 200);
        let named = Browser { host: "evil.example", ..browser };
        assert_eq!(named.clone().reads().await, 401, "no name but this machine's own");
    });
}
