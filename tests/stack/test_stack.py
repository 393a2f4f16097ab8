from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis
from pymongo import MongoClient

from engine.stack import Running, Stack, StackError, running

HOLDER = """
import sys, time
from pathlib import Path
from engine.stack import Stack
with Stack(Path(sys.argv[1])) as stack:
    print(stack.redis.pid, stack.mongo.pid, flush=True)
    time.sleep(60)
"""


def gone(pids: list[int], within: float) -> bool:
    deadline = time.monotonic() + within
    while any(map(psutil.pid_exists, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_both_servers_start_are_found_by_others_and_leave_nothing(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    with Stack(tmp_path) as stack:
        assert stack.redis_url is not None
        assert stack.mongo_url is not None
        pids = [server.pid for server in stack.servers]
        ports = [server.port for server in stack.servers]
        assert running(tmp_path) == Running(os.getpid(), stack.redis_url, stack.mongo_url)
        with redis.Redis.from_url(stack.redis_url) as client:
            client.set("kept", "yes")
        with MongoClient[dict[str, str]](stack.mongo_url) as client:
            client["test"]["kept"].insert_one({"_id": "yes"})
    assert gone(pids, 0)
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert running(tmp_path) is None
    assert not (tmp_path / "stack.json").exists()

    with Stack(tmp_path) as stack:
        with redis.Redis.from_url(stack.redis_url or "") as client:
            assert client.get("kept") == b"yes"
        with MongoClient[dict[str, str]](stack.mongo_url) as client:
            assert client["test"]["kept"].count_documents({}) == 1


def test_a_server_that_is_not_wanted_is_not_started(tmp_path: Path) -> None:
    with Stack(tmp_path, mongo=False) as stack:
        assert [server.label for server in stack.servers] == ["Redis"]
        assert stack.mongo_url is None
        assert json.loads((tmp_path / "stack.json").read_text())["mongo_url"] is None


def test_a_server_that_died_is_mended_on_its_port(tmp_path: Path) -> None:
    with Stack(tmp_path, mongo=False) as stack:
        assert stack.mend() == []
        url = stack.redis_url
        stack.servers[0].kill()
        assert stack.mend() == ["Redis"]
        assert stack.redis_url == url


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux'")
def test_the_servers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        with pytest.raises(StackError, match=rf"already running here \(pid {parent.pid};"):
            Stack(tmp_path).start()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(pids, within=3)
    assert running(tmp_path) is None, "a stale stack.json is not believed"
    with Stack(tmp_path, mongo=False):
        pass


def test_a_second_stack_in_the_same_process_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with Stack(tmp_path, mongo=False) as stack:
        with pytest.raises(StackError, match=rf"already running here \(pid {os.getpid()};"):
            Stack(tmp_path, mongo=False).start()
        assert stack.servers[0].alive
        assert running(tmp_path) is not None


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"^cannot write in the data folder \S+: [^\n]+$"):
        Stack(tmp_path / folder).start()


def test_a_server_that_fails_takes_the_other_down_and_frees_the_folder(tmp_path: Path) -> None:
    (tmp_path / "mongo").touch()
    stack = Stack(tmp_path)
    with pytest.raises(StackError, match="cannot write in"):
        stack.start()
    assert not any(server.alive for server in stack.servers)
    assert running(tmp_path) is None
    with Stack(tmp_path, mongo=False):
        pass
