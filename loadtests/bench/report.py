"""Medians over the rounds, as a table for the terminal and for ``docs/benchmarks.md``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from loadtests.bench.bench import Measured, Plan
from loadtests.bench.cases import Case

HEADS = (
    "case", "requests/s", "± %", "p50 ms", "p99 ms", "API CPU µs", "Redis CPU µs", "MongoDB CPU µs",
    "throughput ÷ hello", "API CPU ÷ hello", "aim",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One case, each number the median over the rounds."""

    case: Case
    rate: float
    spread: float
    """Half of the way from the slowest round to the fastest, in % of the median."""
    p50: float
    p99: float
    api: float
    redis: float
    mongo: float
    group: float
    throughput: float
    cpu: float
    """Ratios to hello-world, each taken within a round."""

    @property
    def met(self) -> bool | None:
        aim = self.case.aim
        if aim is None:
            return None
        return self.throughput >= aim.ratio if aim.of == "throughput" else self.cpu <= aim.ratio

    def cells(self) -> tuple[str, ...]:
        aim = f"{self.case.aim}: {'met' if self.met else 'missed'}" if self.case.aim else ""
        return (
            self.case.name, f"{self.rate:,.0f}", f"{self.spread:.0f}", f"{self.p50:.1f}", f"{self.p99:.1f}",
            f"{self.api:.0f}", f"{self.redis:.0f}", f"{self.mongo:.0f}", f"{self.throughput:.2f}", f"{self.cpu:.2f}",
            aim,
        )  # fmt: skip


def rows(results: Sequence[tuple[Case, list[Measured]]]) -> list[Row]:
    hello = results[0][1]
    return [_row(case, rounds, hello) for case, rounds in results]


def _row(case: Case, rounds: list[Measured], hello: list[Measured]) -> Row:
    def median(of: Callable[[Measured], float]) -> float:
        return statistics.median(map(of, rounds))

    pairs = list(zip(rounds, hello, strict=True))
    rates = [measured.rate for measured in rounds]
    rate = statistics.median(rates)
    return Row(
        case,
        rate,
        (max(rates) - min(rates)) / 2 / rate * 100,
        median(lambda m: m.p50),
        median(lambda m: m.p99),
        median(lambda m: m.api),
        median(lambda m: m.redis),
        median(lambda m: m.mongo),
        median(lambda m: m.group),
        statistics.median(m.rate / h.rate for m, h in pairs),
        statistics.median(m.api / h.api for m, h in pairs),
    )


def store_share(rows: Iterable[Row]) -> str:
    """Where the time of a durable booking goes, in a sentence."""
    row = next(row for row in rows if row.case.name == "durable")
    total = row.api + row.redis + row.mongo
    return (
        f"A durable booking takes {total:.0f} µs of CPU in all: {row.api:.0f} ({row.api / total:.0%}) in the API "
        f"worker, {row.redis:.0f} ({row.redis / total:.0%}) in Redis and {row.mongo:.0f} ({row.mongo / total:.0%}) in "
        f"the embedded MongoDB, with {row.group:.0f} bookings in a bulk write."
    )


def terminal(rows: Iterable[Row]) -> Table:
    table = Table(title="Slotline beside hello-world", title_justify="left")
    for head in HEADS:
        table.add_column(head, justify="left" if head in ("case", "aim") else "right", no_wrap=head == "case")
    for row in rows:
        table.add_row(*row.cells(), style="red" if row.met is False else None)
    return table


def markdown(rows: Sequence[Row], plan: Plan, facts: dict[str, str], command: str) -> str:
    """Its section of the page."""
    table = [HEADS, ("---", *("---:" for _ in HEADS[1:-1]), "---"), *(row.cells() for row in rows)]
    lines = [
        "## Bookings and pages over HTTP",
        "",
        "One worker process under load, beside a hello-world of the same web server that reads the same JSON. Made by:",
        "",
        f"    {command}",
        "",
        *(f"| {' | '.join(cells)} |" for cells in table),
        "",
        *(f"- **{row.case.name}**: {row.case.what}." for row in rows),
        "",
        "### How to read it",
        "",
        *(f"- {note}" for note in notes(rows, plan)),
        "",
        "### The machine",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
    ]
    return "\n".join(lines) + "\n"


def notes(rows: Sequence[Row], plan: Plan) -> list[str]:
    """How to read the table."""
    return [
        f"One interleaved run: {plan.rounds} rounds of {plan.seconds:g} s a case, in turn, after a warm-up. Each "
        "number is the median over the rounds, each ratio the median of the ratios within a round; ± is half of the "
        "way from the slowest round to the fastest. Ratios travel between machines better than requests/s.",
        f"The client is wrk with {plan.connections} connections, one request under way on each, so p50 is about "
        f"{plan.connections} ÷ (requests/s): a queue, not the time that a lone request takes.",
        "Every booking is of a slot of its own, with an Idempotency-Key. The run fails on any other status than the "
        "case's, and unless afterwards MongoDB's bookings are exactly the seats that Redis has as booked.",
        f"{store_share(rows)} Both stores and wrk share a core, which bounds `durable`; the case on a 2 ms store "
        "shows the API by itself.",
        "`detail` and `list` read what does not change meanwhile: the worker asks Redis for the calendar's version "
        "each time and sends the page that it has already rendered; a list is kept for two seconds.",
    ]
