"""The comparison as tables: what was measured, and the ratios, each taken within a round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.table import Table

from loadtests.bench.bench import Plan
from loadtests.bench.contenders import BARE, EXPRESS, FASTAPI, INDEX, OURS, POOL, TRANSACTION, Contender
from loadtests.bench.peers import DISTINCT, HOT, Measured, Results

HEADS = (
    "case", "contender", "requests/s", "± %", "p50 ms", "p99 ms", "worker CPU µs", "stores CPU µs", "stores' share",
    "worker MB", "stores MB",
)  # fmt: skip
RATIO_HEADS = ("case", "Slotline beside", "throughput", "p50", "p99", "CPU a request", "memory", "aim")

THIRD = 1 / 3
AIMS = {
    (DISTINCT, FASTAPI): (4.0, THIRD),
    (DISTINCT, EXPRESS): (2.5, THIRD),
    (DISTINCT, INDEX): (5.5, None),
    (DISTINCT, TRANSACTION): (5.5, None),
    (HOT, FASTAPI): (5.0, THIRD),
    (HOT, EXPRESS): (5.0, THIRD),
}
"""Throughput at least so many times the peer's, CPU at most this part of it."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Slotline beside a peer in one case: medians of the ratios within each round, ours divided by theirs."""

    case: str
    peer: str
    throughput: float
    p50: float
    p99: float
    cpu: float
    memory: float

    @property
    def verdict(self) -> str:
        aim = AIMS.get((self.case, self.peer))
        if aim is None:
            return ""
        rate, cpu = aim
        words = [f"throughput ≥ {rate:g}: {'met' if self.throughput >= rate else 'missed'}"]
        if cpu is not None:
            words.append(f"CPU ≤ {cpu:.2f}: {'met' if self.cpu <= cpu else 'missed'}")
        return ", ".join(words)

    def cells(self) -> tuple[str, ...]:
        numbers = (self.throughput, self.p50, self.p99, self.cpu, self.memory)
        return (self.case, self.peer, *(f"{number:.2f}" for number in numbers), self.verdict)


def rows(results: Results) -> list[tuple[str, ...]]:
    return [_row(case, name, rounds) for (case, name), rounds in results.items()]


def _row(case: str, name: str, rounds: list[Measured]) -> tuple[str, ...]:
    def median(of: Callable[[Measured], float]) -> float:
        return statistics.median(map(of, rounds))

    rates = [measured.rate for measured in rounds]
    rate = statistics.median(rates)
    return (
        case,
        name,
        f"{rate:,.0f}",
        f"{(max(rates) - min(rates)) / 2 / rate * 100:.0f}",
        f"{median(lambda m: m.p50):.1f}",
        f"{median(lambda m: m.p99):.1f}",
        f"{median(lambda m: m.worker_cpu):.0f}",
        f"{median(lambda m: m.stores_cpu):.0f}",
        f"{median(lambda m: m.stores_cpu / m.cpu):.0%}",
        f"{median(lambda m: m.worker_memory):.0f}",
        f"{median(lambda m: m.stores_memory):.0f}",
    )


def ratios(results: Results) -> list[Ratio]:
    return [_ratio(case, peer, results[case, OURS], rounds) for (case, peer), rounds in results.items() if peer != OURS]


def _ratio(case: str, peer: str, ours: list[Measured], theirs: list[Measured]) -> Ratio:
    def median(of: Callable[[Measured], float]) -> float:
        return statistics.median(of(our) / of(their) for our, their in zip(ours, theirs, strict=True))

    return Ratio(
        case, peer, median(lambda m: m.rate), median(lambda m: m.p50), median(lambda m: m.p99),
        median(lambda m: m.cpu), median(lambda m: m.memory),
    )  # fmt: skip


def terminal(results: Results) -> list[Table]:
    measured = Table(*HEADS, title="Slotline and its peers", title_justify="left")
    for row in rows(results):
        measured.add_row(*row)
    beside = Table(*RATIO_HEADS, title="Slotline ÷ peer", title_justify="left")
    for ratio in ratios(results):
        beside.add_row(*ratio.cells(), style="red" if "missed" in ratio.verdict else None)
    return [measured, beside]


def markdown(results: Results, contenders: Iterable[Contender], plan: Plan, facts: dict[str, str], command: str) -> str:
    """The section of the page."""
    lines = [
        "## Beside other ways to do the same",
        "",
        "The same durable booking over HTTP by Slotline and by small, tuned programs of the usual kinds (in",
        "`loadtests/peers/`), one worker process each. Made by:",
        "",
        f"    {command}",
        "",
        *_table(RATIO_HEADS, [ratio.cells() for ratio in ratios(results)]),
        "",
        "Ratios are Slotline's number divided by the peer's: for throughput more is better, for the rest less.",
        "",
        *_table(HEADS, rows(results)),
        "",
        *(f"- **{contender.name}**: {contender.what}." for contender in contenders),
        "",
        *(f"- {note}" for note in notes(plan)),
        *(f"- {name}: {value}" for name, value in facts.items()),
    ]
    return "\n".join(lines) + "\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    rule = tuple("---" if head in ("case", "contender", "Slotline beside", "aim") else "---:" for head in heads)
    return [f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows)]


def notes(plan: Plan) -> list[str]:
    return [
        f"One interleaved run: {plan.rounds} rounds of {plan.seconds:g} s a case and contender, in turn, after a "
        f"warm-up; numbers are medians over the rounds, ratios medians of the ratios within a round. wrk with "
        f"{plan.connections} connections sends the same JSON to all.",
        f"`{DISTINCT}`: every request is of a slot that nobody has, and answered 201 when it is durable. `{HOT}`: "
        "all are taken, and every request is answered 409.",
        f"Each peer has a pool of {POOL} connections, prepared statements, one insert a booking with ON CONFLICT DO "
        "NOTHING (PostgreSQL) or a duplicate key (mongoose), and two indexes beside the primary key. It does less than "
        "Slotline: no idempotency keys, holds, calendar, change log or live feed.",
        "The MongoDB-compatible server is `secantusd-rs --sync-on-commit` for Slotline and mongoose alike: it takes "
        "inserts several times as fast as the embedded one, which would be all that one measures. PostgreSQL has fsync "
        "and synchronous_commit on, and 256 MB of shared buffers; mongoose writes with majority and journal.",
        f"`{BARE}` (`loadtests/bench/bare_commit.py`) is about the most that any program could do with this store and "
        "these cores: where it does not reach an aim, no booking engine is likely to.",
        "PostgreSQL and Redis are reached by Unix sockets, the MongoDB-compatible server by TCP.",
        "CPU is of all processes but wrk: the worker and its stores (Redis too). Memory has shared pages counted once; "
        "the MongoDB-compatible server's grows over the run and is counted for each that uses it.",
        "Afterwards each database must have exactly one booking a slot, and every 201 that the client had.",
    ]
