"""What Redis and MongoDB say about one expert, as a `Witness` has read it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.model import HELD, Booking, Slot, latest


@dataclass(slots=True)
class SlotHolds:
    """All that Redis has about a slot's holds at one moment. ``tokens``: when each ends; ``holders``: its seat."""

    epoch: str
    record: str
    due: int
    tokens: dict[str, int]
    holders: dict[str, str]

    def seats(self) -> list[int]:
        """The seats that somebody holds, over or not."""
        held = []
        for token, holder in self.holders.items():
            seat, _, epoch = [*holder.split(" "), "", ""][:3]
            if token in self.tokens and epoch == self.epoch and seat.isdigit():
                held.append(int(seat))
        return sorted(held)

    def astray(self) -> list[int]:
        """Those of them that are not held, and those that two hold."""
        seatmap, seats = self.record.rpartition(" ")[2], self.seats()
        return [seat for seat in seats if seatmap[seat - 1 : seat] != HELD or seats.count(seat) > 1]


@dataclass(slots=True)
class Evidence:
    """About one expert. ``records`` and ``slots`` are Redis' calendar, ``stored…`` is what MongoDB has, ``pending…``
    what the outbox has, ``live`` the live copies of bookings, ``keyed`` the idempotency records by booking."""

    expert_id: str
    epoch: str
    version: int
    records: dict[str, str]
    slots: dict[str, Slot] = field(default_factory=dict)
    """The readable ones."""
    listed: bool = True
    """Whether the partition's set of experts has this one."""
    versioned: bool = True
    stored_slots: dict[str, Slot] = field(default_factory=dict)
    stored: dict[str, Booking] = field(default_factory=dict)
    unfenced: set[str] = field(default_factory=set)
    """Those that the fence takes for active and are not, or the other way round."""
    pending: dict[str, Booking] = field(default_factory=dict)
    pending_slots: dict[str, Slot] = field(default_factory=dict)
    live: dict[str, Booking] = field(default_factory=dict)
    copies: dict[str, bytes] = field(default_factory=dict)
    """The live copies as they were read; those that are not in ``live`` cannot be understood."""
    keyed: dict[str, str] = field(default_factory=dict)
    holds: dict[str, SlotHolds] = field(default_factory=dict)
    since: dict[str, list[str]] | None = field(default_factory=dict)
    """The seatmaps that slots have had since the calendar was read, in order; None if that cannot be told."""
    told: int = 0
    """The version up to which that is so."""
    newest: dict[str, str] = field(default_factory=dict)
    """The records, at that version, of the slots that have changed."""

    def record(self, slot_id: str) -> str:
        """A slot's newest record that is known; empty for none."""
        return self.newest.get(slot_id) or self.records.get(slot_id, "")

    def slot(self, slot_id: str) -> Slot | None:
        """The same, if it can be read."""
        return Slot.from_record(slot_id, self.record(slot_id)) if slot_id in self.slots else None

    def still(self, slot_id: str, seat: int) -> bool:
        """Whether a seat has been as the calendar has it all the time. (To look the same at the end is not enough: it
        may have been given back and taken anew.)"""
        if self.since is None:
            return False
        slot = self.slots.get(slot_id)
        mark = slot.seatmap[seat - 1 : seat] if slot else ""
        return all(seatmap[seat - 1 : seat] == mark for seatmap in self.since.get(slot_id, ()))

    def owners(self) -> dict[tuple[str, int], list[Booking]]:
        """Who has each (slot, seat), by the newest that anybody knows about each booking."""
        owners: dict[tuple[str, int], list[Booking]] = {}
        for booking in latest([*self.stored.values(), *self.pending.values(), *self.live.values()]):
            if booking.active:
                owners.setdefault((booking.slot_id, booking.seat), []).append(booking)
        return owners
