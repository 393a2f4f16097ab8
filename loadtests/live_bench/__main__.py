"""``python -m loadtests.live_bench``: rooms of several sizes, Slotline and its rivals in turn, in one run."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.worker import raise_file_limit
from loadtests.bench import machine
from loadtests.live_bench.measure import crowd, measure, memory, probe
from loadtests.live_bench.report import AIMS, HEADS, Results, markdown
from loadtests.live_bench.servers import LiveBenchError, Rival, Status, all_servers, node_ready
from loadtests.program import status_of
from loadtests.sections import put_section

WARM_UP = 0.3


def main() -> int:
    given = arguments()
    return status_of(lambda: compare(given), LiveBenchError, TimeoutError)


def compare(given: argparse.Namespace) -> None:
    screen = Console(stderr=True)
    sizes = [int(size) for size in given.sizes.split(",")]
    raise_file_limit()
    if not given.without_socketio:
        node_ready()
    with tempfile.TemporaryDirectory(prefix="slotline-live-") as folder, screen.status("starting") as status:
        results = asyncio.run(run(Path(folder), sizes, given, lambda text: status.update(text)))
    out = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for messages in AIMS:
        table = Table(title="single messages" if messages == 1 else f"bursts of {messages}", title_justify="left")
        for head in HEADS:
            table.add_column(head, justify="left" if head == "server" else "right", no_wrap=head == "server")
        for row in results.rows(messages):
            table.add_row(*row)
        out.print(table)
    for line in results.verdicts():
        out.print(line, markup=False)
    if given.write:
        command = f"python -m loadtests.live_bench --seconds {given.seconds:g} --rounds {given.rounds}"
        command += f" --sizes {given.sizes} --write {given.write}"
        plan = f"{given.rounds} rounds of {given.seconds:g} s a server, size and kind of event, in turn"
        put_section(given.write, "live", markdown(results, plan, command, facts()))
        print(f"written to {given.write}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="loadtests.live_bench", description=__doc__)
    parser.add_argument("--sizes", default="100,1000,5000", help="of the room, (default: 100,1000,5000)")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement (default: 1.5)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    parser.add_argument("--without-socketio", action="store_true", help="for a machine without Node")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the tables, e.g. in docs/benchmarks.md")
    return parser.parse_args()


async def run(folder: Path, sizes: list[int], given: argparse.Namespace, tell: Status) -> Results:
    cores = machine.Cores.of_machine()
    results = Results()
    async with all_servers(folder, cores, not given.without_socketio) as servers:
        results.names = {rival.kind: rival.name for rival in servers}
        for size in sizes:
            await _room(servers, cores, size, given, results, tell, last=size == max(sizes))
    return results


async def _room(
    servers: list[Rival], cores: machine.Cores, size: int, given: argparse.Namespace, results: Results, tell: Status,
    *, last: bool,
) -> None:  # fmt: skip
    async with AsyncExitStack() as stack:
        crowds = {}
        for rival in servers:
            tell(f"{rival.name}: {size:,} sockets")
            before = memory(rival.pid)
            crowds[rival.kind] = await stack.enter_async_context(crowd(rival, cores))
            await crowds[rival.kind].connect(size)
            for messages in AIMS:
                await measure(rival, crowds[rival.kind], size, messages, WARM_UP)
            if last:
                results.memory[rival.kind] = (memory(rival.pid) - before) / size
        for number in range(given.rounds):
            shift = number % len(servers)  # nobody always comes after the same neighbour
            for rival in servers[shift:] + servers[:shift]:
                for messages in AIMS:
                    tell(f"{size:,} sockets, round {number + 1}: {rival.name}")
                    found = await measure(rival, crowds[rival.kind], size, messages, given.seconds)
                    results.cells.setdefault((size, rival.kind, messages), []).append(found)
        if last:
            tell("healthz")
            results.health = await probe(servers[0], crowds["slotline"], given.seconds * 2)


def facts() -> dict[str, str]:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    packages = [f"{package} {version(package)}" for package in ("sanic", "uvloop", "websockets")]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": machine.processor(),
        "cores": f"{machine.Cores.of_machine()}".replace("wrk", "the client"),
        "load average": f"{os.getloadavg()[0]:.2f}",
        "versions": ", ".join([f"Python {platform.python_version()}", *packages, f"Node {node}"]),
    }


if __name__ == "__main__":
    sys.exit(main())
