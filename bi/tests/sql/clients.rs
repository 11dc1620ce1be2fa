//! The official Python client, and the dialect that Superset uses: the example of docs/bi.md, run.

use std::path::Path;
use std::process::Command;

use crate::drivers::prints;
use crate::support::with_world;

/// What the client asks when it connects, recorded.
#[test]
fn what_the_python_client_sends_is_answered() {
    with_world("bi_recorded", async |world| {
        let connect = "client_protocol_version=54405&session_id=1&wait_end_of_query=1&enable_http_compression=1";
        let first = world.post(connect, "SELECT version(), timezone()\n FORMAT Native").await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!(first.header("x-clickhouse-format"), "Native");
        let settings = "SELECT name, value, readonly as readonly FROM system.settings LIMIT 10000\n FORMAT Native";
        assert_eq!(world.post(connect, settings).await.status, 200);
    });
}

/// P10: with the interpreter that tools/clients makes, which has what examples/bi/requirements.txt asks for.
#[test]
#[ignore = "needs tools/clients"]
fn the_example_runs() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bi/venv/bin/python");
    with_world("bi_example", async |world| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/bi/read.py");
        let program = |port: u16| {
            let mut command = Command::new(python);
            command.arg(script).arg("127.0.0.1").arg(port.to_string());
            command
        };
        let lines = [
            "row 0 1",
            "parameters 2",
            "frame 3 ['actor_id', 'name', 'first_seen_at']",
            "streamed 3",
            "refused True",
            "tables devices events sessions user_hours users violations",
            "columns actor_id name email active first_seen_at last_activity_at events sign_ins",
            "superset 3",
        ];
        prints(&world, program, &lines.map(str::to_owned)).await;
    });
}
