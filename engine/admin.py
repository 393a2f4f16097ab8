"""What an administrator does, for the API and the command line: experts, slots, and bookings that stand in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.availability import Availability
from engine.changes import Arranged, BookingsInTheWay, Wish
from engine.errors import (
    ExpertHasBookings,
    ExpertNotFound,
    InvalidTransition,
    SlotHasBookings,
    SlotNotFound,
    SlotOverlaps,
)
from engine.forms import AvailabilityForm, ExpertForm
from engine.model import (
    ADMIN,
    BOOKED,
    HELD,
    Booking,
    Expert,
    Slot,
    Status,
    digest,
    expert_id_of_key,
    expert_of,
    new_expert_id,
)

if TYPE_CHECKING:
    from engine.engine import Engine

WhatOfBookings = Literal["keep", "cancel"] | None
"""What is to become of bookings that stand in the way; None: say that there are some, and do nothing."""

AT_ONCE = 100
"""Slots closed together: their changes are written as one."""

CAUGHT_UP = 5.0
"""Seconds in which bookings that were made a moment ago are in MongoDB, too."""


@dataclass(frozen=True, slots=True)
class Added:
    expert: Expert
    """As the request had it."""
    replayed: bool = False
    """The same Idempotency-Key has added this expert before."""


@dataclass(frozen=True, slots=True)
class Closed:
    slot: Slot
    kept: int
    """Active bookings of the slot, that stay."""
    cancelled: int


class Admin:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add_expert(self, form: ExpertForm, key: str | None = None) -> Added:
        """``key`` is the Idempotency-Key: as long as the expert is there, it gives what it gave first, whatever has
        been changed since. Raises IdempotencyKeyReused, StoreUnavailable."""
        if key is None:
            expert = form.expert(new_expert_id())
            await self._engine.add_experts([expert])
            return Added(expert)
        expert = form.expert(expert_id_of_key(key))
        new = await self._engine.add_expert_once(expert, digest(form.model_dump_json().encode()))
        return Added(expert, replayed=not new)

    async def add_all(self, forms: Sequence[ExpertForm]) -> int:
        """Answers how many that were. Raises StoreUnavailable."""
        return await self._engine.add_experts([form.expert(new_expert_id()) for form in forms])

    async def replace_expert(self, expert_id: str, form: ExpertForm) -> Expert:
        """Raises ExpertNotFound, StoreUnavailable."""
        expert = form.expert(expert_id)
        await self._engine.replace_expert(expert)
        await self._engine.move_availability(expert_id)
        return expert

    async def remove_expert(self, expert_id: str, bookings: WhatOfBookings, reason: str | None) -> int:
        """Takes all slots to come off sale, then the profile out of the catalogue; answers how many bookings were
        cancelled. Those that are kept stay as they are, without the expert's name.

        Raises ExpertNotFound, ExpertHasBookings, StoreUnavailable.
        """
        await self._known(expert_id)
        slots = await self._to_come(expert_id)
        if bookings is None:
            try:
                await self._engine.arrange(expert_id, [Wish("close", slot) for slot in slots])
            except BookingsInTheWay as refusal:
                said = f"this expert has {_count(refusal.count)} to come: say whether to keep or to cancel them"
                raise ExpertHasBookings(said) from None
        await self._engine.end_availability(expert_id)
        slots = [slot for slot in await self._to_come(expert_id) if bookings == "cancel" or _can_be_booked(slot)]
        cancelled = await self._close_all(slots, bookings, reason)
        await self._engine.remove_expert(expert_id)
        # Who put slots on sale meanwhile had not seen that the expert goes; who does from now on looks again then.
        late = [slot for slot in await self._to_come(expert_id) if _can_be_booked(slot)]
        return cancelled + await self._close_all(late, bookings, reason)

    async def add_slots(self, expert_id: str, slots: Sequence[Slot]) -> list[Slot]:
        """Puts slots on sale; answers them as they are now. One that is there already stays as it is.

        Raises ExpertNotFound, SlotOverlaps, StoreUnavailable.
        """
        await self._known(expert_id)
        wishes: list[Wish] = []
        for slot in slots:
            twin = next((each.slot for each in wishes if each.slot.id == slot.id), slot)
            if twin != slot:
                raise SlotOverlaps()
            wishes.append(Wish("add", slot))
        await self._engine.arrange(expert_id, wishes)
        if not await self._engine.is_there(expert_id):
            await self._close_all(slots, "keep", None)
            raise ExpertNotFound()
        now = {slot.id: slot for slot in (await self._engine.calendar(expert_id)).slots}
        return [now[slot.id] for slot in slots if slot.id in now]

    async def availability(self, expert_id: str) -> Availability | None:
        """Raises ExpertNotFound, StoreUnavailable."""
        await self._known(expert_id)
        return await self._engine.availability(expert_id)

    async def set_availability(self, expert_id: str, form: AvailabilityForm) -> tuple[Availability, Arranged]:
        """From now on these hours: what is in them comes on sale; what was in the former ones and is not in these is
        closed, and bookings that it has stay. Slots that were added by hand stay as they are.

        Raises ExpertNotFound, StoreUnavailable.
        """
        rule = form.availability((await self._known(expert_id)).time_zone)
        arranged = await self._engine.set_availability(expert_id, rule)
        await self._engine.move_availability(expert_id)  # who changed the profile's zone meanwhile saw the former hours
        return rule, arranged

    async def close_slot(self, slot_id: str, bookings: WhatOfBookings, reason: str | None) -> Closed:
        """Takes a slot off sale. Raises SlotNotFound, SlotHasBookings, StoreUnavailable."""
        if bookings is not None:
            return await self._close(slot_id, bookings, reason)
        try:
            await self._engine.arrange(expert_of(slot_id), [Wish("close", await self._slot(slot_id))])
        except BookingsInTheWay as refusal:
            said = f"this slot has {_count(refusal.count)}: say whether to keep or to cancel them"
            raise SlotHasBookings(said) from None
        return Closed(await self._slot(slot_id), 0, 0)

    async def open_slot(self, slot_id: str) -> Slot:
        """Raises SlotNotFound, also for a slot of an expert who was removed; SlotOverlaps, StoreUnavailable."""
        try:
            await self._known(expert_of(slot_id))
        except ExpertNotFound:
            raise SlotNotFound() from None
        return await self._engine.open_slot(slot_id)

    async def _close_all(self, slots: Sequence[Slot], bookings: WhatOfBookings, reason: str | None) -> int:
        """Answers how many bookings were cancelled."""
        closed: list[Closed] = []
        for first in range(0, len(slots), AT_ONCE):
            chunk = slots[first : first + AT_ONCE]
            closed += await asyncio.gather(*(self._close(slot.id, bookings, reason) for slot in chunk))
        return sum(each.cancelled for each in closed)

    async def _close(self, slot_id: str, bookings: WhatOfBookings, reason: str | None) -> Closed:
        """Closed first: after that no booking comes any more, and all that are there can be found. Some may still be on
        their way to MongoDB, which alone can look for them, and some that it has have left: Redis says who stays."""
        slot = await self._engine.close_slot(slot_id)
        if bookings != "cancel":
            return Closed(slot, slot.seatmap.count(BOOKED), 0)
        deadline = asyncio.get_running_loop().time() + CAUGHT_UP
        cancelled: set[str] = set()
        while True:
            found = await self._engine.bookings_of_slot(slot_id)
            for booking in found:
                if await self._cancel(booking, slot_id, reason):
                    cancelled.add(booking.id)
            slot = await self._slot(slot_id)
            kept = slot.seatmap.count(BOOKED)
            completed = sum(booking.status is Status.COMPLETED for booking in found)
            if kept <= completed or asyncio.get_running_loop().time() > deadline:
                return Closed(slot, kept, len(cancelled))
            await asyncio.sleep(0.05)

    async def _cancel(self, booking: Booking, slot_id: str, reason: str | None) -> bool:
        """Whether it was this that ended it."""
        why = reason or "the slot was closed"
        try:
            ended = await self._engine.change(booking.id, Status.CANCELLED, ADMIN, why, slot_id=slot_id)
        except InvalidTransition:  # completed, or moved by its customer meanwhile
            return False
        return ended.history[-1].by == ADMIN

    async def _known(self, expert_id: str) -> Expert:
        return await self._engine.expert(expert_id)

    async def _to_come(self, expert_id: str) -> list[Slot]:
        now = await self._engine.now_ms(expert_id)
        return [slot for slot in (await self._engine.calendar(expert_id)).slots if slot.start * 1000 > now]

    async def _slot(self, slot_id: str) -> Slot:
        for slot in (await self._engine.calendar(expert_of(slot_id))).slots:
            if slot.id == slot_id:
                return slot
        raise SlotNotFound()


def _can_be_booked(slot: Slot) -> bool:
    """Also one that hours have closed, by who holds a seat of it."""
    return not slot.closed or HELD in slot.seatmap


def _count(number: int) -> str:
    return f"{number} active booking{'' if number == 1 else 's'}"
