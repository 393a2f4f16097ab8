"""``python -m loadtests.growth [slots] [experts] …``: measures; with ``--write`` plots, and keeps the section."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from loadtests.bench import machine
from loadtests.bench.suites import before
from loadtests.bench.wrk import BenchError, find_wrk
from loadtests.growth.dimensions import DIMENSIONS, Effort, Tell
from loadtests.growth.ground import Point
from loadtests.growth.report import markdown, plot
from loadtests.growth.sizes import Sizes, measure_sizes
from loadtests.program import status_of
from loadtests.sections import put_section

SIZES = {
    "slots": (1_000, 10_000, 100_000, 1_000_000),
    "experts": (100, 1_000, 10_000),
    "bookings": (1_000, 10_000, 100_000, 1_000_000),
    "sockets": (1, 1_000, 5_000, 18_000),
    "workers": (1, 2, 4),
    "partitions": (1, 16, 256, 1024),
    "memory": (10_000, 50_000),
}
"""Not 100,000 experts: the embedded MongoDB scans for a page of the list, and takes four seconds for it then."""
PLOTS = "growth"
"""Folder beside the page."""


def main() -> int:
    given = arguments()
    return status_of(lambda: run(given), BenchError)


def run(given: argparse.Namespace) -> None:
    screen = Console(stderr=True)
    wrk = find_wrk()
    with tempfile.TemporaryDirectory(prefix="slotline-growth-") as folder, screen.status("starting") as status:
        facts = before(Path(folder), machine.Cores.of_machine())
        found, sizes = asyncio.run(grow(Path(folder), given, lambda text: status.update(text)))
    facts["versions"] = machine.versions(wrk)
    page: Path = given.write or Path("growth.md")
    command = f"python -m loadtests.growth {' '.join(given.dimensions)} --largest {given.largest} "
    command += f"--seconds {given.seconds} --rounds {given.rounds}"
    section = markdown(found, sizes, Path(PLOTS), facts, command.replace("  ", " "))
    print(section)
    if given.write:
        for dimension, points in found.items():
            plot(dimension, points, page.parent / PLOTS / f"{dimension}.svg")
        put_section(page, "growth", section)
        print(f"written to {page}, plots in {page.parent / PLOTS}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loadtests.growth", description=__doc__)
    parser.add_argument("dimensions", nargs="*", choices=[[], *SIZES], help="(default: all)")
    parser.add_argument("--largest", type=int, default=1_000_000, help="size of anything (default: 1,000,000)")
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep it, e.g. in docs/benchmarks.md")
    return parser.parse_args()


async def grow(folder: Path, given: argparse.Namespace, tell: Tell) -> tuple[dict[str, list[Point]], list[Sizes]]:
    """The points of each dimension, and the sizes of things."""
    effort = Effort(given.seconds, given.rounds)
    found: dict[str, list[Point]] = {}
    sizes: list[Sizes] = []
    for name in given.dimensions or SIZES:
        wanted = [size for size in SIZES[name] if size <= given.largest]
        if name == "memory":
            for size in wanted:
                tell(f"memory and rebuild: {size:,} slots")
                sizes.append(await measure_sizes(folder / f"{name}{size}", size))
            continue
        if name in ("workers", "partitions"):
            (folder / name).mkdir()
        found[name] = await DIMENSIONS[name](folder / name, wanted, effort, tell)
    return found, sizes


if __name__ == "__main__":
    sys.exit(main())
