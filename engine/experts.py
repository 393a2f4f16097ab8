"""The engine's verbs for experts' profiles."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence

from engine.calls import PATIENCE, Calls
from engine.catalogue import Catalogue
from engine.errors import ExpertNotFound, IdempotencyKeyReused, StoreUnavailable
from engine.feed import EXPERTS_CHANNEL
from engine.keeper import LATER
from engine.model import Expert, Page
from engine.routes import ANYWHERE
from engine.store import Store, translated

log = logging.getLogger("slotline.engine")


class Experts:
    calls: Calls
    store: Store
    catalogue: Catalogue

    async def add_experts(self, experts: Sequence[Expert]) -> int:
        """Adds the experts whose ids are new; answers how many that were. Raises StoreUnavailable."""
        with translated():
            new = await self.store.experts.put(experts)
        await self._experts_changed()
        return new

    async def replace_expert(self, expert: Expert) -> None:
        """Overwrites the expert of that id. Raises ExpertNotFound, StoreUnavailable."""
        with translated():
            # If whoever calls us does not come to move the hours to the profile's zone, a keeper does, soon.
            await self.store.availabilities.hasten(expert.id, int(time.time()) + LATER)
            if not await self.store.experts.replace(expert):
                raise ExpertNotFound()
        await self._experts_changed()

    async def _experts_changed(self) -> None:
        """Has every worker read anew. It is done and durable: nobody is to hear of a Redis that is away, or to wait
        for it. Whoever is not told finds it in `PROFILE_AGE` seconds."""
        self.catalogue.forget()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.calls.command("PUBLISH", EXPERTS_CHANNEL, "changed", at=ANYWHERE)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("other workers will see changed experts later: %s", str(error) or "Redis does not answer")

    async def add_expert_once(self, expert: Expert, fingerprint: str) -> bool:
        """Adds an expert whose id is of one Idempotency-Key; answers whether they are new.

        Raises IdempotencyKeyReused, StoreUnavailable.
        """
        with translated():
            earlier = await self.store.experts.add(expert, fingerprint)
        if earlier not in (None, fingerprint):
            raise IdempotencyKeyReused()
        await self._experts_changed()
        return earlier is None

    async def remove_expert(self, expert_id: str) -> None:
        """Takes a profile out of the catalogue. Raises StoreUnavailable."""
        with translated():
            await self.store.experts.remove(expert_id)
        await self._experts_changed()

    async def is_there(self, expert_id: str) -> bool:
        """Whether MongoDB has the expert, whatever the cache says. Raises StoreUnavailable."""
        with translated():
            return await self.store.experts.get(expert_id) is not None

    async def expert(self, expert_id: str) -> Expert:
        """Raises ExpertNotFound, StoreUnavailable."""
        with translated():
            return await self.catalogue.expert(expert_id)

    async def contact(self, expert_id: str) -> Expert | None:
        """The profile, to go with what has been decided; None for an expert who is gone. If it cannot be looked up, the
        last one known, or None: nobody is to hear of a store that is away instead of the booking he has."""
        if known := self.catalogue.known(expert_id):
            return known
        try:
            return (await self.experts([expert_id])).get(expert_id)
        except StoreUnavailable as error:
            log.warning("the profile of %s cannot be looked up: %s", expert_id, str(error)[:120])
            return self.catalogue.known(expert_id, old=True)

    async def experts(self, expert_ids: Iterable[str]) -> dict[str, Expert]:
        """Those that exist, by id. Raises StoreUnavailable."""
        with translated():
            return await self.catalogue.experts(expert_ids)

    async def find_experts(
        self, search: str, category: str | None, sort: str, page: int, limit: int
    ) -> tuple[Page, dict[str, int | None]]:
        """A page of experts, and the start (epoch seconds) of each one's next open slot. Raises StoreUnavailable."""
        with translated():
            return await self.catalogue.find(search, category, sort, page, limit)

    async def categories(self) -> list[tuple[str, int]]:
        """Names and numbers of experts, by name. Raises StoreUnavailable."""
        with translated():
            return await self.catalogue.categories()

    async def expert_emails(self) -> dict[str, str]:
        """Email, with case folded, → id, of every expert. Raises StoreUnavailable."""
        with translated():
            return await self.store.experts.emails()

    async def mark(self, name: str, mark: bool | None = None) -> bool:
        """Sets or removes a mark that outlives the process; answers whether it is there. Raises StoreUnavailable."""
        with translated():
            return await self.store.mark(name, mark)

    async def count_experts(self) -> int:
        with translated():
            return await self.store.experts.count()
