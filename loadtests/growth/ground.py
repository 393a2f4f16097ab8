"""What is measured on: stores of its own for each dimension, workers on top, and slots that many can book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.engine import Engine
from engine.model import new_expert_id, new_slot
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from loadtests.bench.bench import drain
from loadtests.bench.machine import Cores, on
from loadtests.bench.servers import settings_of, worker
from loadtests.bench.supply import EXPERT, booking, midnight
from loadtests.bench.wrk import BenchError, Line, run_wrk

OF_AN_EXPERT = 1000
"""Slots."""

SEATS = 100
"""Of a slot: so that even a thousand slots take all bookings of a run."""

CHUNK = 2
"""Experts put on sale together."""

STRIDE = 7919
"""A prime: one booking after another goes to another expert, and all slots get their turn."""

MOST = 20_000.0
"""Bookings a second that no worker exceeds."""

CONNECTIONS = 64

FEW = 4
"""Connections where the embedded MongoDB answers each request: more would only queue."""


@dataclass(frozen=True, slots=True)
class Point:
    """One size of one dimension: requests/s and ms, medians over the rounds."""

    size: int
    what: str
    rate: float
    p99: float


@dataclass(slots=True)
class Ground:
    settings: Settings
    redis: RedisServer
    mongo: MongoServer
    folder: Path
    cores: Cores
    seconds: float


@contextmanager
def ground(folder: Path, seconds: float, **knobs: int) -> Iterator[Ground]:
    """Empty stores. ``knobs``: settings that are not as shipped."""
    cores = Cores.of_machine()
    folder.mkdir()
    with ExitStack() as stack:
        with on(cores.others):
            mongo = stack.enter_context(MongoServer(folder / "mongo"))
            redis = stack.enter_context(RedisServer(folder / "redis", args=("--auto-aof-rewrite-percentage", "0")))
        settings = settings_of(folder, redis, mongo, "growth").model_copy(update=knobs)
        yield Ground(settings, redis, mongo, folder, cores, seconds)


@contextmanager
def one_worker(ground: Ground, kind: str) -> Iterator[str]:
    """The URL of a worker of `loadtests.bench.servers.MODULES`, on a core of its own."""
    with worker(kind, ground.settings, ground.redis, ground.cores) as started:
        yield started.url


class Calendars:
    """Experts with a thousand slots each; more are added as they are asked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.experts: list[str] = []
        self.used = 0

    @property
    def slots(self) -> int:
        return len(self.experts) * OF_AN_EXPERT

    async def grow(self, slots: int) -> None:
        """To so many slots in all; ``slots`` is a multiple of a thousand."""
        first = midnight()
        while self.slots < slots:
            number = min(CHUNK, slots // OF_AN_EXPERT - len(self.experts))
            new = [replace(EXPERT, id=new_expert_id()) for _ in range(number)]
            await self.engine.add_experts(new)
            starts = range(first, first + OF_AN_EXPERT * 60, 60)
            await self.engine.add_slots(
                [new_slot(expert.id, start, start + 60, seats=SEATS) for expert in new for start in starts]
            )
            self.experts += [expert.id for expert in new]

    def bookings(self, count: int) -> list[Line]:
        """Say with `take` how many of them were sent."""
        return [self._line(number) for number in range(self.used, self.used + count)]

    def take(self, count: int) -> None:
        self.used += count

    def _line(self, number: int) -> Line:
        expert, minute = divmod(number * STRIDE % self.slots, OF_AN_EXPERT)
        start = midnight() + minute * 60
        expert_id = self.experts[expert]
        return booking(expert_id, new_slot(expert_id, start, start + 60, seats=SEATS).id, number)


async def book(ground: Ground, calendars: Calendars, url: str, seconds: float) -> tuple[float, float]:
    """Bookings a second, all over the calendars, and their p99 in ms."""
    lines = calendars.bookings(int(MOST * seconds))
    outcome = await run_wrk(url, lines, ground.folder, once=True, seconds=seconds, connections=CONNECTIONS)
    calendars.take(outcome.used)
    await drain(calendars.engine)
    if outcome.refused or outcome.broken or outcome.timeouts or outcome.exhausted:
        raise BenchError(f"{outcome.refused} of {outcome.requests} bookings were refused, {outcome.broken} broken")
    return outcome.rate, outcome.p99 / 1000


async def ask(
    ground: Ground, lines: list[Line], url: str, seconds: float, connections: int = CONNECTIONS
) -> tuple[float, float]:
    """Answers with 200 a second, and their p99 in ms. Raises BenchError for other ones, and if there are none."""
    outcome = await run_wrk(url, lines, ground.folder, once=False, seconds=seconds, connections=connections)
    if outcome.refused or outcome.broken or outcome.timeouts or not outcome.requests:
        raise BenchError(f"{outcome.refused} of {outcome.requests} answers were refusals, {outcome.broken} broken")
    return outcome.rate, outcome.p99 / 1000
