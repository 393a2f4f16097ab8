"""A load scenario from beginning to end: servers, locust over two processes, the verdict, the plots."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def started(folder: Path, *arguments: str, path: str = "") -> Iterator[subprocess.Popen[str]]:
    """``path`` is one more folder in which Python looks for modules."""
    command = [
        sys.executable,
        "-m",
        "loadtests.run",
        *arguments,
        "--experts",
        "5",
        "--report",
        str(folder / "report.html"),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": path},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def processes_of(folder: Path) -> list[str]:
    """The command lines of what still runs on files below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


@pytest.mark.timeout(180)
def test_a_rush_sells_every_seat_once(tmp_path: Path) -> None:
    with started(tmp_path, "rush", "--users", "150", "--seconds", "15") as run:
        said = run.communicate(timeout=160)[0]
    assert run.returncode == 0, said
    assert "kept: Redis and MongoDB agree" in said
    assert "50 of 50 seats were sold" in said
    assert "<svg" in (tmp_path / "report.html").read_text() or "<img" in (tmp_path / "report.html").read_text()
    assert not processes_of(tmp_path)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("scenario", "done"),
    [
        ("browse", "GET /api/experts, GET /api/experts?search, GET /api/experts?category, GET /api/experts/{id}"),
        ("live", "GET (screen beside page), POST /api/holds, DELETE /api/holds/{token}, LIVE fan-out delay"),
    ],
)
def test_a_scenario_does_what_it_says_and_ends_with_the_verdict(tmp_path: Path, scenario: str, done: str) -> None:
    with started(tmp_path, scenario, "--users", "40", "--seconds", "10") as run:
        said = run.communicate(timeout=160)[0]
    assert run.returncode == 0, said
    assert "kept: Redis and MongoDB agree" in said
    counted = {" ".join(row.split()) for row in re.findall(r"^([A-Z]+ .+?) +[1-9]\d* ", said, re.MULTILINE)}
    assert set(done.split(", ")) <= counted
    assert not processes_of(tmp_path)


STUCK = """
from engine.live.picture import Picture

def keep_the_seats(self, frame, take=Picture.take_slot):
    return take(self, frame | {"slot": self.slots.get(frame["slot"]["id"], frame["slot"])})

Picture.take_slot = keep_the_seats
"""


@pytest.mark.timeout(180)
def test_a_screen_that_shows_something_else_than_the_page_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    with started(tmp_path, "live", "--users", "40", "--seconds", "10", path=f"{tmp_path}:{ROOT}") as run:
        said = run.communicate(timeout=160)[0]
    assert run.returncode == 1, said
    assert "the screen shows something else" in said
    assert "BROKEN: " in said


@pytest.mark.timeout(180)
def test_locusts_page_is_served_and_ctrl_c_ends_with_the_verdict(tmp_path: Path) -> None:
    """Only the runner hears of it, as from a supervisor. It once left locust's processes behind, and these joined the
    next run."""
    with started(tmp_path, "day", "--users", "20", "--seconds", "600", "--web") as run:
        assert run.stdout is not None
        page = next(found for line in run.stdout if (found := re.search(r"http://(127[0-9.]+:[0-9]+)", line)))[1]
        asked = {"user_count": "20", "spawn_rate": "20"}
        deadline = time.monotonic() + 60
        while True:
            try:
                assert post(page, "/swarm", asked)["success"]
                break
            except OSError:
                assert time.monotonic() < deadline, "no page"
                time.sleep(0.2)
        while sum(row["num_requests"] for row in get(page, "/stats/requests")["stats"]) < 20:
            assert time.monotonic() < deadline, "no requests"
            time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=100)[0]
    assert run.returncode == 0, said
    assert "kept: Redis and MongoDB agree" in said
    assert "Traceback" not in said
    assert not processes_of(tmp_path)


def get(server: str, path: str) -> dict[str, Any]:
    return ask(server, "GET", path)


def post(server: str, path: str, form: dict[str, str]) -> dict[str, Any]:
    return ask(server, "POST", path, urlencode(form))


def ask(server: str, method: str, path: str, body: str | None = None) -> dict[str, Any]:
    with closing(http.client.HTTPConnection(server, timeout=10)) as connection:
        connection.request(method, path, body, {"content-type": "application/x-www-form-urlencoded"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
