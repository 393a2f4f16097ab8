"""``python -m loadtests.run SCENARIO``: servers and workers of its own, locust over several processes, and the verdict.

Ends with 0 only if no answer was unexpected and no promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from engine.cli.workers import Workers, address, listen
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.model import new_slot
from engine.seeding import seed
from engine.settings import Settings
from engine.stack import Child, Stack, StackError
from engine.stack.ports import free_port
from loadtests.bench.machine import processor
from loadtests.bench.supply import add_experts, midnight
from loadtests.ledger import LEDGER
from loadtests.page import write_page
from loadtests.verify import Broken, booked_seats, verify

ROOT = Path(__file__).parents[1]
USERS = {"browse": 100, "rush": 2000, "day": 100, "live": 200}
SEATS = 50
"""Of the expert whom everybody wants."""

A_SLOT = {"rush": 5}
"""Seats in one of that expert's slots, if not one."""

DOORS = 0.45
"""Part of a rush after which the slots are put on sale; by then everybody is there."""

EXTRA = 60.0
"""Seconds that locust may take beyond its run."""

GRACE = 30.0
"""Seconds that it has to end when it is told to."""


def main() -> int:
    given = arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="slotline-load-") as folder:
            run(Path(folder), given)
    except (Broken, SlotlineError, StackError) as error:
        print(f"load test failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slotline: stopped", file=sys.stderr)
        return 130
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loadtests.run", description=__doc__)
    parser.add_argument("scenario", choices=USERS)
    parser.add_argument("--users", type=int, help=f"(default: {', '.join(f'{n} {u:,}' for n, u in USERS.items())})")
    parser.add_argument("--seconds", type=int, default=60, help="(default: 60)")
    parser.add_argument("--workers", type=int, default=2, help="API processes (default: 2)")
    parser.add_argument("--processes", type=int, default=2, help="of locust, that share the users (default: 2)")
    parser.add_argument("--experts", type=int, default=200, help="(default: 200)")
    parser.add_argument("--web", action="store_true", help="locust's own page instead of starting at once")
    parser.add_argument("--report", type=Path, default=Path("load-report.html"), help="(default: load-report.html)")
    given = parser.parse_args()
    given.users = given.users or USERS[given.scenario]
    return given


def run(folder: Path, given: argparse.Namespace) -> None:
    """Raises Broken, SlotlineError, StackError."""
    with Stack(folder) as stack:
        settings = Settings(
            redis_url=stack.redis_url, mongo_url=stack.mongo_url, data_dir=folder, workers=given.workers, port=0,
            log_level="warning", access="open", rate_limits=False, _env_file=None,
        ).for_development()  # fmt: skip
        expert = asyncio.run(fill(settings, given))
        began = datetime.now(UTC)
        with listen(settings) as listener, Workers(listener, settings, print) as workers:
            pids = workers.pids
            with doors(settings, expert, given):
                failures = locust(folder, address(listener), expert, given)
            if workers.pids != pids:
                raise Broken("a worker has died")
        verdict = judge(settings, folder, expert, given, failures)
    facts = (
        f"{began:%Y-%m-%d %H:%M} UTC, {given.users:,} users in {given.processes} processes, {given.seconds} s",
        f"{given.workers} API workers, embedded Redis and MongoDB, all on {processor()}, locust on the same machine",
    )
    if (history := folder / "locust_stats_history.csv").exists():
        write_page(given.report, f"Slotline under load: {given.scenario}", history, verdict, facts)
        print(f"plots are in {given.report}")
    print(verdict)
    if verdict.startswith("BROKEN"):
        raise Broken(verdict)


def judge(settings: Settings, folder: Path, expert: str, given: argparse.Namespace, failures: str) -> str:
    """In a sentence; it begins with BROKEN if anything was not as it should be."""
    try:
        kept = str(asyncio.run(verify(settings, folder)))
        if given.scenario == "rush":
            seats = asyncio.run(booked_seats(settings, expert))
            if given.users >= 2 * SEATS and seats != SEATS:
                raise Broken(f"{seats} of {SEATS} seats were sold to {given.users} users")
            kept += f"; {seats} of {SEATS} seats were sold"
    except Broken as broken:
        return f"BROKEN: {broken}"
    return f"BROKEN: {failures}" if failures else f"kept: {kept}"


async def fill(settings: Settings, given: argparse.Namespace) -> str:
    """Answers the expert whom everybody wants."""
    engine = await Engine.open(settings)
    try:
        await seed(engine, experts=given.experts)
        wanted = (await add_experts(engine, rating=5.0))[0]
        seats = A_SLOT.get(given.scenario, 1)
        starts = range(midnight(), midnight() + SEATS // seats * 1800, 1800)
        slots = [new_slot(wanted, start, start + 1800, seats=seats) for start in starts]
        await engine.add_slots(slots)
        for slot in slots if given.scenario == "rush" else ():
            await engine.desk.close(slot.id)
        return wanted
    finally:
        await engine.close()


@contextmanager
def doors(settings: Settings, expert: str, given: argparse.Namespace) -> Iterator[None]:
    """Opens the slots in the middle of a rush; with locust's page, when somebody presses Enter."""
    if given.scenario != "rush":
        yield
        return
    over = threading.Event()

    def wait() -> None:
        if given.web and sys.stdin.isatty():
            input("press Enter to put the slots on sale\n")
        elif over.wait(given.seconds * DOORS):
            return
        asyncio.run(open_slots(settings, expert))
        print(f"the doors are open ({time.strftime('%H:%M:%S')})", flush=True)

    keeper = threading.Thread(target=wait, daemon=True)
    keeper.start()
    yield
    over.set()
    keeper.join(10)


async def open_slots(settings: Settings, expert: str) -> None:
    engine = await Engine.open(settings)
    try:
        slots = (await engine.calendar(expert)).slots
        await asyncio.gather(*(engine.desk.open(slot.id) for slot in slots))
    finally:
        await engine.close()


def locust(folder: Path, url: str, expert: str, given: argparse.Namespace) -> str:
    """Runs the scenario, in processes of their own. Answers what went wrong, or nothing. Raises Broken."""
    script = ROOT / "loadtests" / "scenarios" / f"{given.scenario}.py"
    command = [
        sys.executable, "-m", "locust", "-f", str(script), "--host", url, "--expert", expert,
        "--users", str(given.users), "--shape-seconds", str(given.seconds), "--csv", str(folder / "locust"),
        "--csv-full-history", "--only-summary", "--exit-code-on-error", "1", "--loglevel", "WARNING",
        "--stop-timeout", "15",
    ]  # fmt: skip
    if given.processes > 1:
        port = str(free_port())
        command += ["--processes", str(given.processes), "--master-bind-port", port, "--master-port", port]
    if given.web:
        page = str(free_port())
        command += ["--web-host", "127.0.0.1", "--web-port", page]
        print(f"locust's page: http://127.0.0.1:{page} (Ctrl-C here ends the run)", flush=True)
    else:
        command.append("--headless")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": path, LEDGER: str(folder)}
    child = Child(command, env=env)
    try:
        while not child.wait(given.seconds + EXTRA):
            if not given.web:
                raise Broken("locust did not end in time")
    except KeyboardInterrupt:
        if not given.web:
            raise
        os.kill(child.pid, signal.SIGINT)  # and the verdict is given all the same
        child.wait(GRACE)
    finally:
        child.stop(GRACE)  # it sends its own processes home, which a kill would leave behind
    return f"locust ended with code {child.exit_code}: see the failures above" if child.exit_code else ""


if __name__ == "__main__":
    sys.exit(main())
