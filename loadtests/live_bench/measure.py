"""Rounds of messages to one server's room, and what they cost it."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.bench.machine import Cores, on
from loadtests.live_bench.servers import ROOT, LiveBenchError, Rival

PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One server, one size of room, one kind of event, in one round of the run."""

    rate: float
    """Deliveries a second, one event after the other."""
    per_core: float
    """Deliveries a second of the server's CPU time."""
    p50: float
    p99: float
    """ms from the event to half, and to 99 %, of the sockets; medians over the events."""

    @property
    def cost(self) -> float:
        """µs of the server's CPU a delivery."""
        return 1e6 / self.per_core


class Crowd:
    """The process that holds the sockets."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def connect(self, number: int) -> None:
        self._say(f"connect {number}")
        await self._hear()

    async def round(self, rival: Rival, messages: int) -> tuple[float, float, float]:
        """One event; ms until half, 99 % and all of the sockets had it."""
        self._say(f"expect {messages}")
        await self._hear()
        began = time.monotonic_ns()
        await rival.teller.tell(messages)
        arrived = await self._hear()
        return tuple((arrived[which] - began) / 1e6 for which in ("p50", "p99", "all"))  # type: ignore[return-value]

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    async def _hear(self) -> dict[str, int]:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise LiveBenchError(f"the client has ended: {(await self._process.stderr.read()).decode()[-300:].strip()}")
        answer: dict[str, int] = json.loads(line)
        return answer


@asynccontextmanager
async def crowd(rival: Rival, cores: Cores) -> AsyncIterator[Crowd]:
    command = [sys.executable, "-m", "loadtests.live_bench.crowd", str(rival.port), rival.kind, rival.expert]
    with on(cores.others):
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    try:
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def measure(rival: Rival, crowd: Crowd, size: int, messages: int, seconds: float) -> Measured:
    """Event after event for so long, each when the one before has reached everybody."""
    latencies: list[tuple[float, float, float]] = []
    before, began = cpu_ns(rival.pid), time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds or len(latencies) < 3:
        latencies.append(await crowd.round(rival, messages))
    cpu = (cpu_ns(rival.pid) - before) / 1e9
    deliveries = len(latencies) * size * messages
    return Measured(
        deliveries / spent,
        deliveries / cpu,
        statistics.median(p50 for p50, _, _ in latencies),
        statistics.median(p99 for _, p99, _ in latencies),
    )


async def probe(rival: Rival, crowd: Crowd, seconds: float) -> tuple[float, float, int]:
    """ms for `GET /healthz` during one fan-out after the other: half, 99 %, and how many were asked."""
    done = asyncio.Event()
    took: list[float] = []

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", rival.port)
        while not done.is_set():
            began = time.perf_counter()
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(b'{"status":"ok"}'))
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.003)
        writer.close()

    asking = asyncio.create_task(ask())
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        await crowd.round(rival, 1)
    done.set()
    await asking
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100], len(took)


def cpu_ns(pid: int) -> int:
    """CPU time of all threads: from the scheduler, which counts finer than the process table's hundredths."""
    tasks = Path(f"/proc/{pid}/task")
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())
    except OSError:
        times = psutil.Process(pid).cpu_times()
        return int((times.user + times.system) * 1e9)


def memory(pid: int) -> int:
    """Bytes that this process alone uses; the system's own socket buffers are not among them."""
    return int(psutil.Process(pid).memory_full_info().uss)
