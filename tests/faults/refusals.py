"""Refusals and views: a slot called taken or held must have been full at some moment of the request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tests.faults.history import Op
from tests.faults.linear import most_at_once
from tests.faults.stays import Spans, stays_of

FULL = ("slot-taken", "slot-held", "hold-expired")

HOLD_LINGERS = 1.0
"""Seconds after its end within which the sweeper has given a hold's seat back."""

HOLD_UNKNOWN = 40.0
"""Seconds for which a hold whose answer was lost may stand, counted from its request."""

Interval = tuple[float, float]


def check_refusals(
    ops: Sequence[Op], seats: dict[str, int], bookings: Sequence[dict[str, Any]], windows: Sequence[Interval]
) -> Iterator[tuple[str, str]]:
    """Leaves out the ``windows`` in which Redis had forgotten something and was not mended yet."""
    taken = possible(ops, bookings, windows)
    for op in ops:
        span = (op["invoke"], op["return"])
        if op["code"] in FULL and not any(begin <= span[1] and end >= span[0] for begin, end in windows):
            slot = op["args"]["slot"]
            most = most_at_once(taken[slot], *span)
            if most < seats[slot]:
                yield (
                    "refused-wrongly",
                    f"{op['id']} was answered {op['code']}; at most {most} of {seats[slot]} seats of {slot} were taken",
                )
    yield from check_views(ops, windows)


def possible(
    ops: Sequence[Op], bookings: Sequence[dict[str, Any]], windows: Sequence[Interval]
) -> dict[str, list[Interval]]:
    """Slot id → when a seat of it may have been taken, by each booking, hold and request of unknown fate."""
    taken: dict[str, list[Interval]] = defaultdict(list)
    spans = Spans(ops)
    for document in bookings:
        for stay in stays_of(document, spans):
            taken[stay.slot].append(stay.longest)
    made = {document["notes"] for document in bookings}
    uses: dict[str, list[Op]] = defaultdict(list)
    for op in ops:
        uses[op["args"].get("token", "")].append(op)
    for op in ops:
        slot = op["args"].get("slot")
        if op["verb"] == "book" and op["outcome"] == "unknown" and op["args"]["tag"] not in made:
            # It stood in Redis only, until Redis forgot it; without that it would be a document by now.
            taken[slot].append((op["invoke"], min((b for b, _ in windows if b > op["invoke"]), default=op["return"])))
        elif op["verb"] == "reschedule" and op["outcome"] == "unknown":
            taken[slot].append((op["invoke"], op["return"]))
        elif op["verb"] == "hold" and op["outcome"] != "refused":
            taken[slot].append((op["invoke"], hold_end(op, uses[op["body"].get("holdToken", "")])))
    return taken


def hold_end(hold: Op, uses: Sequence[Op]) -> float:
    """``uses``: the operations with its token."""
    if hold["outcome"] == "unknown":
        return float(hold["invoke"]) + HOLD_UNKNOWN
    end = seconds_left(hold) + hold["return"] + HOLD_LINGERS
    if any(op["verb"] == "renew" for op in uses):
        end += HOLD_UNKNOWN
    return float(min([end, *(op["return"] for op in uses if op["verb"] != "renew" and op["outcome"] == "ok")]))


def seconds_left(hold: Op) -> float:
    """How long a hold was to last when it was answered."""
    ends = datetime.fromisoformat(hold["body"]["expiresAt"]).timestamp()
    return max(ends - float(hold["wall"]), 0.0)


def check_views(ops: Sequence[Op], windows: Sequence[Interval]) -> Iterator[tuple[str, str]]:
    """A look-up shows at least what was answered before it began."""
    answered: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for op in ops:
        if op["outcome"] == "ok" and "history" in op["body"]:
            answered[op["body"]["id"]].append((op["return"], len(op["body"]["history"])))
    for op in ops:
        if op["verb"] != "look" or op["outcome"] != "ok":
            continue
        if any(begin <= op["return"] and end >= op["invoke"] for begin, end in windows):
            continue
        known = max((length for end, length in answered[op["body"]["id"]] if end < op["invoke"]), default=0)
        if len(op["body"]["history"]) < known:
            yield "stale-view", f"{op['id']} showed {op['body']['id']} after {known} changes as it was before"
