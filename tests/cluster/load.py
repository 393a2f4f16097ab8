"""Clients that book one slot after the other, repeating each request with its Idempotency-Key until it is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.engine import Engine
from engine.errors import SlotTaken, StoreUnavailable
from engine.model import Booking, Slot, new_slot
from tests.samples import Sample


class Load:
    def __init__(self, engine: Engine, samples: list[Sample]) -> None:
        self.engine = engine
        self.samples = samples
        self.booked: dict[str, tuple[float, Booking]] = {}
        """By key: when it was answered, and with what. Durable ones only."""
        self.refused: dict[str, Exception] = {}
        """By key: what a client got that was no booking and no request to come back."""
        self.retries = 0
        self.longest = 0.0
        """Seconds that the slowest answer took."""
        self._stop = asyncio.Event()

    def of(self, sample: Sample) -> list[float]:
        """When this expert's bookings were answered."""
        return sorted(at for at, booking in self.booked.values() if booking.expert_id == sample.expert.id)

    async def client(self, sample: Sample, slots: list[Slot]) -> None:
        for slot in slots:
            if self._stop.is_set():
                return
            await self.book(sample, slot)
            await asyncio.sleep(0.01)

    async def book(self, sample: Sample, slot: Slot) -> None:
        request = sample.request(slot, key=f"book {slot.id}")
        assert request.key is not None
        began = time.monotonic()
        while True:
            try:
                booked = await self.engine.book(request)
            except StoreUnavailable:
                self.retries += 1
                await asyncio.sleep(0.05)
                continue
            except Exception as error:
                self.refused[request.key] = error
                return
            if booked.durable:
                self.booked[request.key] = (time.monotonic(), booked.booking)
            self.longest = max(self.longest, time.monotonic() - began)
            return

    @asynccontextmanager
    async def running(self, clients: int = 3) -> AsyncIterator[None]:
        """With so many clients for each expert."""
        tasks = []
        for sample in self.samples:
            start = sample.group.end + 3600
            slots = [new_slot(sample.expert.id, start + 900 * n, start + 900 * (n + 1)) for n in range(1500)]
            await self.engine.add_slots(slots)
            tasks += [asyncio.create_task(self.client(sample, slots[n::clients])) for n in range(clients)]
        try:
            yield
        finally:
            self._stop.set()
            await asyncio.gather(*tasks)

    async def check(self) -> int:
        """No answer is lost, none is double; answers how many seats Redis had forgotten, each refused by the fence."""
        assert not self.refused, self.refused
        stored: dict[str, Booking] = {}
        async for booking in self.engine.store.bookings.since([sample.expert.id for sample in self.samples], 0):
            assert stored.setdefault(booking.id, booking) is booking, "stored twice"
        assert all(stored.get(booking.id) == booking for _, booking in self.booked.values())
        await self.engine.journal.adopt(0)
        forgotten = 0
        for sample in self.samples:
            taken = await self.taken(sample)
            for slot in (await self.engine.calendar(sample.expert.id)).slots:
                assert len(taken.get(slot.id, [])) <= slot.seats, "overbooked"
                if slot.free < slot.seats - len(taken.get(slot.id, [])):
                    raise AssertionError(f"a ghost seat in {slot}")
                if slot.free > slot.seats - len(taken.get(slot.id, [])):
                    forgotten += 1
                    await self.refuse(sample, slot)
            after = (await self.engine.calendar(sample.expert.id)).slots
            assert [slot.free for slot in after] == [slot.seats - len(taken.get(slot.id, [])) for slot in after]
        return forgotten

    async def refuse(self, sample: Sample, slot: Slot) -> None:
        try:
            await self.engine.book(sample.request(slot))
        except SlotTaken:
            return
        raise AssertionError(f"booked twice: {slot}")

    async def taken(self, sample: Sample) -> dict[str, list[int]]:
        """Seats by slot, as MongoDB has them."""
        seats: dict[str, list[int]] = {}
        async for booking in self.engine.store.bookings.since([sample.expert.id], 0):
            if booking.active:
                seats.setdefault(booking.slot_id, []).append(booking.seat)
        return seats
