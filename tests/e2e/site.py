"""The server as its users have it: `slotline serve` in a process of its own, on a port that stays the same."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from engine.stack.ports import free_port
from tests.needs import ROOT

START = 60.0
ADMIN_TOKEN = "e2e-admin-token-of-enough-length"
CODE = re.compile(r"^Code for (\S+): (\d{6})$")


class Site:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.base = f"http://127.0.0.1:{settings.port}"
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self.console: list[str] = []
        """What the server has printed."""

    def start(self) -> None:
        names = {name.upper() for name in Settings.model_fields}
        inherited = {name: value for name, value in os.environ.items() if name.upper() not in names}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "serve"],
            env={**inherited, "PYTHONPATH": str(ROOT), **self.settings.environment()},
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        deadline = time.monotonic() + START
        while not self._ready():
            assert self._process.poll() is None, "\n".join(self.console)
            assert time.monotonic() < deadline, "the server does not get ready"
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.console.append(line.rstrip())

    def kill(self) -> None:
        """The supervisor and every worker at once, without a farewell."""
        assert self._process is not None
        family = psutil.Process(self._process.pid).children(recursive=True)
        for process in [psutil.Process(self._process.pid), *family]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(20)
        psutil.wait_procs(family, timeout=20)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
        if self._listener is not None:
            self._listener.join(10)

    def code_for(self, email: str, after: int = 0) -> str:
        """The newest one-time code that was printed for an address since the console had ``after`` lines."""
        deadline = time.monotonic() + 20
        while True:
            codes = [found[2] for line in self.console[after:] if (found := CODE.match(line)) and found[1] == email]
            if codes:
                return codes[-1]
            assert time.monotonic() < deadline, f"no code for {email} was printed"
            time.sleep(0.05)


@contextmanager
def site(redis: RedisServer, mongo: MongoServer, database: str, folder: Path, **knobs: object) -> Iterator[Site]:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        **{
            "port": free_port(),
            "workers": 2,
            "redis_url": redis.url,
            "mongo_url": mongo.url,
            "mongo_database": database,
            "data_dir": folder / "data",
            "secret": "an e2e secret that is long enough for it",
            "admin_token": ADMIN_TOKEN,
            "print_codes": True,
            "rate_limits": False,
            "log_level": "warning",
            **knobs,
        },
    )
    served = Site(settings, folder)
    served.start()
    try:
        yield served
    finally:
        served.stop()
