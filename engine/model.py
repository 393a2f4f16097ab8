"""What the engine is about: experts, slots, bookings and the status machine. No I/O.

Units: slot times are whole epoch seconds (UTC); moments of change are epoch milliseconds, as Redis gave them.
Ids are opaque to clients. Inside, a slot id and a booking id begin with their expert's id, so that every key of
a request can be named without a look-up: ``<expert>-<start, base 36 minutes>`` and ``<expert>-<32 random hex digits>``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

BASE36 = string.digits + string.ascii_lowercase
EXPERT_ID_LENGTH = 10

FREE, BOOKED, HELD = ".", "b", "h"
SLOT_RECORD = re.compile(r"([0-9]+) ([0-9]+) ([0-9]+) ([012]) ([0-9]+) ([.bh]+)").fullmatch
"""The same pattern as in ``lua/includes/slot.lua``."""
ADMIN = "admin"
"""How the history of a booking calls whoever showed the admin token, or sat at the command line."""


class Status(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


ACTIVE = (Status.PENDING, Status.CONFIRMED, Status.COMPLETED)
"""A booking with one of these keeps its seat."""

TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.PENDING: (Status.CONFIRMED, Status.CANCELLED),
    Status.CONFIRMED: (Status.COMPLETED, Status.CANCELLED),
    Status.COMPLETED: (),
    Status.CANCELLED: (),
}


class SlotState(StrEnum):
    OPEN = "open"
    HELD = "held"
    BOOKED = "booked"
    PAST = "past"
    CLOSED = "closed"


def base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = BASE36[rest] + digits
        if not number:
            return digits


def new_expert_id() -> str:
    return "".join(secrets.choice(BASE36) for _ in range(EXPERT_ID_LENGTH))


def expert_id_of_key(key: str) -> str:
    """The id of the expert whom the request with this Idempotency-Key adds: always the same."""
    return base36(int(digest(f"expert {key}".encode()), 16))[-EXPERT_ID_LENGTH:]


def new_booking_id(expert_id: str) -> str:
    return f"{expert_id}-{os.urandom(16).hex()}"


def slot_id(expert_id: str, start: int) -> str:
    """The id of the slot of an expert that starts at ``start`` (epoch seconds, a whole minute)."""
    minutes, rest = divmod(start, 60)
    if rest or start < 0:
        raise ValueError("a slot starts on a whole minute after 1970")
    return f"{expert_id}-{base36(minutes)}"


def digest(data: bytes) -> str:
    """128 bits in hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def new_hold_token(slot_id: str, client: str = "") -> str:
    """``client``, in letters and digits, is whom the hold counts for, whoever renews it or gives it back."""
    return f"{slot_id}-{secrets.token_hex(12)}{client}"


def client_of_hold(token: str) -> str:
    """Whom a hold counts for, or nothing."""
    return token.rpartition("-")[2][24:]


def slot_of_hold(token: str) -> str:
    """The id of the slot inside a hold token; for anything else, some text that is no slot's id."""
    return token.rpartition("-")[0]


def expert_of(opaque_id: str) -> str:
    """The expert's id inside a slot or booking id; for anything else, the text before its first dash."""
    return opaque_id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Expert:
    id: str
    name: str
    category: str
    headline: str
    bio: str
    languages: tuple[str, ...]
    time_zone: str
    """An IANA name."""
    experience: int
    """Whole years."""
    rating: float
    """0.0 to 5.0, one decimal."""
    review_count: int
    email: str
    phone: str

    @property
    def avatar_url(self) -> str:
        return f"/avatars/{self.id}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as Redis has it. ``seatmap`` has a character a seat: ``.`` free, ``b`` booked, ``h`` held."""

    id: str
    start: int
    end: int
    seatmap: str
    closed: int = 0
    """1: by hand; 2: by weekly hours, which may open it again."""
    revision: int = 0
    """Goes up when the slot itself is closed or opened, not when a seat is taken."""
    held_until: int = 0
    """Epoch ms at which the first hold of the slot ends; 0 for none."""

    @property
    def expert_id(self) -> str:
        return expert_of(self.id)

    @property
    def seats(self) -> int:
        return len(self.seatmap)

    @property
    def free(self) -> int:
        return self.seatmap.count(FREE)

    def state(self, now_ms: int) -> SlotState:
        if self.start * 1000 <= now_ms:
            return SlotState.PAST
        if self.closed:
            return SlotState.CLOSED
        if FREE in self.seatmap:
            return SlotState.OPEN
        return SlotState.HELD if HELD in self.seatmap else SlotState.BOOKED

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """All of it but who has its seats: start, end, revision, whether and how it is closed, number of seats."""
        return self.start, self.end, self.revision, self.closed, self.seats

    @property
    def record(self) -> str:
        """The slot as one field of the calendar hash; ``lua/includes/slot.lua`` reads and writes the same."""
        return f"{self.start} {self.end} {self.revision} {int(self.closed)} {self.held_until} {self.seatmap}"

    @classmethod
    def from_record(cls, slot_id: str, record: str) -> Slot:
        """Raises ValueError for what the scripts take for no slot, either."""
        if (found := SLOT_RECORD(record)) is None:
            raise ValueError(f"not a slot: {record[:60]!r}")
        start, end, revision, closed, held_until, seatmap = found.groups()
        return cls(slot_id, int(start), int(end), seatmap, int(closed), int(revision), int(held_until))


def new_slot(expert_id: str, start: int, end: int, seats: int = 1) -> Slot:
    """An open, empty slot.

    Raises ValueError for times off the minute, an end before the start, or seats outside 1..1000.
    """
    if end <= start or end % 60:
        raise ValueError("a slot ends on a whole minute after its start")
    if not 1 <= seats <= 1000:
        raise ValueError("a slot has 1 to 1,000 seats")
    return Slot(slot_id(expert_id, start), start, end, FREE * seats)


class Place(NamedTuple):
    slot_id: str
    seat: int
    start: int
    end: int


class Change(NamedTuple):
    """One entry of a booking's history."""

    at: int
    from_status: Status | None
    to_status: Status
    by: str
    """``customer``, ``admin`` or ``system``."""
    reason: str | None = None
    place: Place | None = None
    """Where the booking got its seat: when it was made, and when it moved."""


@dataclass(slots=True)
class Booking:
    id: str
    revision: int
    status: Status
    slot_id: str
    seat: int
    """1-based seat number within the slot."""
    start: int
    end: int
    name: str
    email: str
    phone: str
    notes: str
    created_at: int
    updated_at: int
    history: tuple[Change, ...]
    idempotency: str | None = None
    """Digest of the Idempotency-Key that made it."""
    fingerprint: str | None = None
    """Digest of the request that made it."""

    @property
    def expert_id(self) -> str:
        return expert_of(self.id)

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    def first(self) -> Booking:
        """The booking as it was when it was made: what a replay of the request answers."""
        made = self.history[0]
        place = made.place or Place(self.slot_id, self.seat, self.start, self.end)
        return Booking(
            self.id, 1, made.to_status, *place, self.name, self.email, self.phone, self.notes, self.created_at,
            self.created_at, (made,), self.idempotency, self.fingerprint,
        )  # fmt: skip


T = TypeVar("T", Slot, Booking)


def latest(things: Iterable[T]) -> list[T]:
    """Each slot, or booking, once, at its newest revision."""
    found: dict[str, T] = {}
    for thing in things:
        known = found.get(thing.id)
        if known is None or known.revision < thing.revision:
            found[thing.id] = thing
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Hold:
    token: str
    expires_at: int
    """Epoch ms."""
    replayed: bool = False
    """The same Idempotency-Key had made it before."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """An expert's slots at one version of one epoch, ordered by start."""

    expert_id: str
    epoch: str
    version: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a longer list."""

    items: list[Any]
    page: int
    limit: int
    total: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.limit)
