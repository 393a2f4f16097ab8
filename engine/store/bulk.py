from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

Document = dict[str, Any]

DUPLICATE = 11000
"""MongoDB's code for: a unique index refused it."""


async def add_missing(
    collection: AsyncCollection[Document], operations: Sequence[InsertOne[Document] | UpdateOne]
) -> int:
    """One bulk write, in any order. Answers how many a unique index refused: somebody else was faster, and that is no
    error. Raises PyMongoError."""
    try:
        if operations:
            await collection.bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        if error.details.get("writeConcernErrors") or any(wrong.get("code") != DUPLICATE for wrong in refused):
            raise
        return len(refused)
    return 0
