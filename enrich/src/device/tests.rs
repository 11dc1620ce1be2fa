//! Golden table of real user agents and hints, identity, and robustness.

mod fingerprints;

use proptest::prelude::*;

use super::*;

fn device(input: DeviceInput<'_>) -> Device {
    thread_local! {
        static PARSER: DeviceParser = DeviceParser::new().unwrap();
    }
    PARSER.with(|parser| parser.parse(&mut DeviceCache::default(), &input))
}

fn line(user_agent: &str, hints: ClientHints<'_>) -> String {
    let agent = device(DeviceInput { user_agent, hints, ..DeviceInput::default() }).agent;
    format!(
        "{} {} | {} {} | {} | {}{}",
        agent.browser,
        agent.browser_version,
        agent.os,
        agent.os_version,
        agent.model,
        agent.kind.as_str(),
        if agent.bot { " bot" } else { "" }
    )
}

/// P3: what user agents alone say; frozen values stay unknown. The table has the user agent, and below it browser, system,
/// model and kind.
#[test]
fn p3_user_agents() {
    let mut wrong = String::new();
    let mut rows = 0;
    for row in include_str!("tests/user_agents.txt").trim().split("\n\n") {
        let (user_agent, want) = row.split_once('\n').unwrap();
        let got = line(user_agent, ClientHints::default());
        rows += 1;
        if got != want {
            wrong.push_str(&format!("{user_agent}\n want {want}\n  got {got}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(rows >= 40);
}

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const CHROME_MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const CHROME_ANDROID: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
const BRANDS: &str = r#""Not_A Brand";v="8", "Chromium";v="120", "Google Chrome";v="120""#;

fn hints<'a>(ua: &'a str, platform: &'a str, platform_version: &'a str) -> ClientHints<'a> {
    ClientHints { ua, platform, platform_version, mobile: "?0", ..ClientHints::default() }
}

/// P3: Client Hints first, the user agent for the rest.
#[test]
fn p3_client_hints() {
    let phone = ClientHints {
        mobile: "?1",
        model: "\"Pixel 8\"",
        full_version_list: r#""Not_A Brand";v="8.0.0.0", "Chromium";v="120.0.6099.144", "Google Chrome";v="120.0.6099.144""#,
        ..hints(BRANDS, "\"Android\"", "\"14.0.0\"")
    };
    let brave = r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#;
    let yandex = r#""Not_A Brand";v="8", "Chromium";v="118", "YaBrowser";v="23.11", "Yowser";v="2.5""#;
    let edge = r#""Not_A Brand";v="8", "Chromium";v="120", "Microsoft Edge";v="120""#;
    let headless = r#""HeadlessChrome";v="120", "Chromium";v="120", "Not_A Brand";v="24""#;
    let vivaldi = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.5845.114 \
                   Safari/537.36 Vivaldi/6.2.3105.45";
    for (user_agent, hints, want) in [
        (CHROME, hints(BRANDS, "\"Windows\"", "\"15.0.0\""), "Chrome 120 | Windows 11 |  | desktop"),
        (CHROME, hints(BRANDS, "\"Windows\"", "\"10.0.0\""), "Chrome 120 | Windows 10 |  | desktop"),
        (CHROME, hints(BRANDS, "\"Windows\"", ""), "Chrome 120 | Windows  |  | desktop"),
        (CHROME, hints(edge, "Windows", "15"), "Edge 120 | Windows 11 |  | desktop"),
        (CHROME, hints(brave, "\"Windows\"", "\"13.0.0\""), "Brave 131 | Windows 11 |  | desktop"),
        (CHROME, hints(yandex, "\"Windows\"", "\"10.0.0\""), "Yandex Browser 23.11 | Windows 10 |  | desktop"),
        (CHROME_MAC, hints(BRANDS, "\"macOS\"", "\"14.2.1\""), "Chrome 120 | macOS 14.2.1 |  | desktop"),
        (CHROME_MAC, hints(BRANDS, "\"macOS\"", ""), "Chrome 120 | macOS  |  | desktop"),
        (CHROME_ANDROID, phone, "Chrome 120.0.6099.144 | Android 14 | Pixel 8 | mobile"),
        (CHROME_ANDROID, ClientHints { model: "", ..phone }, "Chrome 120.0.6099.144 | Android 14 |  | mobile"),
        (CHROME_ANDROID, hints(BRANDS, "\"Android\"", "\"13\""), "Chrome 120 | Android 13 |  | tablet"),
        (
            CHROME_ANDROID,
            ClientHints { model: "\"Pixel Watch 3\"", ..phone },
            "Chrome 120.0.6099.144 | Android 14 | Pixel Watch 3 | wearable",
        ),
        ("", phone, "Chrome 120.0.6099.144 | Android 14 | Pixel 8 | mobile"),
        ("", hints(BRANDS, "\"Chrome OS\"", "\"15699.0.0\""), "Chrome 120 | Chrome OS 15699 |  | desktop"),
        ("", hints(BRANDS, "\"Unknown\"", ""), "Chrome 120 |   |  | unknown"),
        (CHROME, hints(headless, "\"Linux\"", ""), "HeadlessChrome 120 | Linux  |  | bot bot"),
        // The page was asked for as a desktop's, but the hints are honest.
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            phone,
            "Chrome 120.0.6099.144 | Android 14 | Pixel 8 | mobile",
        ),
        // Passes for Chrome in its hints, names itself in the user agent.
        (vivaldi, hints(BRANDS, "\"Windows\"", "\"15\""), "Vivaldi 6.2.3105 | Windows 11 |  | desktop"),
        // Nothing at all.
        ("", ClientHints::default(), "  |   |  | unknown"),
        // Grease alone says nothing.
        ("", hints(r#""Not;A=Brand";v="99""#, "", ""), "  |   |  | unknown"),
    ] {
        assert_eq!(line(user_agent, hints), want, "{user_agent}\n{hints:?}");
    }
}

/// K10: the cookie distinguishes devices; without it a fingerprint does, and says how sure it is.
#[test]
fn k10_device_ids() {
    let bare = DeviceInput { user_agent: CHROME, tenant: "t1", ..DeviceInput::default() };
    let cookie = device(DeviceInput { cookie_id: "c1", ..bare });
    assert_eq!(cookie.confidence, Confidence::Cookie);
    assert_eq!((cookie.confidence.as_str(), cookie.confidence.score()), ("high", 0.95));
    // Two browsers on one machine; one browser after an update; the same cookie at another tenant.
    assert_ne!(cookie.id, device(DeviceInput { cookie_id: "c2", ..bare }).id);
    assert_eq!(cookie.id, device(DeviceInput { cookie_id: "c1", user_agent: CHROME_MAC, ..bare }).id);
    assert_ne!(cookie.id, device(DeviceInput { cookie_id: "c1", tenant: "t2", ..bare }).id);

    let frozen = device(bare);
    assert_eq!(frozen.confidence, Confidence::FingerprintLow);
    let update = CHROME.replace("Chrome/120", "Chrome/121");
    assert_eq!(frozen.id, device(DeviceInput { user_agent: &update, ..bare }).id, "an update is no new device");
    assert_ne!(frozen.id, cookie.id);
    assert_ne!(frozen.id, device(DeviceInput { accept_language: "cs-CZ", ..bare }).id);
    assert_ne!(frozen.id, device(DeviceInput { tenant: "t2", ..bare }).id);

    let nothing = device(DeviceInput { tenant: "t1", ..DeviceInput::default() });
    assert_eq!((nothing.id, nothing.confidence, nothing.confidence.score()), (DeviceId::NONE, Confidence::None, 0.0));
    assert_eq!(nothing.id.to_string(), "");
    assert_eq!(device(DeviceInput { user_agent: "curl/8.5.0", ..bare }).confidence, Confidence::FingerprintLow);
}

/// Ids are stored, so they may never change.
#[test]
fn device_ids_are_stable() {
    let input = DeviceInput { user_agent: CHROME, tenant: "t1", ..DeviceInput::default() };
    assert_eq!(device(DeviceInput { cookie_id: "c1", ..input }).id.to_string(), "ee5590846b383462");
    assert_eq!(device(input).id.to_string(), "4ae497eded1f7e5b");
}

#[test]
fn what_is_cached_is_what_was_parsed_and_bounded() {
    let parser = DeviceParser::new().unwrap();
    let mut cache = DeviceCache::new(4);
    let parse = |cache: &mut DeviceCache, user_agent: &str, hints| {
        parser.parse(cache, &DeviceInput { user_agent, hints, ..DeviceInput::default() }).agent
    };
    let plain = parse(&mut cache, CHROME, ClientHints::default());
    assert!(Arc::ptr_eq(&plain, &parse(&mut cache, CHROME, ClientHints::default())));
    let eleven = parse(&mut cache, CHROME, hints(BRANDS, "\"Windows\"", "\"15.0.0\""));
    assert_eq!((&*plain.os_version, &*eleven.os_version), ("", "11"));
    // The same text in another hint is another combination.
    let platform = ClientHints { platform: "Android", ..ClientHints::default() };
    let model = ClientHints { model: "Android", ..ClientHints::default() };
    assert_ne!(parse(&mut cache, "", platform), parse(&mut cache, "", model));
    // Whatever comes after 1 KiB is not read, nor kept.
    let long = format!("{CHROME}{}", " ".repeat(1024));
    assert!(Arc::ptr_eq(
        &parse(&mut cache, &long, ClientHints::default()),
        &parse(&mut cache, &(long.clone() + "Edg/120"), ClientHints::default())
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn nothing_that_is_sent_panics(
        user_agent in prop_oneof![".*", "(Mozilla/5\\.0 \\(|Android|iPhone|[0-9]{1,9}\\.|; |bot|\"|\\\\|é|\\)|/){0,40}", "[a-z]{1000}é{30}"],
        ua in prop_oneof![".*", "(\"|;v=|, |Not|Brand|\\\\|é|9){0,20}"],
        platform in prop_oneof![Just("Windows".to_owned()), ".*"],
        platform_version in ".{0,20}",
        model in ".{0,200}",
    ) {
        let hints = ClientHints {
            ua: &ua, platform: &platform, platform_version: &platform_version, model: &model, mobile: &model,
            full_version_list: &platform_version,
        };
        let found = device(DeviceInput { user_agent: &user_agent, hints, cookie_id: &model, tenant: "t", accept_language: &ua });
        prop_assert!(found.agent.browser.len() <= 64 && found.agent.model.len() <= 64 && found.agent.os.len() <= 64);
        prop_assert!(found.id.to_string().len() == 16 || found.id.is_none());
    }
}
