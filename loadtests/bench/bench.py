"""The run: every case in turn, round after round, and what the stores must say about it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.engine import Engine
from engine.model import BOOKED
from loadtests.bench.cases import Case, make_cases
from loadtests.bench.machine import calm, cpu_seconds
from loadtests.bench.servers import Servers, answered, gauge
from loadtests.bench.wrk import BenchError, Outcome, run_wrk

WARM_UP = 1.0
"""Seconds of each case before the first round."""

TRIES = 3
SETTLE = 0.3
DRAIN = 30.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One case in one round. CPU is in µs a request."""

    rate: float
    p50: float
    p99: float
    """Both in ms."""
    api: float
    redis: float
    mongo: float
    group: float
    """Bookings in a bulk write to the store; 0 if there was none."""


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    rounds: int
    connections: int


Tell = Callable[[str], None]
Engines = tuple[Engine, Engine]
"""On the product's stores and on those of the stand-ins."""


class Bench:
    def __init__(self, servers: Servers, engines: Engines, work: Path, plan: Plan, tell: Tell) -> None:
        self._servers = servers
        self._engines = engines
        self._work = work
        self._plan = plan
        self._tell = tell
        self._runs: dict[str, int] = {}

    async def run(self) -> list[tuple[Case, list[Measured]]]:
        """Each case with its rounds. Raises BenchError for any answer that is not as it should be."""
        self._tell("seeding")
        cases = await make_cases(*self._engines, self._servers)
        await compared(self._engines[0])
        for case in cases:
            self._tell(f"warming up: {case.name}")
            await self._measure(case, WARM_UP)
        rounds: dict[str, list[Measured]] = {case.name: [] for case in cases}
        for number in range(self._plan.rounds):
            shift = number % len(cases)  # nobody always comes after the same neighbour's dirt
            for case in cases[shift:] + cases[:shift]:
                self._tell(f"round {number + 1} of {self._plan.rounds}: {case.name}")
                rounds[case.name].append(await self._measure(case, self._plan.seconds))
        self._tell("checking the books")
        await self._audit(next(case for case in cases if case.name == "durable"))
        return [(case, rounds[case.name]) for case in cases]

    async def _measure(self, case: Case, seconds: float) -> Measured:
        """Once more, and with more slots, if there were too few: how fast a case is, is learnt by and by."""
        for _ in range(TRIES):
            if (measured := await self._try(case, seconds)) is not None:
                return measured
        raise BenchError(f"{case.name}: ran out of slots at {case.rate:,.0f} bookings/s; nothing can be said")

    async def _try(self, case: Case, seconds: float) -> Measured | None:
        worker = self._servers.workers[case.worker]
        lines = await case.prepare(seconds)
        pids = (worker.pid, worker.redis.pid, self._servers.mongo.pid)
        await calm(pids)
        told = "" if case.worker == "hello" else worker.metrics()
        before = [cpu_seconds(pid) for pid in pids]
        outcome = await run_wrk(
            worker.url,
            lines,
            self._work,
            once=case.supply is not None,
            seconds=seconds,
            connections=self._plan.connections,
        )
        await asyncio.sleep(SETTLE)
        spent = [(cpu_seconds(pid) - ago) / outcome.requests * 1e6 for pid, ago in zip(pids, before, strict=True)]
        for engine in self._engines:
            await drain(engine)
        case.learn(outcome.requests, outcome.used, outcome.rate)
        tells = "" if case.worker == "hello" else worker.metrics()
        self._runs[case.name] = self._runs.get(case.name, 0) + 1
        if outcome.exhausted:
            return None
        self._check(case, outcome, answered(told), answered(tells))
        groups = gauge(tells, "slotline_journal_groups") - gauge(told, "slotline_journal_groups")
        written = gauge(tells, "slotline_journal_written") - gauge(told, "slotline_journal_written")
        group = written / groups if groups else 0.0
        return Measured(outcome.rate, outcome.p50 / 1000, outcome.p99 / 1000, spent[0], spent[1], spent[2], group)

    def _check(self, case: Case, outcome: Outcome, before: dict[int, int], after: dict[int, int]) -> None:
        """The client must have had no other status than the case's, and by the worker's own count nobody else has."""
        if outcome.broken or outcome.timeouts:
            raise BenchError(f"{case.name}: {outcome.broken} broken connections, {outcome.timeouts} timeouts")
        if outcome.refused != (outcome.requests if case.status >= 400 else 0):
            raise BenchError(f"{case.name}: {outcome.refused} of {outcome.requests} answers had a status over 399")
        if case.worker == "hello":
            return
        statuses = {status: count - before.get(status, 0) for status, count in after.items()}
        statuses[200] = statuses.get(200, 0) - 1  # the look at the metrics itself
        good = statuses.pop(case.status, 0)
        if wrong := {status: count for status, count in statuses.items() if count}:
            raise BenchError(f"{case.name}: the worker also answered {wrong} (status: times)")
        if not outcome.requests <= good <= outcome.requests + self._plan.connections:
            raise BenchError(f"{case.name}: the client had {outcome.requests} answers, the worker gave {good}")

    async def _audit(self, case: Case) -> None:
        """MongoDB has the bookings that were answered with 201, each on a seat of its own that Redis has as booked.

        When wrk stops, a request a connection may be under way: booked, but its 201 not counted.
        """
        assert case.supply is not None
        stored = [
            (booking.slot_id, booking.seat)
            async for booking in self._engines[0].store.bookings.since(case.supply.experts, 0)
            if booking.active
        ]
        taken: set[tuple[str, int]] = set()
        for expert in case.supply.experts:
            for slot in (await self._engines[0].calendar(expert)).slots:
                taken |= {(slot.id, seat) for seat, mark in enumerate(slot.seatmap, 1) if mark == BOOKED}
        if len(stored) != len(taken) or set(stored) != taken:
            raise BenchError(f"MongoDB has {len(stored)} bookings, Redis {len(taken)} booked seats")
        most = case.answers + self._runs[case.name] * self._plan.connections
        if not case.answers <= len(stored) <= most:
            raise BenchError(f"the client had {case.answers} times 201, MongoDB has {len(stored)} bookings")


async def compared(engine: Engine) -> None:
    """Until each partition has been compared with MongoDB, twice on a fresh server: that is no request's cost."""
    async with asyncio.timeout(DRAIN):
        for partition in engine.keys.partitions:
            while not (await engine.calls.command("GET", partition.server) or b"").endswith(b" 0"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def drain(engine: Engine) -> None:
    """Has everything written, so that no case pays for the one before.

    When wrk stops it drops its connections, and Sanic cancels what they asked for; the claims among that are left in
    the outbox, where another worker would find them after some seconds.
    """
    await engine.journal.adopt(0)
    async with asyncio.timeout(DRAIN):
        for partition in engine.keys.partitions:
            while await engine.calls.command("XLEN", partition.outbox):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
