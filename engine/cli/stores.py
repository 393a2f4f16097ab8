"""What the doctor looks at in Redis and MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from redis import Redis, RedisCluster

from engine.cli.findings import Finding, bad, good, note
from engine.cli.reach import REDIS_ERRORS, check_mongo, check_redis, mongo_client, redis_client
from engine.cli.say import shown
from engine.keys import Keys
from engine.stack import StackError
from engine.store import INDEXES

OLDEST_REDIS = (6, 2)
TRIAL = "doctor"


def look_at_redis(url: str, partitions: int) -> Iterator[Finding]:
    try:
        check_redis(url)
    except StackError as error:
        yield bad(str(error))
        return
    with redis_client(url) as client:
        try:
            yield from _servers(client, url)
            yield _epochs(client, partitions)
        except REDIS_ERRORS as error:
            yield bad(f"Redis stopped answering: {type(error).__name__}")


def _servers(client: Redis | RedisCluster, url: str) -> Iterator[Finding]:
    """Each node of a cluster is a server with settings of its own. What is well with many is said once."""
    if not isinstance(client, RedisCluster):
        yield from _redis_settings(client.info(), shown(url), "")
        return
    said = set()
    for node in client.get_nodes():  # type: ignore[no-untyped-call]
        try:
            info = client.get_redis_connection(node).info()
        except REDIS_ERRORS as error:
            yield bad(f"Redis: the node {node.name} does not answer: {type(error).__name__}")
            continue
        for finding in _redis_settings(info, shown(url), f" of {node.name}"):
            if finding not in said:
                yield finding
            said.add(finding)


def _redis_settings(info: dict[str, Any], where: str, which: str) -> Iterator[Finding]:
    """``which`` names the server if there are several."""
    version = str(info["redis_version"])
    product = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {version}"
    if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        yield bad(f"{product}{which} at {where} is too old", "Slotline needs Redis 6.2 or any Valkey")
    else:
        yield good(f"{product} answers at {where}")

    policy = info.get("maxmemory_policy")
    if policy == "noeviction":
        yield good("Redis: maxmemory-policy is noeviction")
    else:
        yield bad(f"Redis: maxmemory-policy{which} is {policy}: it may throw claims away", "set it to noeviction")
    if info.get("aof_enabled"):
        yield good("Redis: appendonly is on")
    else:
        yield bad(
            f"Redis: appendonly{which} is off: a restart empties the calendar until it is rebuilt", "set appendonly yes"
        )


def _epochs(client: Redis | RedisCluster, partitions: int) -> Finding:
    missing = sum(not client.exists(partition.epoch) for partition in Keys(partitions).partitions)
    if not missing:
        return good(f"Redis: all {partitions} partitions have an epoch")
    if missing == partitions:
        return note("Redis: no partition has an epoch yet; the first start makes them")
    return bad(f"Redis: {missing} of {partitions} partitions have no epoch", "a worker rebuilds them when it starts")


def look_at_mongo(url: str, database: str) -> Iterator[Finding]:
    try:
        check_mongo(url)
    except StackError as error:
        yield bad(str(error))
        return
    with mongo_client(url) as client:
        try:
            version = client.server_info()["version"]
            yield good(f"MongoDB {version} answers at {shown(url)}")
            yield _majority_write(client, database)
            yield _transaction(client, database)
            yield _indexes(client, database)
            count = client[database]["experts"].estimated_document_count()
            yield good(f"{count:,} experts") if count else note("no experts yet", "slotline seed")
        except PyMongoError as error:
            yield bad(f"MongoDB stopped answering: {type(error).__name__}")


@contextmanager
def _trial(client: MongoClient[dict[str, object]], database: str) -> Iterator[Collection[dict[str, object]]]:
    """A collection to write in, which is gone afterwards, whatever comes of it."""
    durable = WriteConcern("majority", j=True, wtimeout=2000)
    trial = client[database].get_collection(TRIAL, write_concern=durable)
    try:
        yield trial
    finally:
        with suppress(PyMongoError):
            trial.drop()


def _majority_write(client: MongoClient[dict[str, object]], database: str) -> Finding:
    try:
        with _trial(client, database) as trial:
            trial.insert_one({"written": True})
    except PyMongoError as error:
        return bad(
            f"MongoDB: a majority, journaled write to {database} failed: {type(error).__name__}",
            "give the user readWrite on the database, and look at the replica set",
        )
    return good(f"MongoDB: a majority, journaled write to {database} is acknowledged")


def _transaction(client: MongoClient[dict[str, object]], database: str) -> Finding:
    try:
        with _trial(client, database) as trial:
            trial.insert_one({"_id": 1})
            with client.start_session() as session, session.start_transaction():
                trial.update_one({"_id": 1}, {"$set": {"written": True}}, session=session)
    except PyMongoError as error:
        return bad(
            f"MongoDB: a transaction in {database} failed: {type(error).__name__}",
            "run it as a replica set, if need be of one member: bookings that take each other's slots need it",
        )
    return good(f"MongoDB: a transaction in {database} is possible")


def _indexes(client: MongoClient[dict[str, object]], database: str) -> Finding:
    there = INDEXES.keys() & client[database].list_collection_names()
    if not there:
        return note(f"MongoDB: the database {database} is empty; the first start makes the indexes")
    missing = []
    for collection in sorted(there):
        have = client[database][collection].index_information()
        names = [str(index.document["name"]) for index in INDEXES[collection]]
        missing += [f"{collection}.{name}" for name in names if name not in have]
    if missing:
        return bad(f"MongoDB: indexes are missing: {', '.join(missing)}", "start Slotline once; it makes them")
    return good("MongoDB: all indexes are there")
