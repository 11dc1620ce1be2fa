use super::*;

fn load(toml: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let flags: Vec<(&str, String)> = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    Config::load(Some(file.path()), environment, &flags).map_err(|error| error.to_string())
}

#[test]
fn the_documented_file_is_the_defaults() {
    let config = Config::defaults().unwrap();
    assert_eq!(config.kafka.partitions, 4);
    assert_eq!(config.clickhouse.cluster, None);
    assert_eq!(config.enrich.geo.asn, None);
    assert_eq!(config.telemetry.format, LogFormat::Human);
}

#[test]
fn every_key_of_the_defaults_has_a_comment_before_it() {
    let mut documented = false;
    let mut plain = Vec::new();
    for line in DEFAULTS.lines() {
        if line.starts_with('#') {
            documented = true;
        } else if line.trim().is_empty() || line.starts_with('[') {
            documented = false;
        } else if !documented {
            plain.push(line);
        }
    }
    // Three pairs share one comment, and three names say it all.
    let pairs = ["user = ", "password = ", "max_batch_bytes = ", "max_result_bytes = "];
    plain.retain(|line| !pairs.iter().any(|pair| line.starts_with(pair)));
    assert!(plain.is_empty(), "without a comment: {plain:?}");
}

#[test]
fn flags_beat_the_environment_beats_the_file() {
    let file = "[kafka]\nbrokers = \"file:1\"\ngroup = \"file\"\npartitions = 7";
    let environment = [("USERTRAIL__KAFKA__BROKERS", "env:2"), ("USERTRAIL__KAFKA__GROUP", "env"), ("HOME", "/")];
    let config = load(file, &environment, &[("kafka.brokers", "flag:3")]).unwrap();
    assert_eq!((config.kafka.brokers.as_str(), config.kafka.group.as_str()), ("flag:3", "env"));
    assert_eq!(config.kafka.partitions, 7);
    assert_eq!(config.kafka.replication, 1);
}

#[test]
fn texts_are_read_as_what_the_default_is() {
    let config = load(
        "",
        &[
            ("USERTRAIL__CLICKHOUSE__PASSWORD", "12345"),
            ("USERTRAIL__INGEST__MAX_EVENTS", "7"),
            ("USERTRAIL__INGEST__TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
            ("USERTRAIL__ENRICH__GEO__CITY", "[\"/a.mmdb\"]"),
            ("USERTRAIL__KAFKA__OPTIONS__SECURITY_PROTOCOL", "PLAINTEXT"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(config.clickhouse.password.expose(), "12345");
    assert_eq!(config.ingest.max_events, 7);
    assert_eq!(config.ingest.trusted_proxies.len(), 2);
    assert_eq!(config.enrich.geo.city, [PathBuf::from("/a.mmdb")]);
    assert_eq!(config.kafka.options["security.protocol"].expose(), "PLAINTEXT");
}

#[test]
fn options_of_the_file_and_the_environment_add_up() {
    let file = "[kafka.options]\n\"client.rack\" = \"a\"";
    let config = load(file, &[("USERTRAIL__KAFKA__OPTIONS__SASL_USERNAME", "7")], &[]).unwrap();
    assert_eq!(config.kafka.options.len(), 2);
    assert_eq!(config.kafka.options["sasl.username"].expose(), "7");
}

#[test]
fn errors_name_the_key() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 14] = [
        ("nope = 1", &[], "unknown key `nope`"),
        ("[kafka]\nbroker = \"a:1\"", &[], "unknown key `kafka.broker`"),
        ("[enrich.geo]\nx = 1", &[], "unknown key `enrich.geo.x`"),
        ("[kafka]\npartitions = \"many\"", &[], "`kafka.partitions`"),
        ("[kafka]\npartitions = 0", &[], "`kafka.partitions` must be 1 to 1024"),
        ("[kafka.options]\nacks = \"1\"", &[], "`kafka.options.acks` can't be set"),
        ("", &[("USERTRAIL__KAFKA__NOPE", "1")], "USERTRAIL__KAFKA__NOPE: unknown key `kafka.nope`"),
        ("", &[("USERTRAIL__LISTEN", "nowhere")], "`listen`"),
        ("[telemetry]\nlog = \"a=b=c\"", &[], "`telemetry.log`"),
        ("[http]\nmax_connections = 15", &[], "`http.max_connections` must be 0, or 16 to 1000000"),
        ("[http]\nmax_connections = 16\nmax_connections_per_address = 17", &[], "`http.max_connections_per_address`"),
        ("[http]\nheader_timeout_ms = 0", &[], "`http.header_timeout_ms` must be 100 to 600000"),
        ("[ingest]\nmax_in_flight_bytes = 110000000", &[], "`ingest.max_in_flight_bytes` must be at least 113246208"),
        ("[ingest]\nmax_body_bytes = 9223372036854775807", &[], "`ingest.max_in_flight_bytes`"),
    ];
    for (file, environment, expected) in cases {
        let error = load(file, environment, &[]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn all_bad_values_are_told_at_once() {
    let error = load("[limits]\nburst = 0\n[kafka]\nbrokers = \"x\"\n[clickhouse]\nurl = \"y\"", &[], &[]).unwrap_err();
    for key in ["`kafka.brokers`", "`clickhouse.url`", "`limits.burst`"] {
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Some(Path::new("/nope.toml")), [], &[]).unwrap_err();
    assert!(error.to_string().contains("/nope.toml"));
}

#[test]
fn a_store_on_the_same_machine_has_places_by_its_processors() {
    let places = |environment: &[(&str, &str)], processors| {
        let mut config = load("", environment, &[]).unwrap();
        config.share_processors(processors);
        let Config { query, sql, .. } = config;
        [query.places(), query.places_of_a_tenant(), query.export_places(), sql.places(), sql.places_of_a_tenant()]
    };
    assert_eq!(places(&[], 1), [4, 2, 2, 2, 1]);
    assert_eq!(places(&[], 2), [4, 2, 2, 2, 1]);
    assert_eq!(places(&[], 8), [16, 8, 8, 8, 4]);
    assert_eq!(places(&[], 128), [32, 16, 8, 16, 8]);
    let set = [("USERTRAIL__QUERY__MAX_CONCURRENT", "3"), ("USERTRAIL__SQL__MAX_CONCURRENT_PER_TENANT", "2")];
    assert_eq!(places(&set, 8), [3, 1, 8, 8, 2], "what was set stays");
    let own = load("", &[], &[]).unwrap();
    assert_eq!((own.query.places(), own.query.export_places(), own.sql.places()), (8, 4, 8), "a store of its own");
}

#[test]
fn secrets_are_not_in_debug_output() {
    let config =
        load("[clickhouse]\npassword = \"hunter2\"\n[kafka.options]\n\"sasl.password\" = \"s3same\"", &[], &[]);
    let text = format!("{:?}", config.unwrap());
    assert!(!text.contains("hunter2") && !text.contains("s3same"));
}

const PROVIDER: &str = "[[oidc]]\nissuer = \"https://id.example/realms/staff\"\naudience = [\"usertrail\"]\n\
                        role_claim = \"roles\"\nroles = { boss = \"admin\" }\n";

#[test]
fn a_provider_has_defaults() {
    let config = load(&format!("{PROVIDER}tenant = \"acme\""), &[], &[]).unwrap();
    let [one] = config.oidc.as_slice() else { panic!("{:?}", config.oidc) };
    assert_eq!((one.subject_claim.as_str(), one.clock_skew_seconds, one.refresh_seconds), ("sub", 60, 300));
    assert_eq!(one.algorithms, crate::oidc::Algorithm::ALL);
    assert!(Config::defaults().unwrap().oidc.is_empty());
}

/// C2: the console's address and its keys, some of them in a file, are checked before anything is opened; no secret shows.
#[test]
fn what_the_console_can_be() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}\n{}\n", "b".repeat(64), "C".repeat(64))).unwrap();
    let at = |rest: &str| format!("[console]\n{rest}\nseal_keys_file = {:?}", file.path());
    let config = load(&at(&format!("seal_keys = [\"{}\"]", "a".repeat(64))), &[], &[]).unwrap();
    let keys: Vec<&str> = config.console.seal_keys.iter().map(|key| &key.expose()[..1]).collect();
    assert_eq!(keys, ["a", "b", "C"]);
    assert!(!format!("{config:?}").contains("bbbb"));
    assert!(Config::defaults().unwrap().console.enabled);
    for url in
        ["https://audit.example.com", "https://audit.example.com:8443", "http://localhost:8080", "http://[::1]:8080"]
    {
        assert!(load(&format!("[console]\npublic_url = \"{url}\""), &[], &[]).is_ok(), "{url}");
    }
    for url in [
        "http://audit.example.com",
        "https://audit.example.com/",
        "https://audit.example.com/console",
        "https://Audit.example.com",
        "https://audit.example.com:443",
        "https://user@audit.example.com",
        "audit.example.com",
        "ftp://localhost",
    ] {
        let error = load(&format!("[console]\npublic_url = \"{url}\""), &[], &[]).unwrap_err();
        assert!(error.contains("`console.public_url`"), "{error}");
    }
    for (bad, expected) in [
        ("[console]\nseal_keys = [\"abc\"]", "`console.seal_keys` must be of 64 hexadecimal digits"),
        ("[console]\nseal_keys_file = \"/nope\"", "`console.seal_keys_file` can't be read at /nope"),
        ("[console]\ncookie = 1", "unknown key `console.cookie`"),
    ] {
        let error = load(bad, &[], &[]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// C2: signing in at a provider takes its name for us; the secret is read from its file, and shows nowhere.
#[test]
fn what_signing_in_at_a_provider_takes() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2\n").unwrap();
    let with = |rest: &str| load(&format!("{PROVIDER}tenant = \"acme\"\n{rest}"), &[], &[]);
    let config = with(&format!("client_id = \"console\"\nclient_secret_file = {:?}", file.path())).unwrap();
    let [one] = config.oidc.as_slice() else { panic!("{:?}", config.oidc) };
    assert_eq!(one.client_secret.as_ref().map(Secret::expose), Some("hunter2"));
    assert_eq!((one.label(), one.scopes.join(" ")), ("id.example".to_owned(), "openid profile email".to_owned()));
    assert!(!format!("{config:?}").contains("hunter2"));
    for (bad, expected) in [
        ("label = \"Staff\"", "`oidc.0.client_id` must be there"),
        ("client_secret_file = \"/nope\"", "`oidc.0.client_secret_file` can't be read at /nope"),
        ("client_id = \"\"", "`oidc.0.client_id` must not be empty"),
        ("client_id = \"c\"\nscopes = [\"profile\"]", "`oidc.0.scopes`"),
        ("client_id = \"c\"\nscopes = [\"openid\", \"a b\"]", "`oidc.0.scopes`"),
        ("client_secret = \"x\"", "client_secret"),
    ] {
        let error = with(bad).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// P11: a tenant is fixed or mapped, nothing gives the platform, and nobody is asked in the open.
#[test]
fn what_a_provider_can_t_be() {
    let fixed = format!("{PROVIDER}tenant = \"acme\"\n");
    let at = |address: &str| fixed.replace("https://id.example/realms/staff", address);
    let cases = [
        (PROVIDER.to_owned(), "`oidc.0.tenant` must be there"),
        (format!("{fixed}tenant_claim = \"org\"\ntenants = {{ a = \"acme\" }}"), "`oidc.0.tenant` must be there"),
        (format!("{fixed}tenants = {{ a = \"acme\" }}"), "`oidc.0.tenants` goes with tenant_claim"),
        (format!("{PROVIDER}tenant_claim = \"org\""), "`oidc.0.tenants`"),
        (format!("{PROVIDER}tenant_claim = \"org\"\ntenants = {{ a = \"A/B\" }}"), "id of a tenant"),
        (fixed.replace("admin", "platform"), "can't give platform"),
        (fixed.replace("\"admin\"", "\"owner\""), "unknown variant"),
        (
            format!("{fixed}permissions_claim = \"scope\"\npermissions = {{ x = \"run_installation\" }}"),
            "run_installation",
        ),
        (format!("{fixed}permissions = {{ x = \"query_sql\" }}"), "`oidc.0.permissions` goes with its claim"),
        (fixed.replace("[\"usertrail\"]", "[]"), "`oidc.0.audience`"),
        (format!("{fixed}algorithms = []"), "`oidc.0.algorithms`"),
        (format!("{fixed}algorithms = [\"HS256\"]"), "unknown variant"),
        (format!("{fixed}algorithms = [\"none\"]"), "unknown variant"),
        (format!("{fixed}clock_skew_seconds = 601"), "`oidc.0.clock_skew_seconds` must be 0 to 600"),
        (
            format!("{fixed}[oidc.limits]\nevents_per_second = 1\nburst = 1\nqueries_per_second = 0\nquery_burst = 1"),
            "limits",
        ),
        (format!("{fixed}secret = \"x\""), "secret"),
        (at("http://id.example"), "`oidc.0.issuer`"),
        (at("http://127.0.0.1:3000"), "`oidc.0.issuer`"),
        (format!("{}allow_http_loopback = true", at("http://10.0.0.1")), "`oidc.0.issuer`"),
        (at("https://user:pass@id.example"), "`oidc.0.issuer`"),
        (at("https://id.example/?a=b"), "`oidc.0.issuer`"),
        (at("id.example"), "`oidc.0.issuer`"),
        (format!("{fixed}{fixed}"), "is there twice"),
    ];
    for (file, expected) in cases {
        let error = load(&file, &[], &[]).unwrap_err();
        assert!(error.contains(expected), "{error}\n{file}");
    }
    assert!(load(&format!("{}allow_http_loopback = true", at("http://[::1]:3000")), &[], &[]).is_ok());
}
