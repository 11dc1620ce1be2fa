//! Tells kinds of device, bots and scripts by words in the user agent. uap-core knows models, but not form factors.

use super::DeviceKind;

/// Programs and libraries that name themselves first, in lower case. Version and more may follow after a slash or space.
const SCRIPTS: &[&str] = &[
    "aiohttp",
    "alamofire",
    "apache-httpclient",
    "aws-sdk-",
    "axios",
    "boto3",
    "botocore",
    "bun",
    "cpp-httplib",
    "curl",
    "dart",
    "deno",
    "dotnet",
    "faraday",
    "fasthttp",
    "gaxios",
    "got",
    "go-http-client",
    "go-resty",
    "grpc-",
    "guzzlehttp",
    "http.rb",
    "httpie",
    "httpx",
    "hyper",
    "insomnia",
    "java",
    "java-http-client",
    "jakarta commons-httpclient",
    "libcurl",
    "libwww-perl",
    "lwp::simple",
    "mechanize",
    "node",
    "node-fetch",
    "node-superagent",
    "okhttp",
    "php",
    "postmanruntime",
    "powershell",
    "python",
    "python-httpx",
    "python-requests",
    "python-urllib",
    "python-urllib3",
    "reactor-netty",
    "reqwest",
    "rest-client",
    "restsharp",
    "ruby",
    "scrapy",
    "spring",
    "symfony httpclient",
    "typhoeus",
    "undici",
    "unirest-java",
    "wget",
    "winhttp",
];

/// What automated visitors have in their user agent, in lower case.
const BOTS: &[&str] = &[
    "+http",
    "crawler",
    "cypress/",
    "facebookexternalhit",
    "headless",
    "lighthouse",
    "phantomjs",
    "pingdom",
    "playwright",
    "puppeteer",
    "selenium",
    "site24x7",
    "spider",
    "statuscake",
    "uptime",
    "webdriver",
];

const TELEVISIONS: &[&str] = &[
    " tv",
    "-tv",
    "_tv",
    "androidtv",
    "apple tv",
    "appletv",
    "bravia",
    "crkey",
    "googletv",
    "hbbtv",
    "mibox",
    "netcast",
    "roku",
    "smarttv",
    "tvos",
    "viera",
    "web0s",
    "; aft",
];

/// The script's own name and version, if the user agent is one's.
pub(super) fn script(user_agent: &str) -> Option<(&str, &str)> {
    let lower = user_agent.get(..user_agent.floor_char_boundary(32))?.to_ascii_lowercase();
    let known = SCRIPTS.iter().any(|name| {
        lower
            .strip_prefix(name)
            .is_some_and(|rest| name.ends_with('-') || rest.is_empty() || rest.starts_with(['/', ' ']))
    });
    if !known {
        return None;
    }
    let first_end = user_agent.find(['/', ' ']).unwrap_or(user_agent.len());
    let (name, rest) = user_agent.split_at(first_end);
    let version = rest.strip_prefix('/').and_then(|rest| rest.split([' ', '(', ';', ',']).next()).unwrap_or("");
    Some((name, version))
}

/// Whether the (lower-case) user agent says of itself that nobody sits behind it.
pub(super) fn is_bot(lower: &str) -> bool {
    BOTS.iter().any(|word| lower.contains(word)) || names_a_bot(lower)
}

/// `…bot` as the end of a word, except for the phones of the make Cubot.
fn names_a_bot(lower: &str) -> bool {
    lower.match_indices("bot").any(|(at, word)| {
        let ends = lower[at + word.len()..].chars().next().is_none_or(|next| !next.is_ascii_alphanumeric());
        ends && !lower[..at].ends_with("cu")
    })
}

/// The kind of device, bots and scripts aside. `lower` is the user agent in lower case, `mobile` what Client Hints say.
pub(super) fn form_factor(lower: &str, os: &str, mobile: Option<bool>) -> DeviceKind {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if os == "watchOS" || os == "Wear OS" || has(&["watch", "wear os", "oculusbrowser"]) {
        return DeviceKind::Wearable;
    }
    if os == "tvOS" || os == "webOS" || has(TELEVISIONS) {
        return DeviceKind::Tv;
    }
    if has(&["playstation", "xbox", "nintendo"]) {
        return DeviceKind::Console;
    }
    match os {
        "Windows" | "macOS" | "Linux" | "Chrome OS" | "FreeBSD" | "OpenBSD" | "NetBSD" | "Solaris" | "Ubuntu"
        | "Debian" | "Fedora" | "Red Hat" | "SUSE" | "Mint" | "Arch Linux" => {
            // A phone that asks for the desktop page says Linux, but its hint stays honest.
            if mobile == Some(true) { DeviceKind::Mobile } else { DeviceKind::Desktop }
        }
        "Android" => match mobile {
            Some(true) => DeviceKind::Mobile,
            Some(false) => DeviceKind::Tablet,
            None if has(&["mobile", "opera mini"]) => DeviceKind::Mobile,
            // A browser that says "Android" without "Mobile" is on a tablet; other programs never say "Mobile".
            None if has(&["applewebkit", "gecko/"]) => DeviceKind::Tablet,
            None => DeviceKind::Unknown,
        },
        "iOS" | "iPadOS" => {
            if os == "iPadOS" || has(&["ipad"]) {
                DeviceKind::Tablet
            } else {
                DeviceKind::Mobile
            }
        }
        _ if mobile == Some(true) => DeviceKind::Mobile,
        _ if has(&["tablet", "kindle", "playbook"]) => DeviceKind::Tablet,
        _ if has(&["mobile", "phone", "blackberry", "bb10", "symbian"]) => DeviceKind::Mobile,
        _ => DeviceKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_themselves_first() {
        for (user_agent, want) in [
            ("curl/8.5.0", Some(("curl", "8.5.0"))),
            ("python-requests/2.31.0", Some(("python-requests", "2.31.0"))),
            ("Go-http-client/2.0", Some(("Go-http-client", "2.0"))),
            ("okhttp/4.12.0", Some(("okhttp", "4.12.0"))),
            ("PostmanRuntime/7.36.1", Some(("PostmanRuntime", "7.36.1"))),
            ("Python/3.12 aiohttp/3.9.1", Some(("Python", "3.12"))),
            ("Apache-HttpClient/4.5.13 (Java/17.0.2)", Some(("Apache-HttpClient", "4.5.13"))),
            ("aws-sdk-go/1.44 (go1.19; linux; amd64)", Some(("aws-sdk-go", "1.44"))),
            ("node", Some(("node", ""))),
            ("Wget/1.21.3", Some(("Wget", "1.21.3"))),
            ("curling/1.0", None),
            ("Mozilla/5.0 curl/8", None),
            ("", None),
            ("ЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖ", None),
        ] {
            assert_eq!(script(user_agent), want, "{user_agent}");
        }
    }

    #[test]
    fn bots_are_told_from_phones_called_bot() {
        assert!(is_bot("mozilla/5.0 (compatible; examplebot/1.0)"));
        assert!(is_bot("examplebot"));
        assert!(is_bot("mozilla/5.0 (x11; linux x86_64) headlesschrome/120.0"));
        assert!(!is_bot("mozilla/5.0 (linux; android 11; cubot note 20) mobile"));
        assert!(!is_bot("mozilla/5.0 (bottle; botany)"));
    }
}
