//! `docker-compose.yml` as far as it can be checked without Docker: the settings of every service are settings of the
//! program, what belongs together fits, and nothing is open to the world or secret in the file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on should end")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use runtime::config::Config;
use yaml_serde::Value;

const FILE: &str = include_str!("../docker-compose.yml");
const USERS: &str = include_str!("../deploy/clickhouse/users.xml");
const ROLES: [&str; 5] = ["migrate", "ingest", "enrich", "query-api", "alert"];

/// The file as compose reads it: variables of `.env` put in, `<<` merged.
struct Compose {
    services: BTreeMap<String, Value>,
    variables: BTreeMap<String, String>,
}

impl Compose {
    fn read() -> Self {
        let made = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/make-env")).output().unwrap();
        assert!(made.status.success());
        let variables: BTreeMap<String, String> = String::from_utf8(made.stdout)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap())
            .collect();
        let mut document: Value = yaml_serde::from_str(FILE).unwrap();
        merge(&mut document);
        let services = document["services"].as_mapping().unwrap();
        let services = services.iter().map(|(name, service)| (name.as_str().unwrap().to_owned(), service.clone()));
        Self { services: services.collect(), variables }
    }

    fn environment(&self, service: &str) -> BTreeMap<String, String> {
        let environment = self.services[service]["environment"].as_mapping().unwrap();
        environment
            .iter()
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or_else(|| panic!("{service}: {name:?} is not a text"));
                (name.as_str().unwrap().to_owned(), self.interpolate(value))
            })
            .collect()
    }

    fn interpolate(&self, value: &str) -> String {
        let Some(inner) = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            assert!(!value.contains('$'), "{value}");
            return value.to_owned();
        };
        let (name, _) = inner.split_once(":?").expect("a variable of .env is required");
        self.variables.get(name).unwrap_or_else(|| panic!("deploy/make-env makes no {name}")).clone()
    }

    fn config(&self, service: &str) -> Config {
        Config::load(None, self.environment(service), &[]).unwrap_or_else(|error| panic!("{service}: {error}"))
    }
}

/// YAML's merge key: what stands in the mapping itself wins.
fn merge(value: &mut Value) {
    match value {
        Value::Mapping(mapping) => {
            if let Some(Value::Mapping(base)) = mapping.remove("<<") {
                for (name, inherited) in base {
                    mapping.entry(name).or_insert(inherited);
                }
            }
            mapping.iter_mut().for_each(|(_, inner)| merge(inner));
        }
        Value::Sequence(items) => items.iter_mut().for_each(merge),
        _ => {}
    }
}

/// Every key is one that the program knows, with a value it takes; the services agree on where Kafka and the tables are.
#[test]
fn the_settings_are_the_programs() {
    let compose = Compose::read();
    let kafka = compose.environment("kafka");
    for role in ROLES {
        let config = compose.config(role);
        assert_eq!(config.listen.port(), 8080, "{role}");
        assert!(config.listen.ip().is_unspecified(), "{role} can't be reached from outside its container");
        let inside = format!("INTERNAL://{}", config.kafka.brokers);
        assert!(kafka["KAFKA_ADVERTISED_LISTENERS"].split(',').any(|address| address == inside), "{inside}");
        assert_eq!(config.kafka.replication, 1, "there is one broker");
        assert_eq!(config.kafka.partitions, compose.config("ingest").kafka.partitions);
        assert_eq!(config.clickhouse.url, "http://clickhouse:8123");
        assert!(config.clickhouse.cluster.is_none());
        let command = compose.services[role]["command"].as_sequence().unwrap();
        assert_eq!(command.len(), 1);
        assert_eq!(command[0].as_str(), Some(role));
    }
    let replicated = kafka.iter().filter(|(name, _)| name.ends_with("REPLICATION_FACTOR") || name.ends_with("MIN_ISR"));
    assert!(replicated.clone().count() >= 3 && replicated.clone().all(|(_, value)| value == "1"));
    let kept: u64 = kafka["KAFKA_OFFSETS_RETENTION_MINUTES"].parse().unwrap();
    assert!(kept > u64::from(compose.config("enrich").kafka.event_retention_hours) * 60);
}

/// Each role has its own user with the rights it needs, and its password is the one that the server is given.
#[test]
fn each_role_has_its_own_user() {
    let compose = Compose::read();
    let server = compose.environment("clickhouse");
    for (role, rights) in
        [("migrate", "ALL"), ("enrich", "SELECT, INSERT"), ("query-api", "SELECT"), ("alert", "INSERT")]
    {
        let config = compose.config(role);
        let user = &config.clickhouse.user;
        let entry = USERS.split(&format!("<{user}>")).nth(1).and_then(|rest| rest.split(&format!("</{user}>")).next());
        let entry = entry.unwrap_or_else(|| panic!("{user} is not in users.xml"));
        assert!(entry.contains(&format!("GRANT {rights} ON {}.*", config.clickhouse.database)), "{entry}");
        let variable = entry.split("from_env=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(server[variable], config.clickhouse.password.expose(), "{role}");
    }
    assert!(USERS.contains("<default remove=\"remove\"/>"));
}

/// Ports are bound to loopback, images have a version, every service is watched and comes back, and its data stays.
#[test]
fn services_are_closed_pinned_and_watched() {
    let compose = Compose::read();
    let mut ports = BTreeSet::new();
    for (name, service) in &compose.services {
        for port in service.get("ports").and_then(Value::as_sequence).into_iter().flatten() {
            let port = port.as_str().unwrap();
            let (host, _) = port.rsplit_once(':').unwrap();
            assert!(host.starts_with("127.0.0.1:"), "{name}: {port}");
            assert!(ports.insert(host.to_owned()), "{host} is taken twice");
        }
        let image = service["image"].as_str().unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {image} has no version"));
        assert!(tag.starts_with(|first: char| first.is_ascii_digit()), "{name}: {image}");
        let check = &service["healthcheck"];
        if name == "migrate" {
            assert_eq!(service["restart"].as_str(), Some("on-failure"));
        } else {
            assert!(check["test"].as_sequence().is_some_and(|test| test.len() > 1), "{name} has no health check");
            assert_eq!(service["restart"].as_str(), Some("unless-stopped"), "{name}");
        }
        if !ROLES.contains(&name.as_str()) {
            assert!(service["volumes"].as_sequence().is_some_and(|volumes| !volumes.is_empty()), "{name} forgets");
        }
    }
    assert_eq!(compose.services.len(), ROLES.len() + 2);
}

/// What is secret comes from `.env`; the cluster's id is one that Kafka takes.
#[test]
fn no_secret_is_in_the_file() {
    let compose = Compose::read();
    let document: Value = yaml_serde::from_str(FILE).unwrap();
    for (name, service) in document["services"].as_mapping().unwrap() {
        for (key, value) in service["environment"].as_mapping().into_iter().flatten() {
            let key = key.as_str().unwrap();
            if key.contains("PASSWORD") || key.contains("KEY") {
                assert!(value.as_str().is_some_and(|value| value.starts_with("${")), "{name:?}: {key}");
            }
        }
    }
    assert!(schemas::settings::KeyText::parse(&compose.environment("query-api")["USERTRAIL_ADMIN_KEY"]).is_some());
    let id = &compose.variables["USERTRAIL_KAFKA_CLUSTER_ID"];
    assert!(id.len() == 22 && id.chars().all(|symbol| symbol.is_ascii_alphanumeric() || "-_".contains(symbol)), "{id}");
    let ignored = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.gitignore")).unwrap();
    assert!(ignored.lines().any(|line| line == ".env"));
}

/// The image and everybody's toolchain have the compiler that the workspace names; the image is built without what only one
/// machine needs, and runs as somebody without rights.
#[test]
fn the_image_fits_the_workspace() {
    let image = include_str!("../Dockerfile");
    let manifest = include_str!("../Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(image.contains(&format!("FROM rust:{version}-bookworm")));
    // The image's own toolchain is called by all three numbers; another name would have rustup fetch a second one.
    let toolchain = include_str!("../rust-toolchain.toml");
    assert!(toolchain.contains(&format!("channel = \"{version}.0\"")), "{toolchain}");
    assert!(image.lines().any(|line| line.starts_with("USER 1")));
    assert!(image.contains("HEALTHCHECK"));
    assert!(image.contains("--locked --no-default-features") && !image.contains("--ignore-rust-version"));
}

/// Without the feature `embedded` the program has neither the broker nor the engine nor the demo below it. That it builds so,
/// with the compiler that the crates declare, is checked by `tools/test`.
#[test]
fn the_image_has_no_embedded_parts() {
    let tree = |flags: &[&str]| {
        let arguments = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
        let ended = Command::new(env!("CARGO")).args(arguments).args(flags).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let lines = String::from_utf8(ended.stdout).unwrap();
        lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (whole, image) = (tree(&[]), tree(&["--no-default-features"]));
    for part in ["embedded", "demo", "nisshi-broker", "libloading"] {
        assert!(whole.contains(part) && !image.contains(part), "{part}");
    }
}
