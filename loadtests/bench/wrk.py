"""The client: wrk with one thread, so that Python is only on the side that is measured."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")
EXTRA = 15.0
"""Seconds that wrk may take beyond the measurement."""


class BenchError(Exception):
    """What makes the whole run worthless: in a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request to send."""

    method: str
    path: str
    key: str = ""
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method}\t{self.path}\t{self.key}\t{self.body}\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the client saw."""

    requests: int
    """Answered in time; up to one a connection was under way when it stopped."""
    micros: int
    used: int
    """Lines taken from the file."""
    exhausted: bool
    refused: int
    """Answers with a status of 400 or more."""
    broken: int
    timeouts: int
    p50: int
    p99: int
    """Both in µs."""

    @property
    def rate(self) -> float:
        return self.requests / self.micros * 1e6


def find_wrk() -> str:
    """Raises BenchError if there is none."""
    found = shutil.which("wrk")
    if found is None:
        raise BenchError("the benchmark needs wrk; install with: apt install wrk (Debian, Ubuntu) or brew install wrk")
    return found


async def run_wrk(
    url: str, lines: Iterable[Line], work: Path, *, once: bool, seconds: float, connections: int
) -> Outcome:
    """Sends the lines for some whole seconds over all connections at once. Raises BenchError if wrk fails."""
    file = work / "requests.tsv"
    file.write_text("".join(map(str, lines)))
    process = await asyncio.create_subprocess_exec(
        find_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "--latency",
        "-s", str(SCRIPT), url, "--", str(file), "once" if once else "cycle",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds + EXTRA):
            output, _ = await process.communicate()
    except TimeoutError:
        raise BenchError(f"wrk did not end within {seconds + EXTRA:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    for line in output.decode().splitlines():
        if line.startswith("RESULT "):
            return Outcome(**json.loads(line.removeprefix("RESULT ")))
    raise BenchError(f"wrk failed: {output.decode().strip()[-300:]}")
