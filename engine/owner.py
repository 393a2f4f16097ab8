"""Whose a Redis is. Its keys do not say of which database of MongoDB they tell: two Slotlines on one Redis would take
each other's slots off sale. So MongoDB has an id of its own, and Redis the id of the one that it serves."""

from __future__ import annotations

from engine.calls import Calls
from engine.errors import WrongRedis
from engine.keys import Keys
from engine.store import Store


class Owner:
    def __init__(self, calls: Calls, keys: Keys, store: Store, database: str) -> None:
        """``database``: its name, to tell a person."""
        self._calls = calls
        self._key = keys.owner
        self._store = store
        self._database = database

    async def claim(self) -> None:
        """Takes a Redis that is nobody's: it is new, or has been emptied. Raises WrongRedis, StoreUnavailable,
        PyMongoError."""
        mine = await self._store.identity()
        while (owner := await self._calls.command("GET", self._key)) is None:
            await self._calls.command("SET", self._key, f"{mine} {self._database}", "NX")
        identity, _, database = owner.decode().partition(" ")
        if identity != mine:
            raise WrongRedis(
                f"this Redis belongs to another Slotline, whose database is {database}, and not to that of "
                f"{self._database}: give each a Redis of its own, or end the other one and empty this Redis (FLUSHALL)"
            )
