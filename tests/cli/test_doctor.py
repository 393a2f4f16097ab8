from __future__ import annotations

import importlib.metadata
import socket
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from engine.cli import doctor, stores
from engine.stack import MongoServer, RedisServer, Stack
from tests.cli.command_line import CLOSED, SECRET, Slotline


def test_the_doctor_without_servers(slotline: Slotline, tmp_path: Path) -> None:
    done = slotline("doctor")
    assert done.returncode == 0, done.stdout
    assert "Redis does not run" in done.stdout
    assert "MongoDB does not run" in done.stdout
    assert not (tmp_path / "data").exists(), "it changes nothing that stays"


def test_the_doctor_with_servers(slotline: Slotline, stack: Stack) -> None:
    folder = {"DATA_DIR": str(stack.data_dir), "MONGO_DATABASE": "examined"}
    assert "database examined is empty" in slotline("doctor", **folder).stdout
    slotline("seed", "--experts", "2", "--weeks", "1", **folder)
    done = slotline("doctor", **folder)
    assert done.returncode == 0, done.stdout
    for line in (
        "noeviction", "appendonly is on", "all 16 partitions have an epoch", "is acknowledged",
        "a transaction in examined is possible", "all indexes",
        "2 experts",
    ):  # fmt: skip
        assert line in done.stdout
    assert "✗" not in done.stdout


def test_the_doctor_compares_what_is_installed_with_the_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package may be locked twice, for an older and for a newer Python."""
    installed = importlib.metadata.version("orjson")
    monkeypatch.chdir(tmp_path)
    lock = tmp_path / "requirements.lock"
    for versions, good in ((f"{installed} 0.1", True), (f"0.1 {installed}", True), ("0.1 0.2", False)):
        old, new = versions.split()
        lock.write_text(
            f"orjson=={old} ; python_full_version < '3.12' \\\n    --hash=sha256:0\n"
            f"orjson=={new} ; python_full_version >= '3.12' \\\n    --hash=sha256:0\nnobody-has-this==1.0\n"
        )
        found = doctor._versions()
        assert found.ok is good, found
    assert f"orjson {installed} (locked: 0.1 or 0.2)" in found.text


def test_the_doctor_finds_what_is_wrong(slotline: Slotline, tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path / "bad", persist=False, args=["--maxmemory-policy", "allkeys-lru"]) as redis,
        socket.create_server(("127.0.0.1", 0)) as busy,
    ):
        done = slotline(
            "doctor",
            REDIS_URL=redis.url,
            MONGO_URL=f"mongodb://me:{SECRET}@{CLOSED}/",
            PORT=str(busy.getsockname()[1]),
            DATA_DIR="/proc/nowhere",
        )
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr
    wrong = [line for line in done.stdout.splitlines() if "✗" in line]
    for number, part in enumerate(
        ("data folder", "in use", "allkeys-lru", "appendonly is off", "cannot reach MongoDB")
    ):
        assert part in wrong[number]


class Standalone(MongoClient[dict[str, object]]):
    """As a mongod that is no replica set answers."""

    def start_session(self, *_args: Any, **_options: Any) -> Any:
        raise OperationFailure("Transaction numbers are only allowed on a replica set member or mongos", 20)


def test_the_doctor_leaves_nothing_behind_where_there_are_no_transactions(mongo_server: MongoServer) -> None:
    """The collection in which it tried one stayed. In a database that was empty but for that, the indexes of all the
    others were then missed as if something were wrong with it."""
    with Standalone(mongo_server.url) as client:
        assert stores._majority_write(client, "left").ok
        tried = stores._transaction(client, "left")
        assert (tried.ok, "a transaction in left failed" in tried.text) == (False, True)
        assert client["left"].list_collection_names() == []
        client["left"]["of-somebody-else"].insert_one({})
        assert "the first start makes the indexes" in stores._indexes(client, "left").text
        client["left"]["days"].insert_one({})
        assert stores._indexes(client, "left").ok is False
        client.drop_database("left")
