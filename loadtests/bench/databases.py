"""The databases of the comparison: PostgreSQL, and the MongoDB-compatible server in Rust. Each for one run only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from engine.stack.servers import MongoServer, Server
from loadtests.bench.wrk import BenchError

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
"""Whom PostgreSQL runs as when we are root, which it refuses."""


class PostgresServer(Server):
    """PostgreSQL with its shipped durability (fsync and synchronous_commit on), in a folder of its user."""

    label = "PostgreSQL"
    _packaged = False

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://bench@{quote(str(self.data), safe='')}:{self.port}/{database}"

    def prepare(self) -> None:
        """Makes the cluster. Raises BenchError."""
        words = [
            "--pgdata", str(self.data), "--username", "bench", "--auth", "trust", "--encoding", "UTF8",
            "--no-locale", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run([*_as_user(), _program("initdb"), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"initdb failed: {done.stderr.strip()[-300:]}")

    def ask(self, statement: str, database: str = "postgres") -> str:
        """A statement's answer as text, columns with ``|`` between. Raises BenchError."""
        words = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", self.url_of(database)]
        done = subprocess.run(
            [_program("psql"), *words, "--command", statement], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"psql failed: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "port": str(self.port),
            "unix_socket_directories": str(self.data),  # as Redis: both cost less than TCP
            "max_connections": "100",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",  # no checkpoint in the middle of a run
            "fsync": "on",
            "synchronous_commit": "on",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [*_as_user("--pdeathsig", "SIGKILL"), _program("postgres"), "-D", str(self.data), *words]

    def _answers(self) -> bool:
        command = [_program("pg_isready"), "--quiet", "--host", str(self.data), "--port", str(self.port)]
        ready = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return ready and "database system is ready to accept connections" in self._log_of_run()


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Started, in a folder of its own that its user may enter. Raises BenchError, StackError."""
    with tempfile.TemporaryDirectory(prefix="slotline-postgres-") as folder:
        server = PostgresServer(Path(folder))
        if user := _user():
            os.chown(folder, user.pw_uid, user.pw_gid)
        server.prepare()
        with server:
            yield server


def _user() -> pwd.struct_passwd | None:
    """Whom to become: nobody, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in USERS if name in known), None)


def _as_user(*options: str) -> list[str]:
    """setpriv arranges again that the server dies with us: a change of user undoes what `Child` has arranged."""
    user = _user()
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *options]


def _program(name: str) -> str:
    """Of the newest installed PostgreSQL; Debian keeps them out of PATH. Raises BenchError."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if found is None:
        raise BenchError(f"{name} of PostgreSQL is missing; install with: apt install postgresql (Debian, Ubuntu)")
    return found


def postgres_version() -> str:
    """Raises BenchError if there is no PostgreSQL."""
    return subprocess.run(
        [_program("postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


class RustMongoServer(MongoServer):
    """``secantusd-rs``: the same store as the embedded one, but a server in Rust. For inserts only: its updates leave
    stale unique keys behind."""

    _packaged = False

    def __init__(self, directory: Path, binary: Path) -> None:
        super().__init__(directory)
        self._binary = binary

    def _command(self) -> list[str]:
        config = self.directory / "empty.toml"
        config.touch()  # named, so that no configuration of the user is discovered
        return [
            str(self._binary), "--config", str(config), "--storage-path", str(self.data), "--host", "127.0.0.1",
            "--port", str(self.port), "--sync-on-commit", "--log-file-max", "64MB", "--cache-size", "256M",
        ]  # fmt: skip
