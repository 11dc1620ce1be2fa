#!/usr/bin/env python3
"""What a script does with usertrail's HTTP API, in Python 3.9 or newer without further packages.

    export USERTRAIL_URL=http://127.0.0.1:8080 USERTRAIL_KEY=ut_…
    ./usertrail.py events --period today            # the log, page by page
    ./usertrail.py statistics u-17 --period today   # what a user did, by hour
    ./usertrail.py export log.xlsx --period today   # a file; the format is its ending
    ./usertrail.py follow --count 10                # new events as they come

The document of the API is at $USERTRAIL_URL/openapi.json.
"""

import argparse
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

# A first answer may take as long as a query is given.
TIMEOUT_S = 60


class Problem(Exception):
    """What the API answers instead of a result (RFC 9457)."""

    def __init__(self, status, body):
        self.status = status
        self.code = body.get("code", "")
        super().__init__(f"{status} {self.code}: {body.get('detail', '')}")


class Usertrail:
    """One installation, asked with one key. The tenant and the role come from the key."""

    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.key = key

    def open(self, path, **query):
        """A GET; the answer is to be closed. What is None is not asked for."""
        asked = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        request = urllib.request.Request(f"{self.url}{path}?{asked}", headers={"Authorization": f"Bearer {self.key}"})
        while True:
            try:
                return urllib.request.urlopen(request, timeout=TIMEOUT_S)
            except urllib.error.HTTPError as error:
                wait = error.headers.get("Retry-After")
                if error.code in (429, 503) and wait is not None:
                    time.sleep(float(wait))
                    continue
                raise Problem(error.code, json.load(error)) from None

    def get(self, path, **query):
        """The JSON of a GET."""
        with self.open(path, **query) as answer:
            return json.load(answer)

    def rows(self, path, **query):
        """All rows of a list. The cursor names the last row, so none is skipped or comes twice, whatever arrives meanwhile."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["data"]
            if not page["has_more"]:
                return
            cursor = page["next_cursor"]

    def follow(self, since, cursor=None, pause_s=2):
        """Events that occur from a time on (RFC 3339), in the order of receipt, for ever; with each the cursor to go on from
        after a restart. Only what is complete is handed out (`complete_until`), so that nothing can come before it later."""
        while True:
            page = self.get("/v1/events", **{"order": "received", "from": since, "cursor": cursor})
            cursor = page["next_cursor"]
            for event in page["data"]:
                yield event, cursor
            if not page["has_more"]:
                time.sleep(pause_s)

    def export(self, path, file, **query):
        """Writes a list or report into a file, in the format of its ending, without holding it in memory."""
        with self.open(path, format=file.rsplit(".", 1)[-1], **query) as answer, open(file, "wb") as target:
            shutil.copyfileobj(answer, target)


def line(event):
    """An event in one line."""
    actor = event["actor"].get("name") or event["actor"].get("id") or "System"
    subject = event.get("object", {})
    what = f"{subject.get('type', '')} {subject.get('name') or subject.get('id', '')}".strip()
    return "\t".join([event["occurred_at"], event["id"], actor, event["type"], what])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("events", "statistics", "export", "follow"):
        command = commands.add_parser(name)
        if name == "statistics":
            command.add_argument("user")
        if name == "export":
            command.add_argument("file", help="its ending is the format: csv, ndjson, xlsx, pdf, parquet")
        if name == "follow":
            command.add_argument("--count", type=int, help="ends after so many events")
        else:
            command.add_argument("--period", default="today", help="today, yesterday, this_week, last_month …")
    asked = parser.parse_args()
    try:
        usertrail = Usertrail(os.environ["USERTRAIL_URL"], os.environ["USERTRAIL_KEY"])
    except KeyError as missing:
        parser.error(f"set {missing.args[0]} in the environment")
    if asked.command == "events":
        for event in usertrail.rows("/v1/events", period=asked.period, limit=1000):
            print(line(event))
    elif asked.command == "statistics":
        user = urllib.parse.quote(asked.user, safe="")
        found = usertrail.get(f"/v1/users/{user}/statistics", period=asked.period, by="hour")
        print("events\t", found["totals"]["events"], sep="")
        for action in found["actions"]:
            print(action["key"], action["events"], sep="\t")
    elif asked.command == "export":
        usertrail.export("/v1/events", asked.file, period=asked.period)
        print(asked.file, os.path.getsize(asked.file), sep="\t")
    else:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        for number, (event, _) in enumerate(usertrail.follow(now), start=1):
            print(line(event), flush=True)
            if number == asked.count:
                return


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)
