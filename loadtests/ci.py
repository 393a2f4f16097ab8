"""``python -m loadtests.ci``: the locust scenario for some seconds against two workers, then an audit of every seat.

Ends with 0 only if no answer was unexpected, enough was asked, the audit finds nothing wrong, and every booking that
was answered with 201 is in MongoDB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine.cli.workers import Workers, address, listen
from engine.engine import Engine
from engine.seeding import seed
from engine.settings import Settings
from engine.stack import Stack
from loadtests.ledger import LEDGER
from loadtests.verify import Broken, verify

WORKERS = 2
EXPERTS = 40
LEAST = 1.0
"""Requests that each user must have made a second, at the least: else the run says nothing."""
EXTRA = 40.0
"""Seconds that locust may take beyond its run."""
ROOT = Path(__file__).parents[1]


class Failed(Exception):
    """Why the load test has failed, in a line."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="loadtests.ci", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="(default: 10)")
    parser.add_argument("--users", type=int, default=20, help="(default: 20)")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="slotline-load-") as folder:
            run(Path(folder), given.seconds, given.users)
    except Failed as failure:
        print(f"load test failed: {failure}", file=sys.stderr)
        return 1
    return 0


def run(folder: Path, seconds: int, users: int) -> None:
    """Raises Failed, or StackError if the servers do not start."""
    with Stack(folder) as stack:
        settings = Settings(
            redis_url=stack.redis_url, mongo_url=stack.mongo_url, data_dir=folder, workers=WORKERS, port=0,
            log_level="warning", access="open", rate_limits=False, _env_file=None,
        ).for_development()  # fmt: skip
        asyncio.run(fill(settings))
        with listen(settings) as listener, Workers(listener, settings, print) as workers:
            pids = workers.pids
            load(address(listener), seconds, users, folder)
            if workers.pids != pids:
                raise Failed("a worker has died")
        try:
            verdict = asyncio.run(verify(settings, folder))
        except Broken as broken:
            raise Failed(str(broken)) from None
    if not verdict.promised:
        raise Failed("nothing was booked")
    print(verdict)


async def fill(settings: Settings) -> None:
    engine = await Engine.open(settings)
    try:
        await seed(engine, experts=EXPERTS)
    finally:
        await engine.close()


def load(url: str, seconds: int, users: int, ledger: Path) -> None:
    """Runs locust in a process of its own: it patches the whole of Python's I/O."""
    command = [
        sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/locustfile.py"), "--headless", "--host", url,
        "--users", str(users), "--spawn-rate", str(users), "--run-time", f"{seconds}s", "--stop-timeout", "15",
        "--exit-code-on-error", "1", "--only-summary", "--json", "--loglevel", "WARNING",
    ]  # fmt: skip
    env = {**os.environ, "PYTHONWARNINGS": "ignore", LEDGER: str(ledger)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + EXTRA, env=env, check=False)
    try:
        entries: list[dict[str, Any]] = json.loads(done.stdout[done.stdout.index("[") :])
    except ValueError:
        raise Failed(f"locust ended with code {done.returncode}: {done.stderr[-500:]}") from None
    for entry in sorted(entries, key=lambda entry: str(entry["name"])):
        seen = f"slowest {entry['max_response_time']:6.0f} ms  {entry['num_failures']} failures"
        print(f"{entry['num_requests']:7} {entry['method']:6}{entry['name']:36} {seen}")
    requests = sum(entry["num_requests"] for entry in entries)
    failures = sum(entry["num_failures"] for entry in entries)
    print(f"{requests:7} requests in {seconds} s by {users} users, {failures} failures")
    if failures or done.returncode:
        print(done.stderr, file=sys.stderr)
        raise Failed(f"{failures} of {requests} answers were unexpected (locust ended with code {done.returncode})")
    if requests < seconds * users * LEAST:
        raise Failed(f"only {requests} requests were made")


if __name__ == "__main__":
    sys.exit(main())
