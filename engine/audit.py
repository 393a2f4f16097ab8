"""The audit: compares Redis and MongoDB on a live system, without stopping it.

What looks wrong is read again, twice, after short pauses. Only what is wrong each time in the very same way is called
a fault: whatever is merely on its way from Redis to MongoDB has arrived, or is in the outbox, by the second look.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from engine.errors import EpochMissing
from engine.evidence import Evidence
from engine.invariants import GHOSTS, SEATS, Clock, Finding, faults
from engine.keys import Partition
from engine.model import expert_of
from engine.records import subject_of
from engine.witness import Witness

if TYPE_CHECKING:
    from engine.engine import Engine

CHUNK = 50
"""Experts looked at together."""

PAUSES = (0.1, 0.3)
"""Seconds before each further look at what seems wrong."""

MORE_LOOKS = 10
"""At seats of an expert whose calendar changes faster than its change log can tell."""

Progress = Callable[[int, int], None]

Strays = Mapping[str, set[str]]
"""By expert, ids of bookings that Redis has."""


@dataclass(slots=True)
class Report:
    """What an audit found, and how much it looked at. ``unsettled``: experts with a seat that changed so fast
    that a suspicion could neither be confirmed nor dismissed."""

    findings: list[Finding] = field(default_factory=list)
    partitions: int = 0
    experts: int = 0
    slots: int = 0
    bookings: int = 0
    holds: int = 0
    unwritten: int = 0
    """Entries in the outbox, most of which are just being written."""
    unsettled: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Nothing is wrong, and all could be judged."""
        return not self.findings and not self.unsettled


class Audit:
    """``thorough``: a walk through Redis first, for bookings that nothing else points to."""

    def __init__(self, engine: Engine, *, thorough: bool = False) -> None:
        self._thorough = thorough
        self._calls = engine.calls
        self._keys = engine.keys
        self._store = engine.store
        self._settings = engine.settings
        self.witness = Witness(engine.calls, engine.keys, engine.store, engine.settings)

    def clock(self) -> Clock:
        return Clock(self.witness.now, self.witness.horizon, self._settings.keep_bookings)

    async def run(self, partitions: Sequence[Partition] | None = None, progress: Progress | None = None) -> Report:
        """Looks at these partitions, or all. ``progress`` gets the experts done and all.

        Raises StoreUnavailable, PyMongoError.
        """
        began = monotonic()
        partitions = self._keys.partitions if partitions is None else partitions
        report = Report()
        experts = await self._experts(partitions)
        total = sum(map(len, experts.values()))
        for partition in partitions:
            await self._partition(partition, experts[partition.number], report, progress, total)
        report.seconds = monotonic() - began
        return report

    async def _experts(self, partitions: Sequence[Partition]) -> dict[int, list[str]]:
        """By partition: all experts that either side knows."""
        found: dict[int, set[str]] = {partition.number: set() for partition in partitions}
        async for expert_id in self._store.experts.ids():
            number = self._keys.of(expert_id).number
            if number in found:
                found[number].add(expert_id)
        for partition in partitions:
            found[partition.number] |= {m.decode() for m in await self._calls.command("SMEMBERS", partition.experts)}
        return {number: sorted(ids) for number, ids in found.items()}

    async def _partition(
        self, partition: Partition, experts: list[str], report: Report, progress: Progress | None, total: int
    ) -> None:
        report.partitions += 1
        report.findings += await self._partition_wide(partition, set(experts), report)
        strays = await self.witness.strays(partition, set(experts)) if self._thorough else {}
        for first in range(0, len(experts), CHUNK):
            chunk = experts[first : first + CHUNK]
            try:
                await self._chunk(partition, chunk, strays, report)
            except EpochMissing:
                report.findings.append(Finding("no-epoch", partition.number, partition.tag, "it is being rebuilt"))
                return
            report.experts += len(chunk)
            if progress:
                progress(report.experts, total)

    async def _chunk(self, partition: Partition, experts: list[str], strays: Strays, report: Report) -> None:
        heard = await self.witness.hear(partition, experts, strays)
        for evidence in heard:
            report.slots += len(evidence.records)
            report.bookings += len(evidence.stored)
            report.holds += sum(len(holds.tokens) for holds in evidence.holds.values())
        suspects = {finding for evidence in heard for finding in faults(evidence, partition.number, self.clock())}
        if suspects:
            report.findings += await self._confirmed(partition, suspects, strays, report)

    async def _confirmed(
        self, partition: Partition, suspects: set[Finding], strays: Strays, report: Report
    ) -> list[Finding]:
        """Those that stand every further look. A booking that only Redis knows is searched for before a seat is called
        a ghost."""
        ghosts = {finding.expert_id for finding in suspects if finding.kind == "ghost-seat"}
        extra = await self.witness.strays(partition, ghosts) if ghosts and not strays else strays
        sure: set[Finding] = set()
        unsure: set[Finding] = set()
        for number, pause in enumerate(PAUSES):
            await asyncio.sleep(pause * (0.75 + 0.5 * random.random()))
            heard = await self.witness.hear(partition, sorted({f.expert_id for f in suspects}), extra)
            sure, unsure = self._judged(partition, suspects, heard, first=number == 0)
            suspects = sure | unsure
            if not suspects:
                break
        for _ in range(MORE_LOOKS):
            if not unsure:
                break
            await asyncio.sleep(PAUSES[0] * random.random())
            slots = {finding.subject for finding in unsure}
            heard = await self.witness.hear(partition, sorted({f.expert_id for f in unsure}), extra, slots)
            more, unsure = self._judged(partition, unsure, heard)
            sure |= more
        report.unsettled |= {finding.expert_id for finding in unsure}
        return sorted(sure, key=lambda finding: (finding.kind, finding.subject, finding.detail))

    def _judged(
        self, partition: Partition, suspects: set[Finding], heard: Sequence[Evidence], *, first: bool = False
    ) -> tuple[set[Finding], set[Finding]]:
        """The suspicions that still stand, and those of which it cannot be told."""
        sure, unsure = set(), set()
        for evidence in heard:
            for finding in faults(evidence, partition.number, self.clock()):
                # A walk through Redis that began with this audit may show a fault that the first look could not.
                if finding not in suspects and not (first and finding.kind == "booking-unwritten"):
                    continue
                if finding.kind not in SEATS or evidence.still(finding.subject, finding.seat):
                    sure.add(finding)
                elif evidence.since is None or finding.kind not in GHOSTS:
                    unsure.add(finding)
        return sure, unsure

    async def _partition_wide(self, partition: Partition, experts: set[str], report: Report) -> list[Finding]:
        """What is not about a single expert: entries that nobody writes, poison, slots of nobody that wait for a sweep,
        the epoch."""
        number = partition.number
        if await self._calls.command("EXISTS", partition.epoch) == 0:
            return [Finding("no-epoch", number, partition.tag, "no epoch: it came up empty")]
        found = [
            Finding("poison", number, entry_id.decode(), poison_detail(fields))
            async for entry_id, fields in self.witness.entries(partition.poison)
        ]
        report.unwritten += await self._calls.command("XLEN", partition.outbox)
        if stuck := await self._stuck(partition):
            await asyncio.sleep(PAUSES[-1])
            stuck &= await self._stuck(partition)
        found += [Finding("stuck", number, subject, f"outbox entry {entry}") for entry, subject in sorted(stuck)]
        due = {slot_id.decode() for slot_id in await self._calls.command("ZRANGE", partition.due, 0, -1)}
        return found + [
            Finding("held-until", number, slot_id, "the sweeper has a slot of no expert", expert_of(slot_id))
            for slot_id in sorted(due)
            if expert_of(slot_id) not in experts
        ]

    async def _stuck(self, partition: Partition) -> set[tuple[str, str]]:
        """Entries, and what they are about, that should have been adopted long ago."""
        [now] = await self._calls.clocks([partition.outbox])
        last = int(now - 3000 * self._settings.adopt_after)
        return {
            (entry_id.decode(), subject_of(fields))
            async for entry_id, fields in self.witness.entries(partition.outbox, str(max(last, 0)))
        }


def poison_detail(fields: Sequence[bytes]) -> str:
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    return f"{subject_of(fields)}: {values.get(b'why', b'').decode(errors='replace')[:120]}"


async def audit(engine: Engine, progress: Progress | None = None, *, thorough: bool = False) -> Report:
    """Compares all of Redis with all of MongoDB. Raises StoreUnavailable, PyMongoError."""
    return await Audit(engine, thorough=thorough).run(progress=progress)
