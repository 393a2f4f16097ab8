"""The tables, for the terminal and for `docs/benchmarks.md`."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from loadtests.live_bench.measure import Measured

HEADS = (
    "sockets", "server", "deliveries/s", "per core", "CPU µs a delivery", "p50 ms", "p99 ms", "per core ÷ Socket.IO",
    "per core ÷ ws.send()",
)  # fmt: skip
AIMS = {1: 2.0, 10: 8.0}
"""Messages of an event → how many times as much a second of CPU should deliver, at 5,000 sockets, as Socket.IO's."""


@dataclass(slots=True)
class Results:
    names: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[int, str, int], list[Measured]] = field(default_factory=dict)
    """(sockets, kind, messages of an event) → one a round."""
    memory: dict[str, float] = field(default_factory=dict)
    """Kind → bytes a socket."""
    health: tuple[float, float, int] = (0.0, 0.0, 0)
    """`GET /healthz` during fan-outs to the largest room: p50 ms, p99 ms, requests."""

    @property
    def sizes(self) -> list[int]:
        return sorted({size for size, _, _ in self.cells})

    def median(self, size: int, kind: str, messages: int, of: Callable[[Measured], float]) -> float:
        return statistics.median(map(of, self.cells[size, kind, messages]))

    def ratio(self, size: int, kind: str, messages: int, other: str) -> float | None:
        """Of deliveries a CPU second, each taken within a round."""
        if other not in self.names:
            return None
        pairs = zip(self.cells[size, kind, messages], self.cells[size, other, messages], strict=True)
        return statistics.median(mine.per_core / its.per_core for mine, its in pairs)

    def rows(self, messages: int) -> list[tuple[str, ...]]:
        return [self._row(size, kind, messages) for size in self.sizes for kind in self.names]

    def _row(self, size: int, kind: str, messages: int) -> tuple[str, ...]:
        def median(of: Callable[[Measured], float]) -> float:
            return self.median(size, kind, messages, of)

        ratios = [self.ratio(size, kind, messages, other) for other in ("socketio", "sanic")]
        return (
            f"{size:,}", self.names[kind], f"{median(lambda m: m.rate):,.0f}", f"{median(lambda m: m.per_core):,.0f}",
            f"{median(lambda m: m.cost):.2f}", f"{median(lambda m: m.p50):.1f}", f"{median(lambda m: m.p99):.1f}",
            *("–" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
        )  # fmt: skip

    def verdicts(self) -> list[str]:
        """Each aim at the largest room, met or missed."""
        size = self.sizes[-1]
        lines = []
        for messages, aim in AIMS.items():
            for other in ("socketio", "sanic"):
                ratio = self.ratio(size, "slotline", messages, other)
                if ratio is not None:
                    what = "single messages" if messages == 1 else f"bursts of {messages}"
                    verdict = "met" if ratio >= aim else "missed"
                    lines.append(
                        f"{what} at {size:,} sockets, per CPU second: {ratio:.1f} × {self.names[other]} "
                        f"(aim ≥ {aim:g}: {verdict})"
                    )
        p50, p99, asked = self.health
        lines.append(
            f"`GET /healthz` during one fan-out after the other to {size:,} sockets: p50 {p50:.1f} ms, p99 {p99:.1f} "
            f"ms of {asked:,} requests (aim: p99 < 50 ms: {'met' if p99 < 50 else 'missed'})"
        )
        memory = ", ".join(f"{self.names[kind]} {size:,.0f}" for kind, size in self.memory.items())
        lines.append(f"bytes of the server's memory a socket, at {self.sizes[-1]:,}: {memory}")
        return lines


def markdown(results: Results, plan: str, command: str, facts: dict[str, str]) -> str:
    lines = [
        "## The live feed beside other ways to fan out",
        "",
        "One worker process that tells a room of sockets, all in one interleaved run. Made by:",
        "",
        f"    {command}",
    ]
    for messages in AIMS:
        title = "One message at a time" if messages == 1 else f"Bursts: {messages} messages for a room at once"
        table = [HEADS, ("---:", "---", *("---:" for _ in HEADS[2:])), *results.rows(messages)]
        lines += ["", f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in table)]
    lines += ["", *(f"- {line}" for line in results.verdicts()), "", *(f"- {note}" for note in notes(plan)), ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def notes(plan: str) -> list[str]:
    return [
        f"{plan}. Each number is the median over the rounds; ratios are taken within a round. Each event is made when "
        "the one before has reached every socket, so deliveries/s in small rooms is mostly the way there and back.",
        "A delivery is one message at one socket: a burst of ten to 5,000 sockets is 50,000. Latency is from the event "
        "to the moment at which half (p50) or 99 % (p99) of the room has read its last message.",
        "Slotline is the whole product: an event is a hold made or released by its Lua script in Redis, published, "
        "heard, checked for its version, encoded and told. The others get a line on a port and send the same JSON.",
        "CPU is that of the server process alone: all its threads, and the kernel's time for its sockets. Bytes a "
        "socket are the process's own memory, without the kernel's buffers.",
        "Slotline waits 2 µs a socket, at most 4 ms, for more changes to leave in the same write.",
        "The client parses nothing: it counts a mark in what it reads, in a process of its own on another core.",
    ]
