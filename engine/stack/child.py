"""A subprocess that does not outlive us."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


class Child:
    """Starts ``command`` at once.

    On Linux the kernel kills it when this process ends, however it ends; elsewhere it is killed when the
    interpreter exits by itself. It has its own session, so that Ctrl-C in a terminal reaches only us and we
    stop our children in order. Output is appended to the file ``log``, or goes where ours goes. Nothing but
    the child's own pid is signalled, and that only until it has been waited for.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._process = _spawn(command, log, env, pass_fds)
        self._at_exit = weakref.finalize(self, _kill, self._process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number if a signal ended it."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to stop (SIGTERM); does not wait."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once (SIGKILL) and wait until it is gone."""
        self._at_exit()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within ``seconds``."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(seconds, 0))
        return not self.alive

    def stop(self, grace: float = 10.0) -> int:
        """SIGTERM, up to ``grace`` seconds to end, then SIGKILL. Returns the exit code."""
        try:
            self.terminate()
            self.wait(grace)
        finally:
            self.kill()
        return self._process.returncode


def _spawn(
    command: Sequence[str], log: Path | None, env: Mapping[str, str] | None, pass_fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]

    def start() -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as files:
            output = files.enter_context(log.open("ab")) if log else None
            return subprocess.Popen(
                launch, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, pass_fds=pass_fds,
                start_new_session=True,
            )  # fmt: skip

    # "Parent" means the *thread* that forked (prctl(2), PR_SET_PDEATHSIG), so it has to be one that stays.
    if threading.current_thread() is threading.main_thread():
        return start()
    return _keeper(os.getpid()).submit(start).result()


@lru_cache(maxsize=1)
def _keeper(_pid: int) -> ThreadPoolExecutor:
    """A thread that lives as long as this process (and is not mistaken for one after a fork)."""
    return ThreadPoolExecutor(1, thread_name_prefix="children")


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
