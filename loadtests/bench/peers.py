"""The comparison: each contender under the same load in turn, and what its database says afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engine.engine import Engine
from engine.model import new_expert_id, new_slot
from loadtests.bench.bench import SETTLE, TRIES, WARM_UP, Plan, Tell, compared
from loadtests.bench.books import Books, InSlotline
from loadtests.bench.contenders import OURS, Contender, Field
from loadtests.bench.machine import calm
from loadtests.bench.servers import send
from loadtests.bench.supply import EXPERTS, Supply, booking, midnight
from loadtests.bench.wrk import BenchError, Line, Outcome, run_wrk

HOT_SLOTS = 10
REPEATS = 200
"""Requests of each hot slot, each with a key of its own."""

FASTEST = 16_000.0
"""Bookings a second that no contender exceeds."""

DISTINCT, HOT = "distinct slots", f"{HOT_SLOTS} hot slots"
STATUS = {DISTINCT: 201, HOT: 409}


class Slots(Protocol):
    """Where requests for slots that nobody has booked come from."""

    async def lines(self, count: int) -> list[Line]: ...

    def take(self, count: int) -> None: ...


class Invented:
    """For peers, which keep no calendar: any slot is free until it is booked."""

    def __init__(self) -> None:
        self._experts = [new_expert_id() for _ in range(EXPERTS)]
        self._first = midnight()
        self._used = 0

    async def lines(self, count: int) -> list[Line]:
        return [self._line(number) for number in range(self._used, self._used + count)]

    def take(self, count: int) -> None:
        self._used += count

    def _line(self, number: int) -> Line:
        expert = self._experts[number % EXPERTS]
        start = self._first + number // EXPERTS * 60
        return booking(expert, new_slot(expert, start, start + 60).id, number)


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender in one case and round. CPU in µs a request, memory in MB, of the worker and of its stores."""

    rate: float
    p50: float
    p99: float
    """Both in ms."""
    worker_cpu: float
    stores_cpu: float
    worker_memory: float
    stores_memory: float

    @property
    def cpu(self) -> float:
        return self.worker_cpu + self.stores_cpu

    @property
    def memory(self) -> float:
        return self.worker_memory + self.stores_memory


Key = tuple[str, str]
"""Case and contender."""
Results = dict[Key, list[Measured]]


class Comparison:
    def __init__(self, field: Field, engine: Engine, work: Path, plan: Plan, tell: Tell) -> None:
        self._field = field
        self._engine = engine
        self._work = work
        self._plan = plan
        self._tell = tell
        self._books: dict[str, Books] = {OURS: InSlotline(engine), **field.books}
        self._slots: dict[str, Slots] = {}
        self._hot: dict[str, list[Line]] = {}
        self._rates: dict[str, float] = {}
        self._answers: dict[str, int] = {}
        """201s that the client has had, by contender."""
        self._runs: dict[str, int] = {}

    async def run(self) -> Results:
        """Raises BenchError for any answer that is not as it should be."""
        self._tell("seeding")
        for contender in self._field.contenders:
            await self._prepare(contender)
        await compared(self._engine)
        turns = [(case, contender) for case in STATUS for contender in self._field.contenders]
        for case, contender in turns:
            self._tell(f"warming up: {case}, {contender.name}")
            await self._measure(case, contender, WARM_UP)
        results: Results = {(case, contender.name): [] for case, contender in turns}
        for number in range(self._plan.rounds):
            shift = number % len(turns)
            for case, contender in turns[shift:] + turns[:shift]:
                self._tell(f"round {number + 1} of {self._plan.rounds}: {case}, {contender.name}")
                results[case, contender.name].append(await self._measure(case, contender, self._plan.seconds))
        self._tell("checking the books")
        for contender in self._field.contenders:
            await self._audit(contender)
        return results

    async def _prepare(self, contender: Contender) -> None:
        """The slots to book, and the hot ones, which are booked already."""
        name = contender.name
        slots: Slots = await Supply.open(self._engine, 4) if name == OURS else Invented()
        self._slots[name] = slots
        self._rates[name] = FASTEST
        hot = await slots.lines(HOT_SLOTS)
        slots.take(HOT_SLOTS)
        for line in hot:
            for status in STATUS.values():
                got, body = await asyncio.to_thread(send, contender.port, line if status == 201 else another(line, 0))
                if got != status:
                    raise BenchError(f"{name}: expected {status}, got {got}: {body[:200].decode(errors='replace')}")
        self._answers[name] = HOT_SLOTS
        self._hot[name] = [another(line, number) for number in range(1, REPEATS + 1) for line in hot]

    async def _measure(self, case: str, contender: Contender, seconds: float) -> Measured:
        """Once more, and with more slots, if there were too few."""
        for _ in range(TRIES):
            if (measured := await self._try(case, contender, seconds)) is not None:
                return measured
        rate = self._rates[contender.name]
        raise BenchError(f"{case}, {contender.name}: ran out of slots at {rate:,.0f} bookings/s; nothing can be said")

    async def _try(self, case: str, contender: Contender, seconds: float) -> Measured | None:
        name = contender.name
        lines = (
            self._hot[name] if case == HOT else await self._slots[name].lines(int(self._rates[name] * seconds) + 1000)
        )
        await calm((contender.pid, *contender.stores))
        before = contender.spent()
        outcome = await run_wrk(
            contender.url, lines, self._work, once=case == DISTINCT, seconds=seconds,
            connections=self._plan.connections,
        )  # fmt: skip
        await asyncio.sleep(SETTLE)
        worker, stores = (now - ago for now, ago in zip(contender.spent(), before, strict=True))
        await self._books[name].settle()
        if case == DISTINCT:
            self._slots[name].take(outcome.used)
            self._answers[name] += outcome.requests
            self._rates[name] = max(outcome.rate * 1.5, 2000.0)
            self._runs[name] = self._runs.get(name, 0) + 1
        if outcome.exhausted:
            return None
        self._check(f"{case}, {name}", STATUS[case], outcome)
        micros = 1e6 / outcome.requests
        return Measured(
            outcome.rate, outcome.p50 / 1000, outcome.p99 / 1000, worker * micros, stores * micros, *contender.memory()
        )

    @staticmethod
    def _check(what: str, status: int, outcome: Outcome) -> None:
        if outcome.broken or outcome.timeouts:
            raise BenchError(f"{what}: {outcome.broken} broken connections, {outcome.timeouts} timeouts")
        if outcome.refused != (outcome.requests if status >= 400 else 0):
            raise BenchError(f"{what}: {outcome.refused} of {outcome.requests} answers had a status over 399")

    async def _audit(self, contender: Contender) -> None:
        """Every 201 is a booking, no slot has two, and there are no more than the requests that wrk left under way."""
        bookings, slots = await self._books[contender.name].count()
        told = self._answers[contender.name]
        most = told + self._runs[contender.name] * self._plan.connections
        if bookings != slots or not told <= bookings <= most:
            raise BenchError(
                f"{contender.name}: {bookings} bookings on {slots} slots, and the client had {told} times 201"
            )


def another(line: Line, number: int) -> Line:
    """The same slot, wanted by somebody else."""
    body = line.body.replace('"email": "ann', f'"email": "ann{number}x')
    return replace(line, key=f"{number}-{line.key}", body=body)
