"""Mends what an audit found. Every mend is one script, or one conditional write, that looks again at what it changes: a
live change in between makes it do nothing, and it is tried again from fresh evidence.

MongoDB is right about what it has; Redis is right about what it decided later. What neither can know is left to a
person, with the reason.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.audit import Audit
from engine.errors import SlotlineError
from engine.evidence import Evidence
from engine.invariants import Finding, faults, key_record, newest
from engine.keys import Partition
from engine.link import Arg
from engine.model import BOOKED, FREE, Booking, Slot, expert_of
from engine.records import from_entry
from engine.rightful import as_near_as_can_be, in_use, rightful

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger("slotline.repair")

TRIES = 8

AT_ONCE = 20
"""Experts mended at the same time."""

DONE = {
    "ghost-seat": "freed",
    "lost-seat": "marked as booked again",
    "ghost-hold": "freed",
    "stale-hold": "ended",
    "stray-hold": "ended",
    "held-until": "holds, slot and sweeper made to agree",
    "slot-missing": "put back on sale, with its bookings",
    "slot-lost": "put on sale again, as its bookings tell",
    "slot-unknown": "taken off sale; or, having bookings, written to MongoDB again",
    "slot-unreadable": "written anew from MongoDB",
    "slot-differs": "made as MongoDB has it",
    "slot-unwritten": "written to MongoDB",
    "booking-behind": "MongoDB's newer revision put into Redis",
    "booking-differs": "MongoDB's copy put into Redis",
    "booking-unwritten": "written to MongoDB, or taken back if its seat was gone",
    "key-differs": "recorded again",
    "unfenced": "fenced as its status says",
    "version-lost": "goes on with a version that was never used",
    "expert-unlisted": "listed",
    "stuck": "written to MongoDB, or set aside",
    "no-epoch": "rebuilt from MongoDB",
    "poison": "dropped: MongoDB has this revision or a later one",
}

MARKS = {"ghost-seat": FREE, "lost-seat": BOOKED}
"""What the seat of such a finding should be."""

BY_HAND = {
    "double-booking": "two customers were promised this seat: a person must cancel one of the bookings",
    "unfenced": "another booking has its seat: a person must cancel one of them",
    "poison": "MongoDB refuses it, and nothing newer is known: a person must look at it, then XDEL it",
    "slot-differs": "bookings have seats beyond those that MongoDB says there are: a person must decide",
}


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a finding. ``done`` False: it is still there, and ``text`` says why."""

    finding: Finding
    done: bool
    text: str

    @property
    def for_a_person(self) -> bool:
        return not self.done and self.text in BY_HAND.values()


class Repair:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._calls = engine.calls
        self._keys = engine.keys
        self._audit = Audit(engine)

    async def run(self, findings: Sequence[Finding]) -> list[Mended]:
        """Mends; answers what became of each finding. Raises StoreUnavailable, PyMongoError."""
        if any(finding.kind == "no-epoch" for finding in findings):
            await self._engine.rebuilder.ensure()
        if any(finding.kind == "stuck" for finding in findings):
            await adopt_all(self._engine)
        by_expert: dict[str, list[Finding]] = {}
        mended = []
        for finding in findings:
            if finding.expert_id:
                by_expert.setdefault(finding.expert_id, []).append(finding)
            else:
                mended.append(await self._partition_wide(finding))
        turn = asyncio.Semaphore(AT_ONCE)
        for of_expert in await asyncio.gather(*(self._expert(i, each, turn) for i, each in by_expert.items())):
            mended += of_expert
        for each in mended:
            log.warning("%s %s: %s: %s", each.finding.kind, each.finding.subject, each.finding.detail, each.text)
        return mended

    async def _partition_wide(self, finding: Finding) -> Mended:
        partition = self._keys.partitions[finding.partition]
        if finding.kind == "poison":
            gone = await self._drop_poison(partition, finding.subject)
        elif finding.kind == "no-epoch":
            gone = bool(await self._calls.command("EXISTS", partition.epoch))
        else:
            entry = finding.detail.rpartition(" ")[2]
            gone = not await self._calls.command("XRANGE", partition.outbox, entry, entry)
        return Mended(finding, gone, DONE[finding.kind] if gone else BY_HAND.get(finding.kind, "it is still there"))

    async def _drop_poison(self, partition: Partition, entry: str) -> bool:
        """Poison that nobody needs any more goes."""
        found = await self._calls.command("XRANGE", partition.poison, entry, entry)
        if not found:
            return True
        try:
            thing = from_entry(found[0][1])
        except (KeyError, ValueError):
            return False
        if isinstance(thing, Slot):
            return False
        stored = await self._engine.store.bookings.get(thing.id)
        if stored is None or stored.revision < thing.revision:
            return False
        await self._calls.command("XDEL", partition.poison, entry)
        return True

    async def _expert(self, expert_id: str, findings: list[Finding], turn: asyncio.Semaphore) -> list[Mended]:
        async with turn:
            partition = self._keys.of(expert_id)
            subjects = {finding.subject for finding in findings}
            extra = {expert_id: {f.subject for f in findings if f.kind.startswith("booking-")}}
            for number in range(TRIES + 1):
                [evidence] = await self._audit.witness.hear(partition, [expert_id], extra)
                current = faults(evidence, partition.number, self._audit.clock())
                left = {(finding.kind, finding.subject) for finding in current}
                hope = any((f.kind, f.subject) in left for f in findings if f.kind != "double-booking")
                if number == TRIES or (number and not hope):
                    break
                try:
                    await self._mend(partition, evidence, [f for f in current if f.subject in subjects])
                except SlotlineError as error:
                    log.warning("expert %s: %s", expert_id, error)
                await asyncio.sleep(0.02 * number * random.random())
        return [outcome(finding, (finding.kind, finding.subject) in left, evidence) for finding in findings]

    async def _mend(self, partition: Partition, evidence: Evidence, findings: Sequence[Finding]) -> None:
        """One try at all that is wrong with an expert. Seats first: what follows may change the version."""
        subjects: dict[str, set[str]] = {}
        for finding in findings:
            subjects.setdefault(finding.kind, set()).add(finding.subject)
        slots = {f.subject for f in findings if f.kind.startswith("slot-")}
        seats = [f for f in findings if f.kind in MARKS and f.subject not in slots]
        await self._mend_seats(partition, evidence, seats)
        await self._mend_slots(partition, evidence, slots - subjects.get("slot-unwritten", set()))
        if slots or seats or "expert-unlisted" in subjects:  # a calendar that was all forgotten was not listed either
            keys = (*partition.feed(evidence.expert_id), partition.experts)
            await self._calls.run("add_slots", keys, (evidence.expert_id, self._calls.publish[0]))
        # A hold that lost its seat to a booking would, at its end, give back whatever is there by then.
        at_odds = (slots | {finding.subject for finding in seats}) & evidence.holds.keys()
        for kind in ("ghost-hold", "stale-hold", "stray-hold", "held-until"):
            at_odds |= subjects.get(kind, set())
        for slot_id in at_odds:
            await self._settle_holds(partition, slot_id)
        if "version-lost" in subjects:
            epoch, _, version, log_key, channel = partition.feed(evidence.expert_id)
            await self._calls.run("leap", (epoch, version, log_key, channel), (self._calls.publish[0],))
        for booking_id in subjects.get("unfenced", ()):
            await self._engine.store.bookings.fence_again(evidence.stored[booking_id])
        for booking_id in subjects.get("booking-differs", ()):
            await self._forget(partition, evidence, booking_id)
        for kind in ("booking-behind", "booking-differs"):
            for booking_id in subjects.get(kind, ()):
                if stored := evidence.stored.get(booking_id):
                    await self._engine.fence.restore(stored)
        for booking_id in subjects.get("key-differs", ()):
            await self._remember(partition, evidence, evidence.stored[booking_id])
        things: list[Booking | Slot] = [evidence.live[i] for i in subjects.get("booking-unwritten", ())]
        things += [evidence.slots[i] for i in subjects.get("slot-unwritten", ())]
        await asyncio.gather(*(self._engine.journal.commit(thing, None) for thing in things), return_exceptions=True)

    async def _mend_seats(self, partition: Partition, evidence: Evidence, findings: Sequence[Finding]) -> None:
        """A slot at a time: whatever goes on around these seats does not matter."""
        if findings and evidence.since is None:
            slots = {finding.subject for finding in findings}
            [evidence] = await self._audit.witness.hear(partition, [evidence.expert_id], slots=slots)
            findings = [f for f in faults(evidence, partition.number, self._audit.clock()) if f in findings]
        right: dict[str, Slot] = {}
        for finding in findings:
            slot = right.get(finding.subject) or evidence.slot(finding.subject)
            if slot and finding.seat <= slot.seats and evidence.still(slot.id, finding.seat):
                seatmap = slot.seatmap[: finding.seat - 1] + MARKS[finding.kind] + slot.seatmap[finding.seat :]
                right[slot.id] = replace(slot, seatmap=seatmap)
        for slot in right.values():
            await self._put(partition, evidence, [slot.id, evidence.record(slot.id), slot.record])

    async def _mend_slots(self, partition: Partition, evidence: Evidence, slot_ids: set[str]) -> None:
        """Those that come and go together, the others one by one: one that keeps changing is in nobody's way."""
        triples: list[Arg] = []
        for slot_id in sorted(slot_ids):
            if newest(evidence, slot_id) is None and (needed := in_use(evidence, slot_id)):
                await self._engine.store.slots.add([needed])
                evidence.stored_slots[slot_id] = needed
            seen = evidence.record(slot_id)
            right = rightful(evidence, slot_id)
            triple = [slot_id, seen, right.record if right else ""]
            if right and slot_id in evidence.slots:
                await self._put(partition, evidence, triple)
            else:
                triples += triple
        if triples:
            await self._put(partition, evidence, triples)

    async def _put(self, partition: Partition, evidence: Evidence, triples: Sequence[Arg]) -> None:
        """``triples``: slot id, the record that was seen, the right one. Does nothing if that is not how it is now."""
        arguments = (evidence.epoch, evidence.told, *self._calls.publish, *triples)
        await self._calls.run("mend_slots", partition.feed(evidence.expert_id), arguments)

    async def _settle_holds(self, partition: Partition, slot_id: str) -> None:
        keys = (*partition.feed(expert_of(slot_id)), *partition.holds(slot_id))
        await self._calls.run("settle_holds", keys, (slot_id, *self._calls.publish))

    async def _forget(self, partition: Partition, evidence: Evidence, booking_id: str) -> None:
        keys = (partition.epoch, partition.booking(booking_id))
        await self._calls.run("forget_booking", keys, (evidence.copies[booking_id],))

    async def _remember(self, partition: Partition, evidence: Evidence, booking: Booking) -> None:
        await self._calls.run(
            "remember",
            (partition.epoch, partition.idempotency(booking.idempotency or "")),
            (evidence.keyed[booking.id], key_record(booking), booking.end + self._engine.settings.keep_bookings),
        )


async def adopt_all(engine: Engine) -> int:
    """Has everything written that is in the outbox, whoever put it there; answers how much that was. On a live system
    there is always a little more: it gives up after a while."""
    total = 0
    for _ in range(100):
        adopted = await engine.journal.adopt(0)
        total += adopted
        if not adopted:
            break
        await asyncio.sleep(0.02)  # the entries are taken out of the outbox behind our back
    return total


def outcome(finding: Finding, still_there: bool, evidence: Evidence) -> Mended:
    if not still_there:
        return Mended(finding, True, DONE.get(finding.kind, "gone"))
    keeps_changing = f"not mended in {TRIES} tries: it keeps changing"
    if finding.kind == "slot-differs" and not as_near_as_can_be(evidence, finding.subject):
        return Mended(finding, False, keeps_changing)
    return Mended(finding, False, BY_HAND.get(finding.kind, keeps_changing))
