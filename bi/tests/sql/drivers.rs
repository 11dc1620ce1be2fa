//! The real drivers (P10), as `tools/drivers` and `tools/clients` install them: they connect, and see the views and what is
//! said of them. The programs are in `tests/drivers`; each prints a line for what it asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{World, with_world};

const VIEWS: &str = "devices events sessions user_hours users violations";
const COLUMNS: &str = "actor_id name email active first_seen_at last_activity_at events sign_ins";

fn built(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(path)
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers").join(path)
}

/// Runs a program over the world's endpoint, at a port that it is given, and finds these lines in what it printed.
pub(crate) async fn prints(world: &World, program: impl FnOnce(u16) -> Command, lines: &[String]) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = world.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut command = program(port);
    command.env("USERTRAIL_KEY", &world.key);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    server.abort();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let missing: Vec<_> = lines.iter().filter(|line| !text.lines().any(|found| found == *line)).collect();
    let right = output.status.success() && missing.is_empty() && !text.lines().any(|line| line.starts_with("FAILED"));
    assert!(right, "{missing:?} are not in\n{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn each_view() -> impl Iterator<Item = String> {
    VIEWS.split(' ').map(|view| format!("view {view} 3"))
}

fn with(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).chain(each_view()).collect()
}

fn jdbc(version: &str) -> impl FnOnce(u16) -> Command {
    let folder = built(&format!("drivers/jdbc-{version}"));
    move |port| {
        let mut command = Command::new("java");
        let path = format!("{}:{}", folder.join("libs/*").display(), folder.join("classes").display());
        command
            .args(["-XX:TieredStopAtLevel=1", "-cp"])
            .arg(path)
            .args(["Metadata", "127.0.0.1"])
            .arg(port.to_string());
        command
    }
}

/// Metabase, DBeaver, DataGrip and Tableau stand on it.
#[test]
#[ignore = "needs tools/drivers"]
fn drivers_jdbc_sees_the_views() {
    with_world("bi_jdbc", async |world| {
        // The first generation has databases as catalogs.
        for (version, schemas) in [("old", "catalogs 1"), ("new", "schemas usertrail")] {
            let tables = format!("tables {VIEWS}");
            let all = format!("tables of any kind {VIEWS}");
            let columns = [
                "columns actor_id:String:1 name:String:2 email:String:3 active:Bool:4 first_seen_at:Nullable(DateTime64(3, 'UTC')):5",
                "last_activity_at:Nullable(DateTime64(3, 'UTC')):6 events:UInt64:7 sign_ins:UInt64:8",
            ];
            let columns = columns.join(" ");
            let lines = with(&[
                "product ClickHouse",
                schemas,
                &tables,
                &all,
                &columns,
                "table like user_hours",
                "kinds VIEW",
                "types many",
                "functions many",
                "zone UTC",
                "time 2026-03-29T01:00:00Z",
                "long 300000",
                "refused with reason",
                "refused by the store with reason",
                "prepared 3",
                "described actor_id n",
                "as Metabase 3",
            ]);
            prints(&world, jdbc(version), &lines).await;
        }
    });
}

/// Grafana's data source stands on it.
#[test]
#[ignore = "needs tools/drivers"]
fn drivers_go_sees_the_views() {
    with_world("bi_go", async |world| {
        for (version, compression) in [("old", "gzip"), ("new", "none"), ("new", "gzip"), ("new", "lz4")] {
            let program = |port| {
                let mut command = Command::new(built(&format!("drivers/go-{version}/metadata")));
                command.arg(format!("127.0.0.1:{port}")).arg(compression);
                command
            };
            let (tables, columns) = (format!("tables {VIEWS}"), format!("columns {COLUMNS}"));
            let tags = format!("tags {COLUMNS}");
            // A version before 2.37 names no zone of its own.
            let zone = if version == "new" { "('Europe/Prague')" } else { "" };
            let kinds = &format!(
                "kinds DateTime{zone}; Array(Nullable(String)); Map(String, UInt8); Tuple(UInt8, String); Decimal(18, 2); \
                 DateTime; LowCardinality(Nullable(String))"
            );
            let lines = with(&[
                "ping answered",
                "databases usertrail",
                &tables,
                &columns,
                &tags,
                "functions true",
                "zone DateTime('Europe/Prague')",
                kinds,
                "variants {[0] Array(String)} {1 UInt64} {[2] Array(String)}",
                "filtered 1",
                "distinct 0 1 2",
                "bound 1",
                "many 200000",
                "none ",
                "refused with reason",
            ]);
            prints(&world, program, &lines).await;
        }
    });
}

#[test]
#[ignore = "needs tools/drivers"]
fn drivers_node_sees_the_views() {
    with_world("bi_node", async |world| {
        let program = |port| {
            let mut command = Command::new("node");
            command.arg(built("drivers/node/metadata.mjs")).arg(format!("http://127.0.0.1:{port}"));
            command
        };
        let lines = [
            "ping true".to_owned(),
            format!("tables {VIEWS}"),
            format!("columns {COLUMNS}"),
            "described actor_id:String n:UInt64".to_owned(),
            "bound 1".to_owned(),
            "streamed 3".to_owned(),
            "refused with reason".to_owned(),
        ];
        prints(&world, program, &lines).await;
    });
}

/// Superset stands on it.
#[test]
#[ignore = "needs tools/clients"]
fn the_python_driver_sees_the_views() {
    with_world("bi_python", async |world| {
        let program = |port: u16| {
            let mut command = Command::new(built("bi/venv/bin/python"));
            command.arg(source("python/metadata.py")).arg("127.0.0.1").arg(port.to_string());
            command
        };
        let (tables, columns) = (format!("tables {VIEWS}"), format!("columns {COLUMNS}"));
        let views = format!("views {VIEWS}");
        let lines = with(&[
            "compressed False 3",
            "compressed True 3",
            "compressed lz4 3",
            "zone 2026-03-29T00:00:00+01:00",
            "schemas usertrail",
            &tables,
            &columns,
            "has (True, False)",
            &views,
            "primary key []",
            "foreign keys []",
            "indexes []",
            "reflected 3",
            "refused with reason",
        ]);
        prints(&world, program, &lines).await;
    });
}
