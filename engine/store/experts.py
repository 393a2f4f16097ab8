"""The experts collection: profiles, and the search in their names."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from engine.model import Expert, Page
from engine.store.bulk import add_missing
from engine.text import LONGEST, fold, grams

Document = dict[str, Any]

SORTS: dict[str, list[tuple[str, int]]] = {
    "rating": [("rating", DESCENDING), ("_id", ASCENDING)],
    "experience": [("experience", DESCENDING), ("_id", ASCENDING)],
    "name": [("folded", ASCENDING), ("_id", ASCENDING)],
}

INDEXES = [
    *(
        IndexModel([*prefix, *order], name="_".join([*(field for field, _ in prefix), "by", name]))
        for prefix in ([], [("category", ASCENDING)])
        for name, order in SORTS.items()
    ),
    IndexModel([("grams", ASCENDING)], name="grams"),
]


class ExpertStore:
    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._experts = collection

    async def put(self, experts: Sequence[Expert]) -> int:
        """Adds those whose ids are new; answers how many that were."""
        known = {
            document["_id"]
            async for document in self._experts.find({"_id": {"$in": [e.id for e in experts]}}, {"_id": 1})
        }
        fresh = [InsertOne(expert_document(expert)) for expert in experts if expert.id not in known]
        return len(fresh) - await add_missing(self._experts, fresh)

    async def replace(self, expert: Expert) -> bool:
        """Overwrites the expert of that id; False if there is none (any more)."""
        document = expert_document(expert)
        found = await self._experts.update_one({"_id": document.pop("_id")}, {"$set": document})
        return found.matched_count == 1

    async def add(self, expert: Expert, fingerprint: str) -> str | None:
        """Adds an expert whose id is of one Idempotency-Key. If somebody with that id is there: the fingerprint of the
        request that added them, and nothing is changed."""
        while True:
            try:
                await self._experts.insert_one({**expert_document(expert), "fingerprint": fingerprint})
            except DuplicateKeyError:
                if document := await self._experts.find_one({"_id": expert.id}, {"fingerprint": 1}):
                    return str(document.get("fingerprint", ""))
            else:
                return None

    async def remove(self, expert_id: str) -> bool:
        """Whether there was such an expert."""
        return (await self._experts.delete_one({"_id": expert_id})).deleted_count == 1

    async def emails(self) -> dict[str, str]:
        """Email, with case folded, → id, of every expert."""
        return {
            document["email"].casefold(): document["_id"] async for document in self._experts.find({}, {"email": 1})
        }

    async def get(self, expert_id: str) -> Expert | None:
        document = await self._experts.find_one({"_id": expert_id})
        return expert_from(document) if document else None

    async def by_id(self, expert_ids: Sequence[str]) -> dict[str, Expert]:
        cursor = self._experts.find({"_id": {"$in": list(expert_ids)}})
        return {document["_id"]: expert_from(document) async for document in cursor}

    async def find(self, search: str, category: str | None, sort: str, page: int, limit: int) -> Page:
        query = experts_query(search, category)
        total = await self._experts.count_documents(query) if query else await self._experts.estimated_document_count()
        cursor = self._experts.find(query).sort(SORTS[sort]).skip((page - 1) * limit).limit(limit)
        return Page([expert_from(document) async for document in cursor], page, limit, total)

    async def categories(self) -> list[tuple[str, int]]:
        """Names and numbers of experts, by name."""
        cursor = await self._experts.aggregate([{"$group": {"_id": "$category", "experts": {"$sum": 1}}}])
        return sorted([(document["_id"], document["experts"]) async for document in cursor])

    async def ids(self) -> AsyncIterator[str]:
        async for document in self._experts.find({}, {"_id": 1}):
            yield document["_id"]

    async def count(self) -> int:
        return int(await self._experts.estimated_document_count())


def experts_query(search: str, category: str | None) -> Document:
    """The filter of a catalogue page. The first n-gram of a search narrows, by its index; for a longer search a regular
    expression (escaped, on the folded name) decides among those."""
    query: Document = {}
    if category:
        query["category"] = category
    if folded := fold(search):
        query["grams"] = folded[:LONGEST]
        if len(folded) > LONGEST:
            query["folded"] = {"$regex": re.escape(folded)}
    return query


def expert_document(expert: Expert) -> Document:
    folded = fold(expert.name)
    return {
        "_id": expert.id,
        "name": expert.name,
        "folded": folded,
        "grams": grams(folded),
        "category": expert.category,
        "headline": expert.headline,
        "bio": expert.bio,
        "languages": list(expert.languages),
        "timeZone": expert.time_zone,
        "experience": expert.experience,
        "rating": expert.rating,
        "reviewCount": expert.review_count,
        "email": expert.email,
        "phone": expert.phone,
    }


def expert_from(document: Document) -> Expert:
    return Expert(
        document["_id"],
        document["name"],
        document["category"],
        document["headline"],
        document["bio"],
        tuple(document["languages"]),
        document["timeZone"],
        document["experience"],
        document["rating"],
        document["reviewCount"],
        document["email"],
        document["phone"],
    )
