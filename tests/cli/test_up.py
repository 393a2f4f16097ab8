from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.cli.command_line import Slotline, command, environment

READY = re.compile(r"^Ready in [\d.]+ s: (http://127\.0\.0\.1:(\d+))$")


@dataclass
class Up:
    process: subprocess.Popen[str]
    url: str
    port: int

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def up(folder: Path, **changes: str) -> Iterator[Up]:
    with subprocess.Popen(
        command("up"), env=environment(folder, WORKERS="2", **changes), cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if found := READY.match(line.rstrip()):
                    yield Up(process, found[1], int(found[2]))
                    return
            pytest.fail("".join(lines))
        finally:
            process.kill()


def healthy(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_and_a_signal_leaves_nothing(tmp_path: Path, slotline: Slotline, number: int) -> None:
    with up(tmp_path) as running:
        assert healthy(running.url)
        with urllib.request.urlopen(f"{running.url}/api/experts?limit=3", timeout=5) as answer:
            assert len(json.load(answer)["experts"]) == 3
        family = psutil.Process(running.process.pid).children(recursive=True)
        ports = {c.laddr.port for child in family for c in child.net_connections() if c.status == psutil.CONN_LISTEN}
        assert running.port in ports
        assert len(family) >= 4, "two workers, Redis and MongoDB"

        second = slotline("up")
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert f"already running here (pid {running.process.pid};" in second.stderr

        assert running.stop(number) == 0
        assert not psutil.wait_procs(family, timeout=1)[1]
        for port in ports:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0
        assert not (tmp_path / "data" / "stack.json").exists()


def test_a_worker_and_a_server_that_die_come_back(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        main = psutil.Process(running.process.pid)
        worker = next(child for child in main.children() if "api.worker" in child.cmdline())
        redis = next(child for child in main.children() if "valkey" in child.cmdline()[0])
        worker.kill()
        redis.kill()
        deadline = time.monotonic() + 15
        while len([child for child in main.children() if child.status() != psutil.STATUS_ZOMBIE]) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert healthy(running.url)
        assert running.stop(signal.SIGINT) == 0


def test_nothing_survives_a_killed_main_process(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        family = psutil.Process(running.process.pid).children(recursive=True)
        running.stop(signal.SIGKILL)
        assert not psutil.wait_procs(family, timeout=3)[1]
