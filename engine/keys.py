"""Every Redis key that Slotline knows. All keys of a partition share its hash tag; a script touches one partition.

==========================  ======  ==========================================================  =====================
key                         type    holds                                                       lives
==========================  ======  ==========================================================  =====================
``{p7}:epoch:2``            string  the partition's epoch; scripts refuse without it            for ever
``{p7}:outbox``             stream  what MongoDB has not got yet: the write-ahead log           entries go on commit
``{p7}:experts``            set     experts with a calendar here                                for ever
``{p7}:rebuild``            string  who rebuilds the partition just now                         30 s
``{p7}:calendar:EXPERT``    hash    slot id → record (``lua/includes/slot.lua``)                past slots are retired
``{p7}:version:EXPERT``     string  the expert's last version: goes up by one with each change  with the epoch
``{p7}:log:EXPERT``         stream  the last changes, entry id = version                        10–13 min after the last
``{p7}:live:EXPERT``        channel the same changes as they happen                             —
``{p7}:copy:BOOKING``       string  live copy of a booking (``lua/includes/booking.lua``)       slot's end + 7 days
``{p7}:idem:DIGEST``        string  "fingerprint booking-id" of an Idempotency-Key              like its booking
``{p7}:hold:DIGEST``        string  "slot token end" of a client's Idempotency-Key: its hold    1 h
``{p7}:held:SLOT``          zset    hold token → when it ends (epoch ms)                        while there are holds
``{p7}:holders:SLOT``       hash    hold token → "seat since epoch"                             while there are holds
``{p7}:due``                zset    slot id → when its first hold ends                          while there are holds
``{p7}:mine:EXPERT:WHO``    zset    a customer's bookings → when their slots end (epoch s)      as long as the last
``{p7}:poison``             stream  outbox entries that MongoDB will never take                 until somebody looks
``{p0}:owner``              string  "id name" of the database of MongoDB that all keys tell of  for ever
``{p7}:server``             string  which server the partition was last known to be right on    for ever
``{p7}:reconcile``          string  who compares the partition with MongoDB just now            60 s
==========================  ======  ==========================================================  =====================

Outside of the partitions, each alone with its script, wherever a cluster puts it. Addresses stand there as digests:

==========================  ======  ==========================================================  =====================
``code:ADDRESS``            string  "digest tries" of a one-time code, or "used call"           10 min
``rate:LIMIT:WHO``          string  epoch ms at which a limit is whole again                    until then
``had:CLIENT``              zset    hold tokens of a client → when each ends (epoch ms)         as long as the last
==========================  ======  ==========================================================  =====================
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from engine.model import expert_of

LAYOUT = 2
"""Of what the keys hold. The epoch's name has it: a Redis of another layout has no epoch, and so is built again."""


class Partition:
    """The keys of one partition."""

    __slots__ = ("due", "epoch", "experts", "number", "outbox", "poison", "rebuild", "reconcile", "server", "tag")

    def __init__(self, number: int) -> None:
        self.number = number
        self.tag = f"{{p{number}}}"
        self.epoch = f"{self.tag}:epoch:{LAYOUT}"
        self.outbox = f"{self.tag}:outbox"
        self.experts = f"{self.tag}:experts"
        self.rebuild = f"{self.tag}:rebuild"
        self.due = f"{self.tag}:due"
        self.poison = f"{self.tag}:poison"
        self.server = f"{self.tag}:server"
        self.reconcile = f"{self.tag}:reconcile"

    def calendar(self, expert_id: str) -> str:
        return f"{self.tag}:calendar:{expert_id}"

    def version(self, expert_id: str) -> str:
        return f"{self.tag}:version:{expert_id}"

    def log(self, expert_id: str) -> str:
        return f"{self.tag}:log:{expert_id}"

    def channel(self, expert_id: str) -> str:
        return f"{self.tag}:live:{expert_id}"

    def feed(self, expert_id: str) -> tuple[str, str, str, str, str]:
        """The first five keys of every script that changes a slot: epoch, calendar, version, log, channel."""
        tag = self.tag
        return (
            self.epoch,
            f"{tag}:calendar:{expert_id}",
            f"{tag}:version:{expert_id}",
            f"{tag}:log:{expert_id}",
            f"{tag}:live:{expert_id}",
        )

    def holds(self, slot_id: str) -> tuple[str, str, str]:
        """The keys of a slot's holds: held, holders, due."""
        return f"{self.tag}:held:{slot_id}", f"{self.tag}:holders:{slot_id}", self.due

    def booking(self, booking_id: str) -> str:
        return f"{self.tag}:copy:{booking_id}"

    def mine(self, expert_id: str, who: str) -> str:
        return f"{self.tag}:mine:{expert_id}:{who}"

    def idempotency(self, digest: str) -> str:
        return f"{self.tag}:idem:{digest}"

    def held_by(self, digest: str) -> str:
        return f"{self.tag}:hold:{digest}"


class Keys:
    """Finds the partition of an expert, slot or booking: CRC-32 of the expert's id, modulo the partitions."""

    def __init__(self, partitions: int) -> None:
        self.partitions = [Partition(number) for number in range(partitions)]
        self.owner = f"{self.partitions[0].tag}:owner"
        self._of_expert = lru_cache(maxsize=65_536)(self._find)

    def of(self, opaque_id: str) -> Partition:
        return self._of_expert(expert_of(opaque_id))

    def _find(self, expert_id: str) -> Partition:
        return self.partitions[crc32(expert_id.encode()) % len(self.partitions)]


def code_key(address: str) -> str:
    return f"code:{address}"


def rate_key(limit: str, who: str) -> str:
    return f"rate:{limit}:{who}"


def had_key(client: str) -> str:
    return f"had:{client}"
