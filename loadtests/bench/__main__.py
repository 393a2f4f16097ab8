"""``python -m loadtests.bench``: runs the benchmark, prints the table, and with ``--write`` keeps it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from engine.engine import Engine
from engine.errors import SlotlineError
from engine.stack import StackError
from loadtests.bench import machine, report
from loadtests.bench.bench import Bench, Measured, Plan, Tell
from loadtests.bench.cases import Case
from loadtests.bench.servers import Servers, running
from loadtests.bench.wrk import BenchError, find_wrk
from loadtests.sections import put_section

Results = list[tuple[Case, list[Measured]]]


def main() -> int:
    given = arguments()
    logging.getLogger("slotline").setLevel(logging.ERROR)  # it adopts what wrk leaves behind: see `drain`
    plan = Plan(given.seconds, given.rounds, given.connections)
    screen = Console(stderr=True)
    try:
        wrk = find_wrk()
        with tempfile.TemporaryDirectory(prefix="slotline-bench-") as folder, screen.status("starting") as status:
            results, facts = measure(Path(folder), plan, lambda text: status.update(text), wrk)
    except (BenchError, StackError, SlotlineError) as error:
        print(f"slotline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slotline: stopped", file=sys.stderr)
        return 130
    rows = report.rows(results)
    out = Console(width=None if sys.stdout.isatty() else 190, highlight=False)
    out.print(report.terminal(rows), report.store_share(rows), "", sep="\n")
    for name, value in facts.items():
        out.print(f"{name}: {value}", markup=False)
    if given.write:
        command = f"python -m loadtests.bench --seconds {plan.seconds:g} --rounds {plan.rounds}"
        command += f" --connections {plan.connections} --write {given.write}"
        put_section(given.write, "http", report.markdown(rows, plan, facts, command))
        print(f"written to {given.write}")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loadtests.bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each case in each round (default: 4)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--connections", type=int, default=64, help="of the client (default: 64)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the table, e.g. in docs/benchmarks.md")
    return parser.parse_args()


def measure(folder: Path, plan: Plan, tell: Tell, wrk: str) -> tuple[Results, dict[str, str]]:
    cores = machine.Cores.of_machine()
    load = os.getloadavg()[0]
    synced = machine.fdatasync_ms(folder)
    with running(folder, cores) as servers, machine.on(cores.others):
        results = asyncio.run(bench(servers, folder, plan, tell))
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": machine.processor(),
        "cores": str(cores),
        "load average before": f"{load:.2f}",
        "4 KiB write and fdatasync": f"{synced:.2f} ms (median)",
        "versions": machine.versions(wrk),
        "embedded stores": "Valkey (appendfsync everysec); SecantusDB with sync-on-commit in MongoDB's place",
    }
    return results, facts


async def bench(servers: Servers, folder: Path, plan: Plan, tell: Tell) -> Results:
    product, stand_ins = await Engine.open(servers.product), await Engine.open(servers.stand_ins)
    try:
        return await Bench(servers, (product, stand_ins), folder, plan, tell).run()
    finally:
        await product.close()
        await stand_ins.close()


if __name__ == "__main__":
    sys.exit(main())
