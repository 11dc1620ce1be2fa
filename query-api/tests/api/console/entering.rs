//! A key for a session.

use schemas::settings::{Permission, Role};

use super::browser::Browser;
use crate::support::with_world;

/// C2: the page's form and a program trade a key for a cookie that no script reads and no other site sends; it reads what the key
/// reads.
#[test]
fn a_key_is_traded_for_a_session() {
    with_world("console_keys", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut browser = Browser::new(&world);
        assert_eq!(browser.reads().await, 401);
        let answer = browser.form(&[("key", &format!(" {key} ")), ("next", "/events?period=today")]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/events?period=today"), "{}", answer.text);
        let [cookie] = answer.set()[..] else { panic!("{:?}", answer.set()) };
        assert!(
            cookie.starts_with("usertrail=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
            "{cookie}"
        );
        assert!(!cookie.contains(&key[3..15]), "the cookie tells whose it is");
        let read = browser.get("/v1/events").await;
        assert_eq!((read.status, read.header("cache-control")), (200, "no-store"), "{}", read.text);
        assert!(read.set().is_empty() && !read.headers.contains_key("access-control-allow-origin"));
        assert_eq!(browser.get("/v1/violations").await.status, 403);
        assert_eq!(browser.get("/v1/tenants/acme").await.status, 403);

        let mut program = Browser { from: "", ..Browser::new(&world) };
        let answer = program.json(&key).await;
        assert_eq!((answer.status, answer.text.as_str(), answer.header("cache-control")), (204, "", "no-store"));
        program.from = "same-origin";
        assert_eq!(program.reads().await, 200);
        // Who comes with a credential is who the credential says, cookie or not.
        let bearer = world.get("/v1/tenants/acme", &world.key(Some("acme"), Role::Admin).await).await;
        assert!(bearer.status == 200 && !bearer.headers.contains_key("cache-control"));
    });
}

/// C2: whoever is not let in learns why: on the page in their language, and as a program with a problem.
#[test]
fn who_is_not_let_in_learns_why() {
    with_world("console_refused", async |world| {
        world.tenant("acme", |_| {}).await;
        let sender = world.key(Some("acme"), Role::Ingest).await;
        let sql = world.settings.create_key_permitting(Some("acme"), Role::Ingest, &[Permission::QuerySql], "").await;
        let sql = sql.unwrap().1.expose();
        let wrong = format!("{}x", &sender[..sender.len() - 1]);
        let mut browser = Browser::new(&world);
        for (key, word, status, code) in [
            ("", "key", 401, "unauthorized"),
            ("nonsense", "key", 401, "unauthorized"),
            (wrong.as_str(), "key", 401, "unauthorized"),
            (sender.as_str(), "cannot_read", 403, "forbidden"),
        ] {
            let form = browser.form(&[("key", key), ("next", "/events"), ("lang", "cs")]).await;
            let expected = format!("/sign-in?failed={word}&lang=cs&next=%2Fevents");
            assert_eq!((form.status, form.header("location")), (303, expected.as_str()), "{key}");
            let program = browser.json(key).await;
            assert_eq!((program.status, program.json()["code"].as_str()), (status, Some(code)), "{key}");
        }
        let mut other = Browser { peer: ([192, 0, 2, 9], 1).into(), ..Browser::new(&world) };
        assert_eq!(other.json(&sql).await.status, 403);
        for (path, lang, said) in [
            ("/sign-in?failed=key", "en", "This key is not valid."),
            ("/sign-in?failed=cannot_read&lang=ru", "ru", "отправлять события, но не читать"),
            ("/sign-in?failed=too_many&lang=cs", "cs", "Počkejte minutu"),
        ] {
            let page = browser.get(path).await;
            assert_eq!((page.status, page.header("content-language")), (200, lang), "{path}");
            assert!(page.text.contains(said) && page.text.contains("role=\"alert\""), "{}", page.text);
        }
        let long = format!("{{\"key\": \"{}\"}}", "x".repeat(9000));
        for (kind, body, status) in [
            ("text/plain", "{}", 415),
            ("application/json", "{}", 400),
            ("application/json", "{\"key\": \"x\", \"more\": 1}", 400),
            ("application/json", long.as_str(), 413),
        ] {
            assert_eq!(other.send("POST", "/session", kind, body.to_owned()).await.status, status, "{body:.30}");
        }
        assert!(browser.cookies.is_empty() && other.cookies.is_empty());
    });
}

/// C2: ten attempts a minute from one address, whatever becomes of them; nobody else waits for that.
#[test]
fn attempts_are_counted_by_address() {
    with_world("console_attempts", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut guesser = Browser { peer: ([192, 0, 2, 7], 1).into(), ..Browser::new(&world) };
        for number in 0..10_u16 {
            guesser.peer.set_port(1 + number);
            assert_eq!(guesser.json(&format!("a guess number {number:04}")).await.status, 401, "{number}");
        }
        let refused = guesser.json(&key).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("rate_limited")));
        assert!((1..=6).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
        let page = guesser.form(&[("key", &key), ("lang", "ru")]).await;
        assert!(page.status == 429 && page.text.contains("Подождите минуту"), "{}", page.text);
        assert!(page.headers.contains_key("retry-after") && guesser.cookies.is_empty());
        let mut other = Browser { peer: ([192, 0, 2, 8], 1).into(), ..Browser::new(&world) };
        assert_eq!(other.json(&key).await.status, 204);
        // Of IPv6, addresses of one subscriber are one.
        let mut many = Browser::new(&world);
        let mut last = 0;
        for number in 0..11_u16 {
            many.peer = (std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, number), 1).into();
            last = many.json("another guess, again").await.status;
        }
        assert_eq!(last, 429);
    });
}

/// C2: whoever signs in goes to a page of the console, and nowhere else.
#[test]
fn signing_in_leads_nowhere_else() {
    with_world("console_next", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        for (number, next) in
            ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\n/evil.example"]
                .into_iter()
                .enumerate()
        {
            let peer = ([192, 0, 2, u8::try_from(number).unwrap()], 1).into();
            let mut browser = Browser { peer, ..Browser::new(&world) };
            let answer = browser.form(&[("key", &key), ("next", next)]).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/"), "{next:?}");
            let failed = browser.form(&[("key", "no key at all, none"), ("next", next)]).await;
            assert_eq!(failed.header("location"), "/sign-in?failed=key", "{next:?}");
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let page = browser.get(&format!("/sign-in?{query}")).await;
            assert!(page.text.contains("name=\"next\" value=\"/\""), "{}", page.text);
        }
    });
}
