"""``python -m loadtests.bench [hello] [peers]``: runs the suites, prints the tables, keeps them with ``--write``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from loadtests.bench import suites
from loadtests.bench.bench import Plan
from loadtests.bench.wrk import BenchError, find_wrk
from loadtests.program import status_of
from loadtests.sections import put_section

SUITES = {"hello": suites.hello, "peers": suites.peers}
SECTIONS = {"hello": "http", "peers": "peers"}
"""Where their tables stand in the page."""


def main() -> int:
    given = arguments()
    return status_of(lambda: run_all(given), BenchError)


def run_all(given: argparse.Namespace) -> None:
    plan = Plan(given.seconds, given.rounds, given.connections)
    find_wrk()
    for name in given.suites or SUITES:
        run(name, plan, given.write)


def run(name: str, plan: Plan, page: Path | None) -> None:
    command = f"python -m loadtests.bench {name} --seconds {plan.seconds:g} --rounds {plan.rounds}"
    command += f" --connections {plan.connections} --write {page}" if page else ""
    screen = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="slotline-bench-") as folder, screen.status("starting") as status:
        told = SUITES[name](Path(folder), plan, lambda text: status.update(text), command)
    out = Console(width=None if sys.stdout.isatty() else 190, highlight=False)
    out.print(*told.screen, "", sep="\n")
    for fact, value in told.facts.items():
        out.print(f"{fact}: {value}", markup=False)
    if page:
        put_section(page, SECTIONS[name], told.section)
        print(f"written to {page}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loadtests.bench", description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES], help="(default: all)")
    parser.add_argument("--seconds", type=int, default=3, help="of each case in each round (default: 3)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--connections", type=int, default=64, help="of the client (default: 64)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the tables, e.g. in docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
