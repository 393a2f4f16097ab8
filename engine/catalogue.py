"""Who can be booked: profiles and pages from MongoDB behind a short cache."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from engine.calendars import Calendars
from engine.errors import ExpertNotFound, StoreUnavailable
from engine.model import Calendar, Expert, Page, SlotState
from engine.store import Store
from engine.text import fold

log = logging.getLogger("slotline.catalogue")

T = TypeVar("T")

PROFILE_AGE = 30.0
PAGE_AGE = 2.0
MOST_PROFILES = 10_000
MOST_PAGES = 256
"""A page can be a megabyte, and whoever searches for other words each time wants another one each time."""

OPENINGS = 1.0
"""Seconds that a page waits for its experts' next open slots: the rest of it needs no Redis."""


class Cache:
    """Values by key for some seconds, read once however many ask at the same time; the least recently read go first.
    None is not kept; a failure leaves what was there before it."""

    def __init__(self, age: float, most: int) -> None:
        self._age = age
        self._most = most
        self._values: OrderedDict[Any, tuple[float, asyncio.Future[Any]]] = OrderedDict()

    async def get(self, key: Any, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        known = self._values.get(key)
        if known and known[0] > time.monotonic():
            future = known[1]
        else:
            future = asyncio.create_task(read())
            self._values[key] = (time.monotonic() + self._age, future)
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
            future.add_done_callback(lambda done: self._keep_if_good(key, done, known))
        value: T = future.result() if future.done() else await asyncio.shield(future)
        return value

    def peek(self, key: Any, *, old: bool = False) -> Any | None:
        """The value, if it is there and not too old (or ``old`` will do, too)."""
        known = self._values.get(key)
        if known is None or not known[1].done() or (not old and known[0] <= time.monotonic()):
            return None
        return known[1].result()

    def _keep_if_good(
        self, key: Any, done: asyncio.Future[Any], before: tuple[float, asyncio.Future[Any]] | None
    ) -> None:
        failed = done.cancelled() or done.exception() is not None
        known = self._values.get(key)
        if known and known[1] is done and (failed or done.result() is None):
            if failed and before:
                self._values[key] = before
            else:
                del self._values[key]

    def clear(self) -> None:
        self._values.clear()


class Catalogue:
    def __init__(self, store: Store, calendars: Calendars) -> None:
        self._store = store
        self._calendars = calendars
        self._profiles = Cache(PROFILE_AGE, MOST_PROFILES)
        self._pages = Cache(PAGE_AGE, MOST_PAGES)

    async def expert(self, expert_id: str) -> Expert:
        """Raises ExpertNotFound, StoreUnavailable."""
        expert = await self._profile(expert_id)
        if expert is None:
            raise ExpertNotFound()
        return expert

    def known(self, expert_id: str, *, old: bool = False) -> Expert | None:
        """The profile, if it is in the cache (``old``: however long it has been)."""
        return self._profiles.peek(expert_id, old=old)

    async def _profile(self, expert_id: str) -> Expert | None:
        return await self._profiles.get(expert_id, lambda: self._store.experts.get(expert_id))

    async def experts(self, expert_ids: Iterable[str]) -> dict[str, Expert]:
        """Those that exist, by id."""
        found = await asyncio.gather(*(self._profile(expert_id) for expert_id in dict.fromkeys(expert_ids)))
        return {expert.id: expert for expert in found if expert}

    async def find(
        self, search: str, category: str | None, sort: str, page: int, limit: int
    ) -> tuple[Page, dict[str, int | None]]:
        """A page of experts, and the start (epoch seconds) of each one's next open slot, or None: there is none, or
        Redis does not say in time."""
        key = (fold(search), category, sort, page, limit)
        return await self._pages.get(key, lambda: self._find(*key))

    async def _find(self, *query: Any) -> tuple[Page, dict[str, int | None]]:
        page = await self._store.experts.find(*query)
        openings = await asyncio.gather(*(self._opening(expert.id) for expert in page.items))
        return page, {expert.id: opening for expert, opening in zip(page.items, openings, strict=True)}

    async def _opening(self, expert_id: str) -> int | None:
        try:
            async with asyncio.timeout(OPENINGS):
                return next_open(await self._calendars.get(expert_id))
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("the calendar of %s cannot be read for the catalogue: %r", expert_id, error)
            return None

    async def categories(self) -> list[tuple[str, int]]:
        return await self._pages.get("categories", self._store.experts.categories)

    def forget(self) -> None:
        """Drops what is cached, after experts have changed."""
        self._profiles.clear()
        self._pages.clear()


def next_open(calendar: Calendar) -> int | None:
    now = int(time.time() * 1000)
    return next((slot.start for slot in calendar.slots if slot.state(now) is SlotState.OPEN), None)
