"""The API's worker processes on one listening socket: started together, restarted alone, stopped together."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.multiprocess import mark_process_dead

from engine.cli.say import in_url
from engine.settings import Settings
from engine.stack import Child, StackError

START_TIMEOUT = 30.0
STOP_EXTRA = 5.0
BACKLOG = 1024
PAUSE = 0.02
DELAYS = (0.5, 10.0)
"""Seconds before a dead worker is started again: the first time, and the most it doubles to."""
PROVEN = 30.0
"""A worker that lived so many seconds starts its delays anew."""


def listen(settings: Settings) -> socket.socket:
    """The socket that all workers share. Raises StackError if the address cannot be had.

    Until a worker accepts, connections wait in its queue.
    """
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StackError(f"port {port} of {host} is in use; stop what uses it, or set PORT") from error
        raise StackError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def address(listener: socket.socket) -> str:
    """``http://host:port`` as it really is."""
    host, port = listener.getsockname()[:2]
    return f"http://{in_url(host)}:{port}"


@dataclass(slots=True)
class _Worker:
    number: int
    child: Child | None = None
    ready_fd: int = -1
    ready: bool = False
    born: float = 0.0
    delay: float = 0.0
    due: float = 0.0
    """When to start it again; 0 while it lives."""

    def hear(self) -> None:
        """Learn whether it has become ready."""
        if self.ready_fd >= 0:
            with contextlib.suppress(BlockingIOError):
                self.ready = os.read(self.ready_fd, 1) == b"R"
                self.close_pipe()

    def close_pipe(self) -> None:
        if self.ready_fd >= 0:
            os.close(self.ready_fd)
            self.ready_fd = -1


class Workers:
    """``settings.workers`` processes of ``python -m api.worker``, which need both server URLs in the settings.

    Each gets the listening socket, and a pipe into which it writes ``R`` when it accepts connections. On SIGTERM it
    has ``drain_timeout`` seconds for what it has begun. ``log`` is told, in a line, of each that dies.
    """

    def __init__(self, listener: socket.socket, settings: Settings, log: Callable[[str], None]) -> None:
        self._listener = listener
        self._settings = settings
        self._log = log
        port = listener.getsockname()[1]
        self._metrics = (settings.data_dir / "metrics" / str(port)).absolute()
        self._env: Mapping[str, str] = {
            **os.environ,
            **settings.environment(),
            "PORT": str(port),
            "PROMETHEUS_MULTIPROC_DIR": str(self._metrics),
        }
        self._workers = [_Worker(number + 1) for number in range(settings.workers)]

    @property
    def pids(self) -> list[int]:
        return [worker.child.pid for worker in self._workers if worker.child and worker.child.alive]

    def start(self, timeout: float = START_TIMEOUT) -> Self:
        """Start all and return when all are ready. Raises StackError if one is not, in ``timeout`` seconds."""
        _fresh(self._metrics)
        deadline = time.monotonic() + timeout
        try:
            for worker in self._workers:
                self._launch(worker)
            while not all(worker.ready for worker in self._workers):
                for worker in self._workers:
                    worker.hear()
                    if worker.child and not worker.child.alive:
                        raise StackError(f"an API worker {_ended(worker.child)} before it was ready")
                if time.monotonic() > deadline:
                    raise StackError(f"the API workers were not ready within {timeout:g} s")
                time.sleep(PAUSE)
        except BaseException:
            self.stop()
            raise
        return self

    def tend(self) -> None:
        """Notice the dead and start them again, each after its delay. To be called several times a second."""
        now = time.monotonic()
        for worker in self._workers:
            worker.hear()
            if worker.child is None or worker.child.alive:
                continue
            if not worker.due:
                mark_process_dead(worker.child.pid, str(self._metrics))  # type: ignore[no-untyped-call]
                proven = now - worker.born > PROVEN
                worker.delay = DELAYS[0] if proven or not worker.delay else min(worker.delay * 2, DELAYS[1])
                worker.due = now + worker.delay
                self._log(
                    f"worker {worker.number} (pid {worker.child.pid}) {_ended(worker.child)}; "
                    f"starting another in {worker.delay:g} s"
                )
            elif now >= worker.due:
                self._launch(worker)

    def stop(self) -> None:
        """Let all finish what they have begun, then end those that take too long."""
        alive = [worker.child for worker in self._workers if worker.child and worker.child.alive]
        deadline = time.monotonic() + self._settings.drain_timeout + STOP_EXTRA
        for child in alive:
            child.terminate()
        for child in alive:
            if not child.wait(deadline - time.monotonic()):
                self._log(f"a worker (pid {child.pid}) did not finish in time and was ended")
            child.kill()
        for worker in self._workers:
            worker.close_pipe()
        shutil.rmtree(self._metrics, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, worker: _Worker) -> None:
        worker.close_pipe()
        worker.ready_fd, write_fd = os.pipe()
        os.set_blocking(worker.ready_fd, False)
        listener = self._listener.fileno()
        command = [sys.executable, "-m", "api.worker", "--fd", str(listener), "--ready-fd", str(write_fd)]
        try:
            worker.child = Child(command, env=self._env, pass_fds=(listener, write_fd))
        finally:
            os.close(write_fd)
        worker.ready, worker.born, worker.due = False, time.monotonic(), 0.0


def _fresh(folder: Path) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise StackError(f"cannot write in the data folder: {folder}: {error.strerror}") from error


def _ended(child: Child) -> str:
    code = child.exit_code or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
