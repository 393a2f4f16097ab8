"""The documents by themselves: a legal way through the status machine, and a history that says the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from api.views import moment
from engine.model import ACTIVE, TRANSITIONS, Status


def history_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """As the API answers it."""
    return [
        {
            "at": moment(int(entry["at"])),
            "from": entry["from"],
            "to": entry["to"],
            "by": entry["by"],
            "reason": entry["reason"],
        }
        for entry in document["history"]
    ]


def taken_back(document: dict[str, Any]) -> bool:
    """Whether it is only kept to say that its claim was refused by MongoDB after its client had gone."""
    last = document["history"][-1]
    return bool(last["to"] == "cancelled" and last["by"] == "system")


def check(bookings: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for document in bookings:
        for wrong in faults(document):
            yield "status-machine", f"{document['_id']}: {wrong}; {document['history']}"


def faults(document: dict[str, Any]) -> Iterator[str]:
    history = document["history"]
    if not history or history[0]["from"] is not None or history[0]["to"] != "pending" or "slot" not in history[0]:
        yield "does not begin as pending on a seat"
        return
    for before, entry in pairwise(history):
        moved = "slot" in entry
        legal = entry["to"] == entry["from"] if moved else Status(entry["to"]) in TRANSITIONS[Status(entry["from"])]
        if entry["from"] != before["to"] or not legal or (moved and Status(entry["from"]) not in ACTIVE):
            yield f"goes from {before['to']} by {entry['from']} to {entry['to']}"
    place = [entry for entry in history if "slot" in entry][-1]
    if (document["slotId"], int(document["seat"])) != (place["slot"], int(place["seat"])):
        yield f"is at {document['slotId']}/{document['seat']}"
    if document["status"] != history[-1]["to"] or document["active"] != (Status(document["status"]) in ACTIVE):
        yield f"is {document['status']}, active {document['active']}"
    if int(document["rev"]) != len(history):
        yield f"is at revision {document['rev']} after {len(history)} changes"
