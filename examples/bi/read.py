"""Reads the activity log by SQL with the official client, as notebooks and Superset do.

    pip install -r examples/bi/requirements.txt
    USERTRAIL_KEY=… python examples/bi/read.py [host] [port]
"""

import os
import sys

import clickhouse_connect
from sqlalchemy import create_engine, inspect, text

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 8124
key = os.environ["USERTRAIL_KEY"]

client = clickhouse_connect.get_client(
    host=host, port=port, username="any", password=key, database="usertrail"
)
print("version", client.server_version)

rows = client.query("SELECT action, sum(events) AS events FROM user_hours GROUP BY action ORDER BY action")
print("columns", rows.column_names)
for row in rows.result_rows:
    print("row", *row)

found = client.query(
    "SELECT count() FROM events WHERE actor_id IN {actors:Array(String)} AND records >= {least:UInt32}",
    parameters={"actors": ["0", "1", "it's"], "least": 1},
)
print("parameters", found.result_rows[0][0])

frame = client.query_df("SELECT actor_id, name, first_seen_at FROM users ORDER BY actor_id")
print("frame", len(frame), list(frame.columns))

with client.query_row_block_stream("SELECT event_id, occurred_at, violations FROM events") as stream:
    print("streamed", sum(len(block) for block in stream))

try:
    client.query("SELECT * FROM system.query_log")
except clickhouse_connect.driver.exceptions.DatabaseError as error:
    print("refused", "UNKNOWN_TABLE" in str(error))

# What Superset asks when it is shown the database.
engine = create_engine(f"clickhousedb://any:{key}@{host}:{port}/usertrail")
inspector = inspect(engine)
print("tables", *sorted(inspector.get_table_names()))
print("columns", *(column["name"] for column in inspector.get_columns("users", schema="usertrail")))
with engine.connect() as connection:
    print("superset", connection.execute(text("SELECT count(*) AS n FROM usertrail.events")).scalar())
