"""Reads a history and what the servers have at its end, and finds every broken promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model import BOOKED, HELD
from tests.faults import documents
from tests.faults.generation import State
from tests.faults.history import Op
from tests.faults.linear import linearizable
from tests.faults.refusals import check_refusals
from tests.faults.stays import Spans, by_seat, stays_of

Windows = Sequence[tuple[float, float]]
"""When Redis had forgotten something and was being mended: what is shown or refused then may be out of date."""


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def check(ops: Sequence[Op], seats: dict[str, int], state: State, windows: Windows = ()) -> list[Violation]:
    """``seats``: slot id → number of seats; ``state`` was read when nothing was going on any more."""
    found: list[Violation] = []
    for kind, what in (
        *check_bookings(ops, state.documents),
        *check_answers(ops, state.documents),
        *documents.check(state.documents),
        *check_seats(ops, seats, state.documents),
        *check_refusals(ops, seats, state.documents, windows),
        *check_state(seats, state),
    ):
        found.append(Violation(kind, what))
    return found


Found = Iterator[tuple[str, str]]


def check_bookings(ops: Sequence[Op], bookings: Sequence[dict[str, Any]]) -> Found:
    """Every 201 exists once, under the id that was answered; what was refused does not exist."""
    ids = {document["_id"] for document in bookings}
    books = [op for op in ops if op["verb"] == "book"]
    answered: dict[str, set[str]] = {}
    open_or_done = {op["args"]["tag"] for op in books if op["outcome"] != "refused"}
    for op in books:
        if op["outcome"] == "ok":
            booking = op["body"]["id"]
            answered.setdefault(op["args"]["tag"], set()).add(booking)
            if booking not in ids:
                yield "lost", f"{op['id']} was answered 201 {booking}, which MongoDB does not have"
    for tag, several in answered.items():
        if len(several) > 1:
            yield "two-answers", f"the request {tag} was answered with {sorted(several)}"
    yield from check_keys(books, bookings)
    kept = Counter(document["notes"] for document in bookings if not documents.taken_back(document))
    for tag, number in kept.items():
        if number > 1:
            yield "duplicate", f"the request {tag} made {number} bookings"
        if tag not in open_or_done:
            yield "phantom", f"the request {tag} was refused, and its booking exists"


def check_keys(books: Sequence[Op], bookings: Sequence[dict[str, Any]]) -> Found:
    """Whoever asks again with a key is not told that the slot is full once that key has its booking."""
    made = {d["notes"]: int(d["createdAt"]) / 1000 for d in bookings if not documents.taken_back(d)}
    for op in books:
        began = op["wall"] - (op["return"] - op["invoke"])
        if op["args"]["key"] and op["outcome"] == "refused" and made.get(op["args"]["tag"], began) < began - 0.1:
            yield (
                "key-forgotten",
                f"{op['id']} was answered {op['code']}, and its key {op['args']['tag']} has a booking",
            )


def check_answers(ops: Sequence[Op], bookings: Sequence[dict[str, Any]]) -> Found:
    """Whatever a change was answered with is in the booking's history for ever; nothing that exists is not found."""
    histories = {document["_id"]: documents.history_of(document) for document in bookings}
    known: dict[str, float] = {}
    for op in sorted(ops, key=lambda op: op["return"]):
        body = op["body"]
        if op["status"] == 500:
            yield "internal-error", f"{op['id']} {op['verb']} was answered 500 {op['code']}"
        if op["code"] in ("slot-not-found", "expert-not-found"):
            yield "vanished", f"{op['id']} {op['verb']} was answered {op['code']}"
        if op["code"] == "booking-not-found" and known.get(op["args"].get("booking", ""), op["invoke"]) < op["invoke"]:
            yield "vanished", f"{op['id']} {op['verb']} did not find {op['args']['booking']}, answered 201 before"
        if op["outcome"] != "ok" or "history" not in body:
            continue
        known.setdefault(body["id"], op["return"])
        history = histories.get(body["id"])
        if op["verb"] != "look" and history is not None and history[: len(body["history"])] != body["history"]:
            yield (
                "lost-change",
                f"{op['id']} {op['verb']} {body['id']} was answered {body['history'][-1]}, history is {history}",
            )


def check_seats(ops: Sequence[Op], seats: dict[str, int], bookings: Sequence[dict[str, Any]]) -> Found:
    """No seat twice: the active documents, and every seat's history as a register with an owner."""
    spans = Spans(ops)
    stays = [stay for document in bookings for stay in stays_of(document, spans)]
    owners: dict[tuple[str, int], list[str]] = {}
    for document in bookings:
        if document["active"]:
            owners.setdefault((document["slotId"], int(document["seat"])), []).append(document["_id"])
    for (slot, seat), several in owners.items():
        if len(several) > 1:
            yield "double-booking", f"seat {seat} of {slot} belongs to {several}"
        if not 1 <= seat <= seats.get(slot, 0):
            yield "no-such-seat", f"{several} have seat {seat} of {slot}"
    for place, of_seat in by_seat(stays).items():
        events = [event for stay in of_seat for event in stay.events()]
        final = owners.get(place, [None])
        if len(final) == 1 and not linearizable(events, final[0]):
            yield "not-linearizable", f"seat {place[1]} of {place[0]}, now of {final[0]}: {of_seat}"


def check_state(seats: dict[str, int], state: State) -> Found:
    """Conservation: Redis shows taken exactly what MongoDB has, and its live copies are the documents."""
    taken = Counter((d["slotId"], int(d["seat"])) for d in state.documents if d["active"])
    for slot, number in seats.items():
        seatmap = state.seatmaps.get(slot)
        if seatmap is None or len(seatmap) != number:
            yield "conservation", f"Redis has {slot} as {seatmap}, it has {number} seats"
            continue
        for seat, mark in enumerate(seatmap, 1):
            if mark == BOOKED and not taken[slot, seat]:
                yield "ghost-seat", f"seat {seat} of {slot} is booked in Redis, and nobody has it"
            if mark != BOOKED and taken[slot, seat]:
                yield "seat-shown-free", f"seat {seat} of {slot} is {mark!r} in Redis, and somebody has it"
        if seatmap.count(HELD) != len(state.held.get(slot, ())):
            yield "ghost-seat", f"{slot} is {seatmap} in Redis, its holds are {state.held.get(slot, [])}"
    for document in state.documents:
        copy = state.live.get(document["_id"])
        here = (document["rev"], document["status"], document["slotId"], document["seat"])
        if copy and (there := (copy.revision, copy.status.value, copy.slot_id, copy.seat)) != here:
            yield "live-copy", f"{document['_id']} is {here} in MongoDB, {there} in Redis"
    if state.poison:
        yield "poison", f"{state.poison} outbox entries were set aside"
