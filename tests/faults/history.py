"""What every client asked and was answered, and every fault, as lines of JSON.

An operation::

    {"kind": "op", "id": "g1c3n17", "client": 3, "verb": "book", "args": {…}, "invoke": s, "return": s,
     "outcome": "ok" | "refused" | "unknown", "status": 201, "code": null, "replayed": false, "body": {…}}

Times are seconds of the monotonic clock. ``unknown`` is a time-out, a broken connection, a 5xx or a 202: it may have
taken effect, may do so later, or never. A fault: ``{"kind": "fault", "name", "start", "end", …}``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson

Op = dict[str, Any]


def outcome_of(status: int) -> str:
    """``status`` 0 stands for: no answer."""
    if status == 202 or status >= 500 or status == 0:
        return "unknown"
    return "ok" if status < 300 else "refused"


class History:
    """One file a generation, so that a long run can drop what has been checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.totals: Counter[tuple[str, str]] = Counter()
        """(verb, outcome) → how many."""
        self.codes: Counter[tuple[str, str]] = Counter()
        """(verb, problem code or status) → how many."""

    def path(self, generation: int) -> Path:
        return self._folder / f"history-{generation}.jsonl"

    def record(self, generation: int, op: Op) -> None:
        self.totals[op["verb"], op["outcome"]] += 1
        self.codes[op["verb"], str(op["code"] or op["status"])] += 1
        self._append(generation, op)

    def fault(self, generation: int, fault: dict[str, Any]) -> None:
        self._append(generation, fault)

    def _append(self, generation: int, line: dict[str, Any]) -> None:
        with self.path(generation).open("ab") as file:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def read(self, generation: int) -> list[Op]:
        """The operations of a generation, in the order of their answers."""
        path = self.path(generation)
        if not path.exists():
            return []
        lines = (orjson.loads(line) for line in path.read_bytes().splitlines())
        return [line for line in lines if line["kind"] == "op"]

    def drop(self, generation: int) -> None:
        self.path(generation).unlink(missing_ok=True)
