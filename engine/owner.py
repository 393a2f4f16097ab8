"""Whose a Redis is. Its keys do not say of which database of MongoDB they tell: two Slotlines on one Redis would take
each other's slots off sale. So MongoDB has an id of its own, and Redis the id of the one that it serves."""

from __future__ import annotations

from engine.calls import Calls
from engine.errors import WrongRedis
from engine.keys import Keys
from engine.store import Store


async def claim(calls: Calls, keys: Keys, store: Store, database: str) -> None:
    """Takes a Redis that is nobody's: it is new, or has been emptied. ``database``: its name, to tell a person.

    Raises WrongRedis, StoreUnavailable, PyMongoError.
    """
    mine = await store.identity()
    while (owner := await calls.command("GET", keys.owner)) is None:
        await calls.command("SET", keys.owner, f"{mine} {database}", "NX")
    identity, _, theirs = owner.decode().partition(" ")
    if identity != mine:
        raise WrongRedis(
            f"this Redis belongs to another Slotline, whose database is {theirs}, and not to that of {database}: "
            "give each a Redis of its own, or end the other one and empty this Redis (FLUSHALL)"
        )
