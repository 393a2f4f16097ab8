"""``python -m tests.faults --seconds 3600 --seed N [--report FILE]``: ends with 1 if a promise was broken."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

import orjson

from tests.faults.load import Mix
from tests.faults.nemesis import FAULTS, schedule
from tests.faults.planted import BUGS
from tests.faults.runner import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None, help="replays a run; random without")
    parser.add_argument("--report", type=Path, help="write the figures here, as JSON")
    parser.add_argument("--folder", type=Path, help="keep data, logs and histories here")
    parser.add_argument("--pace", type=float, default=6.0, help="seconds between two faults, on average")
    parser.add_argument("--pairs", type=float, default=0.2, help="how many faults begin during another")
    parser.add_argument("--rotate", type=float, default=60.0, help="seconds for which a generation of experts is used")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--think", type=float, default=0.1, help="most seconds between two requests of a client")
    parser.add_argument("--only", nargs="*", choices=sorted(FAULTS), help="these faults and no others")
    parser.add_argument("--planted", choices=sorted(BUGS), default="", help="with a bug that must be found")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    faults = schedule(given.seconds, seed, given.pace, given.pairs, given.only)
    print(f"seed {seed}, {len(faults)} faults in {given.seconds:g} s", file=sys.stderr, flush=True)
    plan = Plan(given.seconds, seed, faults, given.rotate, Mix(given.clients, given.think, storms=True), given.planted)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="slotline-faults-"))
    report = run(plan, folder)
    print(report.table())
    if given.report:
        given.report.write_bytes(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))
    if report.violations:
        print(f"histories, states and logs: {folder}")
    elif not given.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
