"""After a Redis restart or a failover its last moments may be missing: bookings it has forgotten, and cancels, whose
seats nobody would ever bump into. So each partition knows on which server, in which life of it, it was last compared
with MongoDB; when that changes a worker compares and repairs the partition at once, while it serves.

It does so twice, and again until nothing is left to mend: a change that Redis had decided and then forgot may reach
MongoDB only after the first time, from the worker that was just writing it. That worker finds its outbox entry gone and
has the partition compared once more; should it die first, the second time finds it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from pymongo.errors import PyMongoError

from engine.audit import Audit
from engine.errors import EpochMissing, StoreUnavailable
from engine.keys import Partition
from engine.repair import Repair
from engine.tasks import end

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger("slotline.reconcile")

EVERY = 1.0
"""Seconds between two looks at who the servers are."""

NAMELESS = 20.0
"""Seconds after which a server is trusted that does not say who it is: no restart of it would be noticed anyway."""

LEASE_MS = 10_000
"""A worker that is killed in the middle keeps the others from it for so long."""
LATER = 10.0
"""Seconds until a partition is looked at again in which something cannot be read."""
ROUNDS = 3
"""Audits of a partition in one go, while the one before has found anything."""


class Reconciler:
    def __init__(self, engine: Engine) -> None:
        self._calls = engine.calls
        self._keys = engine.keys
        self._again = int(engine.settings.adopt_after * 1000)
        self._audit = Audit(engine)
        self._repair = Repair(engine)
        self._who = secrets.token_hex(8)
        self._woken = asyncio.Event()
        self._suspects: set[Partition] = set()
        """To be compared whatever their servers say of themselves."""
        engine.journal.on_forgotten = self.suspect
        self._later: dict[Partition, float] = {}
        """When to look again at what could not be read."""
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._woken.set()
        self._task = asyncio.create_task(self._watch(), name="reconcile")

    async def stop(self) -> None:
        await end([self._task])

    def wake(self) -> None:
        """Looks now: a connection has just been made."""
        self._woken.set()

    def suspect(self, partition: Partition) -> None:
        """Redis has forgotten a change of this partition that has reached MongoDB only now: compares it again."""
        self._suspects.add(partition)
        self._calls.distrust(partition)
        self._woken.set()

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(EVERY * (0.75 + 0.5 * random.random())):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                await self.check()
            except StoreUnavailable as error:
                log.warning("cannot compare Redis with MongoDB now: %s", str(error)[:120])
            except Exception:
                log.exception("cannot compare Redis with MongoDB")

    async def check(self) -> list[int]:
        """Reconciles the partitions whose server is not what it was, as far as that server answers, and what is there
        can be read; answers their numbers. Raises StoreUnavailable if no server answers."""
        since = self._calls.since
        answers = await self._calls.wherever_possible(
            self._keys.partitions, self._identities, "cannot compare Redis with MongoDB now"
        )
        nameless = self._loop.time() - since > NAMELESS
        wanted, changed = [], 0
        for partition, state, identity, epoch in chain.from_iterable(answers):
            suspected = bool(epoch) and partition in self._suspects  # else it is being rebuilt: afterwards
            if state != "same" or suspected:
                self._calls.distrust(partition)
            changed += state == "changed"
            if state in ("changed", "again") or suspected:
                wanted.append(partition)
            elif state == "same" and epoch and (identity or nameless) and since == self._calls.since:
                self._calls.trust(partition, since, epoch)
        done = [partition.number for partition in wanted if await self._try(partition)]
        if changed and done:
            log.info("Redis has started anew, or another one has taken over: compared %d partitions", len(done))
        return done

    async def _try(self, partition: Partition) -> bool:
        """What cannot be compared keeps nobody from comparing the next."""
        if self._loop.time() < self._later.get(partition, 0.0):
            return False
        try:
            return await self._reconcile(partition)
        except (StoreUnavailable, PyMongoError) as error:
            log.warning("partition %d cannot be compared with MongoDB now: %s", partition.number, str(error)[:120])
        except Exception:
            log.exception("partition %d cannot be compared with MongoDB", partition.number)
            self._later[partition] = self._loop.time() + LATER
        return False

    async def _identities(self, partitions: Sequence[Partition], _: int) -> list[tuple[Partition, str, str, bytes]]:
        answers = await asyncio.gather(*map(self._identity, partitions))
        return [(partition, *answer) for partition, answer in zip(partitions, answers, strict=True)]

    async def _identity(self, partition: Partition) -> tuple[str, str, bytes]:
        """What ``lua/identity.lua`` says; without an epoch, if there is none."""
        try:
            state, identity, epoch, _ = await self._calls.run("identity", (partition.epoch, partition.server), ())
        except EpochMissing:
            return "same", "", b""  # it will be rebuilt
        return state.decode(), identity.decode(), epoch

    async def _reconcile(self, partition: Partition) -> bool:
        """False if another worker does it, or has just done it."""
        if not await self._calls.command("SET", partition.reconcile, self._who, "NX", "PX", LEASE_MS):
            return False
        settled, again = "?", False
        try:
            state, identity, _ = await self._identity(partition)
            if state in ("same", "later") and partition not in self._suspects:
                return False
            again = state == "changed" or partition in self._suspects
            self._suspects.discard(partition)
            if state == "changed":
                await self._leap(partition)
            again = not await self._put_right(partition) or again
            settled = identity
        except BaseException:
            self._suspects.add(partition)
            raise
        finally:
            await self._settle(partition, settled, self._again if again else 0)
        return True

    async def _settle(self, partition: Partition, identity: str, again: int) -> None:
        """Gives the lease back, and says what was done."""
        try:
            await self._calls.run("settle", (partition.server, partition.reconcile), (self._who, identity, again))
        except StoreUnavailable as error:
            log.warning("partition %d will be compared again: %s", partition.number, error)

    async def _put_right(self, partition: Partition) -> bool:
        """False if something is left that the next time may judge or mend: the partition is not let out of sight until
        then."""
        for _ in range(ROUNDS):
            report = await self._audit.run([partition], lambda *_: self._renew(partition))
            if report.clean:
                return True
            mended = await self._repair.run(report.findings)
            if not any(each.done for each in mended):
                break
        return not report.unsettled and all(each.done or each.for_a_person for each in mended)

    def _renew(self, partition: Partition) -> None:
        self._calls.send("PEXPIRE", partition.reconcile, LEASE_MS)

    async def _leap(self, partition: Partition) -> None:
        """Nobody may go on from a version that now means something else."""
        experts = await self._calls.command("SMEMBERS", partition.experts)
        for first in range(0, len(experts), 500):
            await asyncio.gather(*(self._leap_one(partition, i.decode()) for i in experts[first : first + 500]))

    async def _leap_one(self, partition: Partition, expert_id: str) -> None:
        epoch, _, version, log_key, channel = partition.feed(expert_id)
        await self._calls.run("leap", (epoch, version, log_key, channel), (self._calls.publish[0],))
