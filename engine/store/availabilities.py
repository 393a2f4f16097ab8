"""The availabilities collection: an expert's rule, and how far it has been put into effect.

A document: ``_id`` the expert's id; ``rules`` those whose slots may be on sale, the last is the one that is wanted;
``asked`` (epoch seconds) when that one was first wanted; ``ran`` when it was last put into effect, 0 for never; ``due``
when there is something to do again; ``unfinished`` slots (ids) that are not yet as the rule in effect has them, because
somebody holds a seat; ``wishes`` how often a rule was wanted; ``lease`` who is at it, ``until`` when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from engine.availability import Availability, dump, load
from engine.errors import StoreUnavailable
from engine.store.bulk import add_missing

Document = dict[str, Any]

INDEXES = [IndexModel([("due", ASCENDING)], name="due")]

NEW = {"ran": 0, "lease": "", "until": 0}

MOST_RULES = 20
"""Rules of one expert that may be waiting to be put into effect."""

TOO_MANY = "the availabilities before this one have not taken effect yet"


def wants(rule: Document, now: int) -> Document:
    """The update by which a rule is wanted."""
    return {"$push": {"rules": rule}, "$inc": {"wishes": 1}, "$set": {"due": 0, "asked": now}}


@dataclass(frozen=True, slots=True)
class Timetable:
    expert_id: str
    rules: tuple[Availability, ...]
    asked: int
    ran: int
    wishes: int
    unfinished: frozenset[str] = frozenset()
    """Ids of slots."""

    @property
    def wanted(self) -> Availability:
        return self.rules[-1]

    @property
    def changed(self) -> bool:
        """Whether the wanted rule has never been put into effect as a whole."""
        return not self.ran or len(self.rules) > 1

    @property
    def since(self) -> int:
        """From when on slots of the wanted rule may have been put on sale that nobody has looked at since."""
        return self.asked if self.changed else self.ran


class AvailabilityStore:
    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._rules = collection

    async def put(self, expert_id: str, availability: Availability, now: int) -> None:
        """Wants a rule. What it replaces is remembered until it has taken effect. Raises StoreUnavailable if there are
        too many such."""
        rule = dump(availability)
        before = await self._rules.find_one({"_id": expert_id})
        if before and before["rules"][-1] == rule:
            same = {"_id": expert_id, "wishes": before["wishes"]}
            if (await self._rules.update_one(same, {"$inc": {"wishes": 1}, "$set": {"due": 0}})).matched_count:
                return
        try:
            await self._rules.update_one(
                {"_id": expert_id, f"rules.{MOST_RULES - 1}": {"$exists": False}},
                {**wants(rule, now), "$setOnInsert": NEW},
                upsert=True,
            )
        except DuplicateKeyError as error:
            raise StoreUnavailable(TOO_MANY) from error

    async def replace(self, expert_id: str, former: Availability, availability: Availability, now: int) -> bool:
        """The same, if the wanted rule is ``former`` still; False if there is another one, or none."""
        before = await self._rules.find_one({"_id": expert_id})
        if before is None or load(before["rules"][-1]) != former:
            return False
        if len(before["rules"]) >= MOST_RULES:
            raise StoreUnavailable(TOO_MANY)
        same = {"_id": expert_id, "wishes": before["wishes"]}
        return (await self._rules.update_one(same, wants(dump(availability), now))).matched_count == 1

    async def add(self, availabilities: Sequence[tuple[str, Availability, int]], ran: int) -> None:
        """Rules, each with the second at which it is due, whose slots are on sale already; an expert who has one keeps
        it."""
        new = [
            InsertOne[Document]({"_id": expert_id, "rules": [dump(rule)], **NEW, "wishes": 1, "ran": ran, "due": due})
            for expert_id, rule, due in availabilities
        ]
        await add_missing(self._rules, new)

    async def get(self, expert_id: str) -> Availability | None:
        document = await self._rules.find_one({"_id": expert_id})
        return load(document["rules"][-1]) if document else None

    async def due(self, now: int, most: int) -> list[str]:
        """Ids of experts for whom there is something to do, and nobody is at it."""
        found = self._rules.find({"due": {"$lte": now}, "until": {"$lte": now}}, {"_id": 1}).sort("due").limit(most)
        return [document["_id"] async for document in found]

    async def lease(self, expert_id: str, who: str, now: int, seconds: int) -> Timetable | None:
        """Nobody else is to put this expert's rule into effect for so long. None: somebody is, or there is none."""
        document = await self._rules.find_one_and_update(
            {"_id": expert_id, "until": {"$lte": now}},
            {"$set": {"lease": who, "until": now + seconds}},
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            return None
        rules, asked = tuple(map(load, document["rules"])), int(document.get("asked", now))
        unfinished = frozenset(document.get("unfinished", ()))
        return Timetable(expert_id, rules, asked, int(document["ran"]), document["wishes"], unfinished)

    async def settle(self, timetable: Timetable, who: str, ran: int, due: int, unfinished: Sequence[str]) -> bool:
        """The wanted rule is in effect, but for what is unfinished; gives the lease back. False if another one is
        wanted by now, or the lease was lost."""
        settled = {"rules": [dump(timetable.wanted)], "ran": ran, "due": due, "unfinished": list(unfinished)}
        done = await self._rules.update_one(
            {"_id": timetable.expert_id, "lease": who, "wishes": timetable.wishes},
            {"$set": {**settled, "lease": "", "until": 0}},
        )
        return done.matched_count == 1

    async def release(self, expert_id: str, who: str, due: int) -> None:
        """Gives a lease back without having done it."""
        await self._rules.update_one({"_id": expert_id, "lease": who}, {"$set": {"due": due, "lease": "", "until": 0}})

    async def postpone(self, expert_id: str, now: int, due: int) -> None:
        """What cannot be done just now is not looked at before then; whoever is at it knows better."""
        await self._rules.update_one({"_id": expert_id, "until": {"$lte": now}}, {"$set": {"due": due}})

    async def hasten(self, expert_id: str, due: int) -> None:
        """There is something to do by then, if not before."""
        await self._rules.update_one({"_id": expert_id, "due": {"$gt": due}}, {"$set": {"due": due}})

    async def remove(self, timetable: Timetable, who: str) -> None:
        """For whoever has the lease. It stays if another rule is wanted by now."""
        await self._rules.delete_one({"_id": timetable.expert_id, "lease": who, "wishes": timetable.wishes})
