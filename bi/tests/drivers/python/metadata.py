"""What Superset asks of SQLAlchemy with clickhouse-connect, printed a line each. Arguments: host, port."""

import os
import sys

import clickhouse_connect
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

host, port, key = sys.argv[1], int(sys.argv[2]), os.environ["USERTRAIL_KEY"]


def say(name, step):
    try:
        print(name, step())
    except Exception as error:  # noqa: BLE001: each line reports its own failure
        print(f"FAILED {name}: {error!r}")


for compress in [False, True, "lz4"]:
    client = clickhouse_connect.get_client(
        host=host, port=port, username="any", password=key, database="usertrail", compress=compress
    )
    say(f"compressed {compress}", lambda: client.query("SELECT count() FROM events").result_rows[0][0])
say("protocol", lambda: client.protocol_version)
zone = "SELECT toDateTime('2026-03-29 00:00:00', 'Europe/Prague') AS t"
say("zone", lambda: client.query(zone).result_rows[0][0].isoformat())
say("kinds", lambda: [kind.name for kind in client.query("SELECT * FROM users").column_types])
for view in ["devices", "events", "sessions", "user_hours", "users", "violations"]:
    say(f"view {view}", lambda: len(client.query(f"SELECT * FROM {view}").result_rows))

engine = create_engine(f"clickhousedb://any:{key}@{host}:{port}/usertrail")
inspector = inspect(engine)
say("schemas", lambda: " ".join(inspector.get_schema_names()))
say("tables", lambda: " ".join(sorted(inspector.get_table_names(schema="usertrail"))))
say("views", lambda: " ".join(sorted(inspector.get_view_names(schema="usertrail"))))
say("has", lambda: (inspector.has_table("events", schema="usertrail"), inspector.has_table("nope", schema="usertrail")))
say("columns", lambda: " ".join(column["name"] for column in inspector.get_columns("users", schema="usertrail")))
say("primary key", lambda: inspector.get_pk_constraint("users", schema="usertrail")["constrained_columns"])
say("foreign keys", lambda: inspector.get_foreign_keys("users", schema="usertrail"))
say("indexes", lambda: inspector.get_indexes("users", schema="usertrail"))


def reflected():
    users = Table("users", MetaData(schema="usertrail"), autoload_with=engine)
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(users).where(users.c.actor_id != "x")).scalar()


def refused():
    with engine.connect() as connection:
        try:
            connection.execute(text("SELECT * FROM nope"))
        except Exception as error:  # noqa: BLE001
            return "with reason" if "UNKNOWN_TABLE" in str(error) else str(error)
    return "no"


say("reflected", reflected)
say("refused", refused)
