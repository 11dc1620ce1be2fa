//! One device stays one, whatever hints its browser adds and whatever is updated.

use super::*;

/// A browser's headers in full: user agent, brands, platform, its version, model.
type Headers = (&'static str, &'static str, &'static str, &'static str, &'static str);

const BROWSERS: &[Headers] = &[
    (CHROME, BRANDS, "Windows", "15.0.0", ""),
    (CHROME_MAC, BRANDS, "macOS", "14.2.1", ""),
    (CHROME_ANDROID, BRANDS, "Android", "14.0.0", "Pixel 8"),
    // Says another name in its hints than in its user agent.
    (CHROME, r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#, "Windows", "10.0.0", ""),
    (CHROME, r#""Chromium";v="138", "Vivaldi";v="7.5", "Not)A;Brand";v="8""#, "Linux", "6.8.0", ""),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
        r#""Not_A Brand";v="8", "Chromium";v="120", "Microsoft Edge";v="120", "Microsoft Edge WebView2";v="120""#,
        "Windows",
        "15.0.0",
        "",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.5993.731 YaBrowser/23.11.1.731 Yowser/2.5 Safari/537.36",
        r#""Not_A Brand";v="8", "Chromium";v="118", "YaBrowser";v="23.11", "Yowser";v="2.5""#,
        "Windows",
        "10.0.0",
        "",
    ),
    // An old one, which still names its model.
    (
        "Mozilla/5.0 (Linux; Android 8.1.0; ZC554KL) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0.4758.87 Mobile Safari/537.36",
        r#"" Not A;Brand";v="99", "Chromium";v="98", "Google Chrome";v="98""#,
        "Android",
        "8.1.0",
        "ZC554KL",
    ),
    // A telephone that asks for the page of a desktop, and a tablet.
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        BRANDS,
        "Android",
        "13.0.0",
        "SM-X710",
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36",
        r#""Samsung Internet";v="23.0", "Chromium";v="115", "Not/A)Brand";v="99""#,
        "Android",
        "14.0.0",
        "SM-X710",
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.0.0 Mobile Safari/537.36",
        r#""Android WebView";v="123", "Not:A-Brand";v="8", "Chromium";v="123""#,
        "Android",
        "13.0.0",
        "SM-S918B",
    ),
    // Hints alone, of which the first three come with every request.
    ("", BRANDS, "Windows", "15.0.0", ""),
    ("", BRANDS, "Android", "14.0.0", "Pixel 8"),
];

/// K10: hints come and go with the permissions of a page; they make no other device.
#[test]
fn hints_make_no_other_device() {
    for &(user_agent, ua, platform, platform_version, model) in BROWSERS {
        let full = ClientHints { ua, platform, platform_version, model, full_version_list: ua, mobile: "?1" };
        let always = ClientHints { full_version_list: "", platform_version: "", model: "", ..full };
        let of = |hints| device(DeviceInput { user_agent, hints, tenant: "t1", ..DeviceInput::default() });
        let want = of(full);
        assert!(!want.id.is_none());
        let mut less = vec![always, ClientHints { model: "", ..full }, ClientHints { platform_version: "", ..full }];
        if !user_agent.is_empty() {
            less.extend([
                ClientHints::default(),
                ClientHints { ua, ..ClientHints::default() },
                ClientHints { model, ..ClientHints::default() },
                ClientHints { mobile: "?0", ..full },
                ClientHints { platform: "", ..full },
            ]);
        }
        for hints in less {
            let found = of(hints);
            assert_eq!((found.id, found.confidence), (want.id, want.confidence), "{user_agent}\n{hints:?}");
        }
    }
}

/// K10: an update of the browser or the system is no new device; another browser, system or kind is one.
#[test]
fn updates_make_no_other_device() {
    let id = |user_agent: &str| device(DeviceInput { user_agent, tenant: "t1", ..DeviceInput::default() }).id;
    let updates = [
        (CHROME, "Chrome/120.0.0.0", "Chrome/142.0.0.0"),
        (CHROME_ANDROID, "Chrome/120.0.0.0", "Chrome/142.0.7444.59"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5",
            "18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1",
            "OS 16_6",
            "OS 17_1_2",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "127", "145"),
        ("Mozilla/5.0 (Android 13; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Android 13", "Android 15"),
        ("Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0", "NT 6.1", "NT 10.0"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.2 Safari/605.1.15",
            "10_13_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.2",
            "10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.0.0 Mobile Safari/537.36",
            "Android 13; SM-S918B Build/TP1A.220624.014",
            "Android 14; SM-S918B Build/UP1A.231005.007",
        ),
        ("MyCRM/5.1 (com.example.crm; build:12; iOS 17.5.1) Alamofire/5.9.1", "iOS 17.5.1", "iOS 18.0.0"),
    ];
    for (before, from, to) in updates {
        let after = before.replace(from, to);
        assert_ne!(before, after);
        assert_eq!(id(before), id(&after), "{before}\n{after}");
    }
    let all: std::collections::BTreeSet<_> = updates.iter().map(|(user_agent, ..)| id(user_agent)).collect();
    assert_eq!(all.len(), updates.len());
}

/// K10: a model makes a fingerprint distinctive, unless every telephone of a make has it.
#[test]
fn how_sure_a_fingerprint_is() {
    for (user_agent, want) in [
        (CHROME, Confidence::FingerprintLow),
        (CHROME_ANDROID, Confidence::FingerprintLow),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            Confidence::FingerprintLow,
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.0.0 Mobile Safari/537.36",
            Confidence::FingerprintMedium,
        ),
        ("curl/8.5.0", Confidence::FingerprintLow),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            Confidence::FingerprintLow,
        ),
        ("", Confidence::None),
    ] {
        let hints =
            if user_agent.is_empty() { ClientHints::default() } else { hints(BRANDS, "\"Windows\"", "\"15.0.0\"") };
        assert_eq!(
            device(DeviceInput { user_agent, hints, ..DeviceInput::default() }).confidence,
            want,
            "{user_agent}"
        );
    }
}
