//! Recognises kinds of device and scripts by words in the user agent. uap-core knows models, but not form factors.

use super::DeviceKind;

/// Programs and libraries that name themselves first, in lower case. Version and more may follow after a slash or space.
const SCRIPTS: &[&str] = &[
    "ahc",
    "aiohttp",
    "akka-http",
    "alamofire",
    "amphp",
    "apache-cxf",
    "apache-httpasyncclient",
    "apache-httpclient",
    "apachebench",
    "apidog",
    "aria2",
    "armeria",
    "asynchttpclient",
    "attohttpc",
    "autocannon",
    "awc",
    "aws-sdk-",
    "axios",
    "axis",
    "axis2",
    "bombardier",
    "boost.beast",
    "boto3",
    "botocore",
    "bruno-runtime",
    "bun",
    "clj-http",
    "colly",
    "cpp-httplib",
    "cpprestsdk",
    "curl",
    "dart",
    "deno",
    "dotnet",
    "excon",
    "faraday",
    "fasthttp",
    "finagle",
    "gatling",
    "gaxios",
    "go-http-client",
    "go-resty",
    "google-api-java-client",
    "google-api-nodejs-client",
    "google-http-java-client",
    "got",
    "grpc-",
    "gsoap",
    "guzzle",
    "guzzlehttp",
    "hackney",
    "helidon",
    "http-client",
    "http-kit",
    "http-tiny",
    "http.jl",
    "http.rb",
    "http_request",
    "http_request2",
    "httpclient",
    "httpcomponents",
    "httpie",
    "httpoison",
    "httpx",
    "httr",
    "hyper",
    "insomnia",
    "isahc",
    "jakarta commons-httpclient",
    "java",
    "java-http-client",
    "jax-ws",
    "jersey",
    "jersey-client",
    "jetty",
    "jodd",
    "k6",
    "ktor-client",
    "laminas_http_client",
    "libcurl",
    "libcurl-agent",
    "libwww-perl",
    "lua-resty-http",
    "luasocket",
    "lwp::simple",
    "manticore",
    "mechanize",
    "micronaut",
    "micronaut http client",
    "minreq",
    "mitmproxy",
    "mojolicious",
    "newman",
    "nim-httpclient",
    "niquests",
    "node",
    "node-fetch",
    "node-superagent",
    "node.js",
    "nodejs",
    "nusoap",
    "ocaml-cohttp",
    "oha",
    "okhttp",
    "pecl::http",
    "pekko-http",
    "php",
    "php-http",
    "php-requests",
    "php-soap",
    "pip",
    "postmanruntime",
    "powershell",
    "pycurl",
    "python",
    "python-httplib2",
    "python-httpx",
    "python-requests",
    "python-urllib",
    "python-urllib3",
    "quarkus",
    "quarkus rest client",
    "reactor-netty",
    "reactornetty",
    "reactphp",
    "req",
    "reqwest",
    "rest-assured",
    "rest-client",
    "restsharp",
    "retrofit",
    "ruby",
    "scrapy",
    "siege",
    "simplepie",
    "snoopy",
    "spring",
    "suds",
    "superagent",
    "symfony browserkit",
    "symfony httpclient",
    "thunder client",
    "tornado",
    "twisted pagegetter",
    "typhoeus",
    "undici",
    "unirest-java",
    "ureq",
    "urlgrabber",
    "urllib3",
    "vegeta",
    "vert.x-webclient",
    "vertx",
    "wget",
    "wget2",
    "winhttp",
    "wrk",
    "www-mechanize",
    "xh",
    "zeep",
    "zend\\http\\client",
    "zend_http_client",
];
/// Those that pass for a browser first and name themselves behind it.
const DISGUISED: &[&str] =
    &["indy library", "powershell/", "python-requests/", "python-urllib/", "winhttp.winhttprequest"];

/// Words of watches and headsets, as systems and models have them; Samsung's watches are `SM-R…` and `SM-L…`.
const WEARABLES: &[&str] = &[
    "amazfit",
    "diesel on",
    "falster",
    "fossil",
    "gear live",
    "misfit",
    "montblanc",
    "moto 360",
    "oculus quest",
    "quest 2",
    "quest 3",
    "quest 3s",
    "quest pro",
    "skagen",
    "sm-l",
    "sm-r",
    "sm-v",
    "smartwatch",
    "suunto",
    "wsd-f",
    "watch",
    "watchos",
    "wear",
    "wearos",
];
/// Those that watches give outside of their brackets.
const WEARABLE_NAMES: &[&str] = &["oculusbrowser", "watch os", "watchos"];
/// Words of televisions, as systems and models have them.
const TELEVISIONS: &[&str] = &[
    "androidtv",
    "appletv",
    "bravia",
    "googletv",
    "hbbtv",
    "mibox",
    "netcast",
    "roku",
    "smarttv",
    "tv",
    "tvos",
    "viera",
    "web0s",
];
/// Those that televisions give outside of their brackets.
const TELEVISION_NAMES: &[&str] =
    &["androidtv", "appletv", "crkey", "googletv", "hbbtv", "netcast", "roku", "smarttv", "tvos", "viera"];
const CONSOLES: &[&str] = &["playstation", "xbox", "nintendo"];

/// The script's own name and version, if the user agent is one's.
pub(super) fn script(user_agent: &str) -> Option<(&str, &str)> {
    let lower = user_agent.get(..user_agent.floor_char_boundary(32))?.to_ascii_lowercase();
    let known = SCRIPTS.iter().any(|name| {
        lower
            .strip_prefix(name)
            .is_some_and(|rest| name.ends_with('-') || rest.is_empty() || rest.starts_with(['/', ' ']))
    });
    let own = if known { user_agent } else { disguised(user_agent)? };
    let (name, rest) = own.split_at(own.find(['/', ' ', ';', ')']).unwrap_or(own.len()));
    let version = rest.strip_prefix('/').and_then(|rest| rest.split([' ', '(', ';', ',']).next()).unwrap_or("");
    Some((name, version))
}

/// From the name of a script behind that of a browser on.
fn disguised(user_agent: &str) -> Option<&str> {
    let lower = user_agent.to_ascii_lowercase();
    let at = DISGUISED.iter().find_map(|name| lower.find(name))?;
    Some(&user_agent[at..])
}

/// The kind of device, bots and scripts aside. `lower` is the user agent in lower case, `model` and `mobile` what Client Hints
/// say.
pub(super) fn form_factor(lower: &str, os: &str, model: &str, mobile: Option<bool>) -> DeviceKind {
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // What stands elsewhere names programs, and those are called anything (AirWatch, WatchESPN, Plex TV).
    let machine = machine(lower);
    let names = |text: &str, words: &[&str]| words.iter().any(|word| has_word(text, word));
    let is_wearable = matches!(os, "watchOS" | "Wear OS")
        || [machine, &model.to_ascii_lowercase()].iter().any(|text| names(text, WEARABLES) || is_watch(text, os))
        || names(lower, WEARABLE_NAMES);
    if is_wearable {
        return DeviceKind::Wearable;
    }
    // The makers of consoles have programs for telephones and computers, too.
    if names(machine, CONSOLES) || (names(lower, CONSOLES) && !matches!(os, "iOS" | "iPadOS" | "Android" | "macOS")) {
        return DeviceKind::Console;
    }
    if matches!(os, "tvOS" | "webOS")
        || names(machine, TELEVISIONS)
        || machine.contains("; aft")
        || names(lower, TELEVISION_NAMES)
    {
        return DeviceKind::Tv;
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

/// What stands in the first brackets: system and model.
fn machine(lower: &str) -> &str {
    let Some((_, rest)) = lower.split_once('(') else { return "" };
    rest.split_once(')').map_or(rest, |(machine, _)| machine)
}

/// Whether this names a watch in one word with its maker (GalaxyWatch4). AirWatch manages telephones.
fn is_watch(text: &str, os: &str) -> bool {
    let ends =
        |(at, word): (usize, &str)| !text[at + word.len()..].starts_with(|next: char| next.is_ascii_alphabetic());
    os == "Android" && text.match_indices("watch").filter(|(at, _)| !text[..*at].ends_with("air")).any(ends)
}

/// Whether `word` stands in the text by itself, numbers behind it aside (`watch4,1`).
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric())
            && !text[at + word.len()..].starts_with(|next: char| next.is_ascii_alphabetic())
    })
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
            ("AHC/2.1", Some(("AHC", "2.1"))),
            ("ReactorNetty/1.1.13", Some(("ReactorNetty", "1.1.13"))),
            ("ureq/2.9.1", Some(("ureq", "2.9.1"))),
            ("colly - https://github.com/gocolly/colly/v2", Some(("colly", ""))),
            ("HTTP_Request2/2.5.1 (https://pear.php.net) PHP/8.2", Some(("HTTP_Request2", "2.5.1"))),
            ("PECL::HTTP/4.2.3 PHP/8.2", Some(("PECL::HTTP", "4.2.3"))),
            ("libcurl-agent/1.0", Some(("libcurl-agent", "1.0"))),
            ("Jersey/2.35 (HttpUrlConnection 17)", Some(("Jersey", "2.35"))),
            ("akka-http/10.2.7", Some(("akka-http", "10.2.7"))),
            ("Zend\\Http\\Client", Some(("Zend\\Http\\Client", ""))),
            ("HTTP-Tiny/0.082", Some(("HTTP-Tiny", "0.082"))),
            ("Google-HTTP-Java-Client/1.43.3 (gzip)", Some(("Google-HTTP-Java-Client", "1.43.3"))),
            ("Mozilla/3.0 (compatible; Indy Library)", Some(("Indy", ""))),
            // Programs that people use.
            ("Requisite/1.0", None),
            ("Signal-Android/6.1", None),
            ("Mozilla/5.0 (Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041", Some(("PowerShell", "5.1.19041"))),
            ("Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)", Some(("WinHttp.WinHttpRequest.5", ""))),
            ("", None),
            ("ЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖЖ", None),
        ] {
            assert_eq!(script(user_agent), want, "{user_agent}");
        }
    }
}
