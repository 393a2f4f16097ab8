"""What is measured: who serves it, which requests are sent, and the one status that may come back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from engine.engine import Engine
from loadtests.bench.servers import Servers
from loadtests.bench.supply import Supply, add_calendars, booking
from loadtests.bench.wrk import BenchError, Line

SLOTS = 40
"""Of each expert in the cases that read."""

FASTEST = 16_000.0
"""Requests a second that no worker exceeds."""

KEYS = 2000
"""Different requests where they may repeat."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Of hello-world's throughput at least, or of its CPU at most, so much."""

    of: Literal["throughput", "CPU"]
    ratio: float

    def __str__(self) -> str:
        return f"{self.of} {'≥' if self.of == 'throughput' else '≤'} {self.ratio:g}"


@dataclass(slots=True)
class Case:
    name: str
    what: str
    """One line for the reader."""
    worker: str
    status: int
    aim: Aim | None = None
    lines: list[Line] = field(default_factory=list)
    """Sent over and over; or empty, and `supply` gives each once."""
    supply: Supply | None = None
    rate: float = FASTEST
    """The most requests a second to be ready for; learnt from the first rounds."""
    answers: int = 0
    """Good ones so far, warm-up and all."""

    async def prepare(self, seconds: float) -> list[Line]:
        if self.supply is None:
            return self.lines
        return await self.supply.lines(int(self.rate * seconds) + 1000)

    def learn(self, requests: int, used: int, rate: float) -> None:
        self.answers += requests
        self.rate = max(rate * 1.5, 2000.0)
        if self.supply is not None:
            self.supply.take(used)


async def make_cases(product: Engine, stand_ins: Engine, servers: Servers) -> list[Case]:
    """Hello-world first. Seeds what the cases need, and sends one request of each to see that it is answered right."""
    claim, instant = await Supply.open(stand_ins, 1), await Supply.open(stand_ins, 2)
    durable = await Supply.open(product, 3)
    calendars = await add_calendars(product, SLOTS)
    taken = calendars.taken
    again = [replace(taken, key=f"{taken.key}-{number}") for number in range(KEYS)]
    cases = [
        Case("hello", "hello-world: POST a booking's JSON, 200 and a small JSON back", "hello", 200,
             lines=[replace(booking("e" * 10, "e" * 10 + "-rxsmg8", n), path="/hello") for n in range(KEYS)]),
        Case("claim", "book, acknowledged by Redis alone", "claim", 201, Aim("throughput", 1.0), supply=claim),
        Case("durable", "book, as shipped: durable in the embedded MongoDB", "product", 201, supply=durable),
        Case("durable, 2 ms store", "book, as shipped, on a stand-in store that commits in 2 ms", "instant", 201,
             Aim("CPU", 1.1), supply=instant),
        Case("contention", "book a slot that is taken: 409", "product", 409, Aim("throughput", 1.1), lines=again),
        Case("detail", f"GET an expert with {SLOTS} slots, 40 experts in turn", "product", 200,
             Aim("throughput", 0.8), lines=[Line("GET", f"/api/experts/{expert}") for expert in calendars.experts]),
        Case("list", "GET a page of 20 experts", "product", 200, lines=[Line("GET", "/api/experts?limit=20")]),
    ]  # fmt: skip
    if servers.workers["product"].send(taken)[0] != 201:
        raise BenchError("the slot of the contention case could not be booked")
    for case in cases:
        await _try(case, servers)
    return cases


async def _try(case: Case, servers: Servers) -> None:
    line = (await case.supply.lines(1))[0] if case.supply else case.lines[0]
    status, body = servers.workers[case.worker].send(line)
    if status != case.status:
        raise BenchError(f"{case.name}: expected {case.status}, got {status}: {body[:300].decode(errors='replace')}")
    case.learn(1, 1, case.rate)
    case.rate = FASTEST if case.worker != "product" else 9000.0
