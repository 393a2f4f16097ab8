"""How often an address or an email may ask: GCRA, counted in each worker at once and in Redis for all of them.

`Limiter.charge` does not wait for Redis. It is exact within a worker; what the workers have counted is added up in
Redis ten times a second, by a script, and comes back. So a rush over several workers may get through a limit once for
each of them, in its first moment, and never more. `Limiter.admit` asks Redis each time and is exact over all workers:
for what is rare and dear.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from dataclasses import dataclass

from engine.calls import PATIENCE, Calls
from engine.errors import RateLimited, SlotlineError
from engine.keys import rate_key
from engine.secrets import digest
from engine.settings import Settings
from engine.tasks import end

log = logging.getLogger("slotline.limits")

SHARE_EVERY = 0.1
"""Seconds between two moments at which a worker adds what it has counted to what the others have."""
MOST_KNOWN = 100_000
"""Keys that a worker remembers; those whose limit is whole again go first."""


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    most: int
    """At once."""
    seconds: int
    """After which the limit is whole again; a part of it comes back in a part of that time."""
    exact: bool = False
    """Over all workers, at the price of asking Redis."""


# One address may be a whole office, or the customers of a mobile carrier.
BOOKINGS = Limit("bookings", 60, 60)
BOOKINGS_OF_EMAIL = Limit("bookings-of-email", 20, 600)
HOLDS = Limit("holds", 60, 60)
LOOKUPS = Limit("lookups", 240, 60)
LOOKUPS_OF_EMAIL = Limit("lookups-of-email", 120, 60)
CHANGES = Limit("changes", 60, 60)
CODES = Limit("codes", 20, 600, exact=True)
CODES_OF_EMAIL = Limit("codes-of-email", 5, 900, exact=True)
TRIES = Limit("tries", 30, 600, exact=True)
TRIES_OF_EMAIL = Limit("tries-of-email", 15, 900, exact=True)
ADMIN = Limit("admin", 600, 60)
LIMITS = (BOOKINGS, BOOKINGS_OF_EMAIL, HOLDS, LOOKUPS, LOOKUPS_OF_EMAIL, CHANGES, CODES, CODES_OF_EMAIL, TRIES,
          TRIES_OF_EMAIL, ADMIN)  # fmt: skip


@dataclass(slots=True)
class Allowance:
    """What is left of a limit."""

    limit: Limit
    most: int
    left: int
    whole_in: float
    """Seconds until the limit is whole again."""


Key = tuple[Limit, str]


class Limiter:
    """With ``RATE_LIMITS=off`` it limits nothing, and costs nothing."""

    def __init__(self, calls: Calls, settings: Settings) -> None:
        self.on = settings.rate_limits
        self._calls = calls
        self._settings = settings
        scale = settings.rate_scale
        self._most = {limit: max(1, round(limit.most * scale)) for limit in LIMITS}
        self._whole_at: dict[Key, float] = {}
        """When each limit is whole again, on the loop's clock."""
        self._owed: Counter[Key] = Counter()
        """What Redis has not been told yet."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.on:
            self._task = asyncio.create_task(self._share_for_ever(), name="limits")

    async def stop(self) -> None:
        await end([self._task])

    def charge(self, limit: Limit, who: str) -> Allowance | None:
        """Counts something that ``who`` is about to do; None when there are no limits. Raises RateLimited."""
        if not self.on:
            return None
        key = (limit, who)
        now = asyncio.get_running_loop().time()
        most, seconds = self._most[limit], limit.seconds
        whole_at = max(self._whole_at.get(key, 0.0), now) + seconds / most
        if whole_at - now > seconds + 1e-6:
            raise self._refusal(limit, whole_at - now - seconds, whole_at - now - seconds / most)
        self._whole_at[key] = whole_at
        self._owed[key] += 1
        return self._allowance(limit, whole_at - now)

    async def admit(self, limit: Limit, who: str) -> Allowance | None:
        """The same over all workers at once, at the price of asking Redis. Raises RateLimited, StoreUnavailable."""
        if not self.on:
            return None
        cost = self._cost(limit)
        answer = await self._calls.run("charge", (self._key(limit, who),), (cost, limit.seconds * 1000, 0))
        whole_in = int(answer[1]) / 1000
        if not int(answer[2]):
            raise self._refusal(limit, whole_in + cost / 1000 - limit.seconds, whole_in)
        return self._allowance(limit, whole_in)

    def _cost(self, limit: Limit) -> int:
        return max(1, limit.seconds * 1000 // self._most[limit])

    def _key(self, limit: Limit, who: str) -> str:
        return rate_key(limit.name, digest(self._settings.key(), limit.name, who))

    def _allowance(self, limit: Limit, whole_in: float) -> Allowance:
        left = math.floor((limit.seconds - whole_in) * self._most[limit] / limit.seconds + 1e-6)
        return Allowance(limit, self._most[limit], max(0, left), whole_in)

    def _refusal(self, limit: Limit, wait: float, whole_in: float) -> RateLimited:
        return RateLimited(
            allowance=Allowance(limit, self._most[limit], 0, whole_in), retry_after=max(1, math.ceil(wait))
        )

    async def _share_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SHARE_EVERY)
            try:
                await self.share()
            except Exception:
                log.exception("limits cannot be shared")

    async def share(self) -> None:
        """Tells Redis what this worker has counted, and learns what the others have. A server that does not answer
        soon is not told."""
        owed, self._owed = self._owed, Counter()
        told = await asyncio.gather(*(self._tell(key, count) for key, count in owed.items()), return_exceptions=True)
        for error in told:
            if isinstance(error, SlotlineError | TimeoutError):  # each worker counts for itself until Redis is back
                log.warning("limits cannot be shared: %s", str(error) or "Redis does not answer")
                break
        if len(self._whole_at) > MOST_KNOWN:
            self._forget()

    async def _tell(self, key: Key, count: int) -> None:
        limit, who = key
        cost = self._cost(limit) * count
        async with asyncio.timeout(PATIENCE):
            answer = await self._calls.run("charge", (self._key(limit, who),), (cost, limit.seconds * 1000, 1))
        whole_at = asyncio.get_running_loop().time() + int(answer[1]) / 1000
        self._whole_at[key] = max(self._whole_at.get(key, 0.0), whole_at)

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
        if len(self._whole_at) > MOST_KNOWN:
            latest = sorted(self._whole_at, key=self._whole_at.__getitem__)[-MOST_KNOWN // 2 :]
            self._whole_at = {key: self._whole_at[key] for key in latest}
