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
    let cases: [Case<'_>; 9] = [
        ("nope = 1", &[], "unknown key `nope`"),
        ("[kafka]\nbroker = \"a:1\"", &[], "unknown key `kafka.broker`"),
        ("[enrich.geo]\nx = 1", &[], "unknown key `enrich.geo.x`"),
        ("[kafka]\npartitions = \"many\"", &[], "`kafka.partitions`"),
        ("[kafka]\npartitions = 0", &[], "`kafka.partitions` must be 1 to 1024"),
        ("[kafka.options]\nacks = \"1\"", &[], "`kafka.options.acks` can't be set"),
        ("", &[("USERTRAIL__KAFKA__NOPE", "1")], "USERTRAIL__KAFKA__NOPE: unknown key `kafka.nope`"),
        ("", &[("USERTRAIL__LISTEN", "nowhere")], "`listen`"),
        ("[telemetry]\nlog = \"a=b=c\"", &[], "`telemetry.log`"),
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
fn secrets_are_not_in_debug_output() {
    let config =
        load("[clickhouse]\npassword = \"hunter2\"\n[kafka.options]\n\"sasl.password\" = \"s3same\"", &[], &[]);
    let text = format!("{:?}", config.unwrap());
    assert!(!text.contains("hunter2") && !text.contains("s3same"));
}
