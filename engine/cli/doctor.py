"""``slotline doctor``: what is wrong with a set-up, in words. It changes nothing that stays."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import typer
from pydantic import ValidationError
from rich.text import Text

from engine.cli import reach
from engine.cli.findings import Finding, bad, good, note
from engine.cli.say import console, in_url, what_is_wrong
from engine.cli.stores import look_at_mongo, look_at_redis
from engine.cli.workers import listen
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer, StackError, running

DEPENDENCIES = (
    "aiosmtplib", "hiredis", "icalendar", "jwt", "orjson", "prometheus_client", "pydantic", "pymongo", "redis", "rich",
    "sanic", "structlog", "typer", "tzdata", "uvloop",
)  # fmt: skip
LOCK = Path("requirements.lock")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("·", "dim")}


def command() -> None:
    """Check the set-up and say what is wrong with it; ends with 1 if anything is."""
    faults = 0
    for finding in _examine():
        mark, style = MARKS[finding.ok]
        hint = f"\n      → {finding.hint}" if finding.hint else ""
        console.print(Text.assemble((f"  {mark} ", style), finding.text, (hint, "yellow")))
        faults += finding.ok is False
    if faults:
        console.print(Text(f"{faults} thing{'' if faults == 1 else 's'} to mend.", style="bold red"))
        raise typer.Exit(1)
    console.print(Text("All is well.", style="bold green"))


def _examine() -> Iterator[Finding]:
    yield _python()
    yield _dependencies()
    yield _versions()
    try:
        settings = reach.given_settings()
    except StackError as error:
        yield bad(f"settings: {error}")
        return
    except ValidationError as error:
        yield bad(f"settings: {what_is_wrong(error)}", "correct it in the environment or in .env")
        return
    yield _data_folder(settings.data_dir)
    yield _access(settings)
    yield _port(settings)

    settings = reach.with_running(settings)
    if settings.redis_url:
        yield from look_at_redis(settings.redis_url, settings.partitions)
    else:
        yield _embedded(RedisServer, settings.data_dir, "REDIS_URL")
    if settings.mongo_url:
        yield from look_at_mongo(settings.mongo_url, settings.mongo_database)
    else:
        yield _embedded(MongoServer, settings.data_dir, "MONGO_URL")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return good(f"Python {version}")


def _dependencies() -> Finding:
    broken = []
    for name in DEPENDENCIES:
        try:
            importlib.import_module(name)
        except Exception as error:  # a broken wheel may raise anything
            broken.append(f"{name} ({type(error).__name__})")
    if broken:
        return bad(f"cannot import {', '.join(broken)}", "remove .venv and run make again")
    return good(f"dependencies: all {len(DEPENDENCIES)} import")


def _versions() -> Finding:
    if not LOCK.exists():
        return note(f"versions: no {LOCK} here to compare with")
    locked: dict[str, list[str]] = {}
    for name, wanted in PINNED.findall(LOCK.read_text()):
        locked.setdefault(name, []).append(wanted)  # some have one version for each version of Python
    others = []
    for name, versions in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if installed not in versions:
            others.append(f"{name} {installed} (locked: {' or '.join(versions)})")
    if others:
        return bad(f"other versions than in {LOCK}: {', '.join(others)}", f"pip install -r {LOCK}")
    return good(f"versions: as in {LOCK}")


def _data_folder(folder: Path) -> Finding:
    made: list[Path] = []
    try:
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return bad(f"cannot write in the data folder {folder}: {error.strerror}", "set DATA_DIR to another folder")
    finally:
        for each in made:
            with suppress(OSError):  # it was not made after all, or somebody has put something into it
                each.rmdir()
    return good(f"data folder {folder} can be written")


def _access(settings: Settings) -> Finding:
    if settings.access == "open":
        return note("ACCESS is open: everybody on this machine may see and change every booking")
    if settings.missing:
        return note(f"`slotline serve` would not start: {settings.missing}", "`slotline up` needs nothing of the kind")
    if settings.admin_token is None:
        return note("ADMIN_TOKEN is not set: no administration by HTTP")
    return good("access: customers prove their email; there is an admin token")


def _port(settings: Settings) -> Finding:
    try:
        listen(settings).close()
    except StackError as error:
        found = running(settings.data_dir)
        if found and _is_slotline(settings):
            return good(f"port {settings.port} is used by the Slotline that runs here (pid {found.pid})")
        return bad(str(error))
    return good(f"port {settings.port} of {settings.host} is free" if settings.port else "any free port will do")


def _is_slotline(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{in_url(settings.host)}:{settings.port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _embedded(kind: type[RedisServer | MongoServer], folder: Path, variable: str) -> Finding:
    try:
        kind(folder)
    except StackError as error:
        return bad(f"{kind.label}: {variable} is not set and {error}")
    return note(f"{kind.label} does not run: {variable} is not set, and `slotline up` would start the embedded one")
