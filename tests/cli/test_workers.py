"""The supervisor, with a stand-in for ``api.worker`` that answers every connection with its pid."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.cli import workers as module
from engine.cli.workers import Workers, address, listen
from engine.settings import Settings
from engine.stack import StackError

STAND_IN = """
import os, signal, socket, sys, time
_, _, fd, _, ready_fd = sys.argv
assert os.environ["REDIS_URL"] == "redis://r" and os.environ["MONGO_URL"] == "mongodb://m"
assert os.environ["PORT"] != "0" and os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]) == []
{first}
os.write(int(ready_fd), b"R")
listener = socket.socket(fileno=int(fd))
while True:
    link, _ = listener.accept()
    with link:
        link.sendall(b"%d" % os.getpid())
"""
Start = Callable[..., Workers]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Iterator[Start]:
    """``start(first="…")`` starts two stand-ins that run that line before they are ready."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        port=0, workers=2, data_dir=tmp_path, redis_url="redis://r", mongo_url="mongodb://m", drain_timeout=0
    )
    started: list[Workers] = []

    def begin(first: str = "", timeout: float = 20) -> Workers:
        (tmp_path / "api").mkdir()
        (tmp_path / "api" / "__init__.py").touch()
        (tmp_path / "api" / "worker.py").write_text(STAND_IN.format(first=first))
        workers = Workers(listener, settings, said.append)
        started.append(workers)
        return workers.start(timeout)

    with listen(settings) as listener:
        yield begin
        for workers in started:
            workers.stop()


def tend_until(workers: Workers, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        workers.tend()
        time.sleep(0.02)


def test_all_serve_on_the_one_socket_and_stop_together(start: Start, tmp_path: Path) -> None:
    workers = start()
    pids = workers.pids
    assert len(pids) == 2
    folder = next((tmp_path / "metrics").iterdir())
    with socket.create_connection(("127.0.0.1", int(folder.name)), timeout=5) as link:
        assert int(link.recv(100)) in pids
    workers.stop()
    assert not any(map(psutil.pid_exists, pids))
    assert not folder.exists()


def test_one_that_dies_is_started_again_and_later_each_time(
    start: Start, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELAYS", (0.05, 0.1))
    workers = start()
    survivor = workers.pids[1]
    for _ in range(3):
        os.kill(workers.pids[0], signal.SIGKILL)
        tend_until(workers, lambda: len(workers.pids) == 1)
        tend_until(workers, lambda: len(workers.pids) == 2)
    assert workers.pids[1] == survivor
    assert [line.rsplit("starting another in ")[1] for line in said] == ["0.05 s", "0.1 s", "0.1 s"]
    assert all("was ended by SIGKILL" in line for line in said)


def test_one_that_ends_before_it_is_ready_stops_the_start(start: Start) -> None:
    with pytest.raises(StackError, match="an API worker ended with code 3 before it was ready"):
        start("sys.exit(3)")


def test_one_that_is_not_ready_in_time_stops_the_start(start: Start) -> None:
    before = workers_of_this_process()
    with pytest.raises(StackError, match=r"not ready within 0.5 s"):
        start("time.sleep(60)", timeout=0.5)
    assert workers_of_this_process() == before


def workers_of_this_process() -> set[int]:
    """Other tests of this process may have servers of their own."""
    return {child.pid for child in psutil.Process().children() if "api.worker" in child.cmdline()}


def test_one_that_will_not_stop_is_ended(start: Start, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_EXTRA", 0.2)
    workers = start("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    pids = workers.pids
    workers.stop()
    assert not any(map(psutil.pid_exists, pids))
    assert len(said) == 2
    assert "did not finish in time" in said[0]


def test_the_address_is_what_the_socket_has() -> None:
    with listen(Settings(port=0)) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.skipif(not socket.has_ipv6 or sys.platform == "win32", reason="no IPv6")
def test_ipv6_loopback() -> None:
    try:
        listener = listen(Settings(host="::1", port=0))
    except StackError:
        pytest.skip("no IPv6 loopback here")
    with listener:
        assert address(listener).startswith("http://[::1]:")
