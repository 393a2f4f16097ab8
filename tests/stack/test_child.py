from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from engine.stack import Child

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def test_output_goes_to_the_log_and_the_exit_code_is_known(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"], log=log)
    assert child.wait(10)
    assert (child.exit_code, log.read_text()) == (3, "said\n")


def test_stop_asks_first_and_insists_afterwards(tmp_path: Path) -> None:
    polite = Child(SLEEP)
    assert polite.stop(10) == -signal.SIGTERM
    assert not polite.alive

    log = tmp_path / "log"
    stubborn = Child(STUBBORN, log=log)
    while not log.exists() or not log.read_text():
        time.sleep(0.01)
    began = time.monotonic()
    assert stubborn.stop(0.2) == -signal.SIGKILL
    assert time.monotonic() - began < 5
    assert stubborn.stop(0.2) == -signal.SIGKILL, "stopping twice does no harm"


def test_a_child_has_a_session_of_its_own() -> None:
    """Ctrl-C in a terminal signals our whole process group: a child in it would stop out of order."""
    child = Child(SLEEP)
    try:
        assert os.getsid(child.pid) != os.getsid(0)
    finally:
        child.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux'")
def test_a_child_outlives_the_thread_that_started_it() -> None:
    """The kernel takes the forking *thread* for the parent: a child of a pool thread died with the pool."""
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(Child(SLEEP)))
    thread.start()
    thread.join()
    try:
        assert not children[0].wait(0.5)
    finally:
        children[0].kill()


def test_a_forgotten_child_is_ended() -> None:
    child = Child(SLEEP)
    pid = child.pid
    del child
    assert not psutil.pid_exists(pid)


def test_a_command_that_is_not_there_ends_with_a_line_in_the_log(tmp_path: Path) -> None:
    child = Child(["/nowhere/server"], log=tmp_path / "log")
    assert child.wait(10)
    assert child.exit_code == 1
    assert (tmp_path / "log").read_text() == "cannot run /nowhere/server: No such file or directory\n"
