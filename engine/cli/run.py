"""``slotline up``: everything; ``slotline serve``: the API alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

import typer

from engine.cli import reach
from engine.cli.say import say, shown, step
from engine.cli.seed import EXPERTS, SEED, WEEKS, fill
from engine.cli.signals import Interrupted, interruptible, own_foreground
from engine.cli.workers import Workers, address, listen
from engine.settings import Settings
from engine.stack import Stack, StackError

TICK = 0.2  # seconds between looks at the children


def up(
    with_sample: Annotated[
        bool, typer.Option("--sample/--no-sample", help="Fill an empty database with sample experts.")
    ] = True,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Redis as a cluster of six on this machine: to see it at work.")
    ] = False,
    under_make: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Start all that is needed: Redis and MongoDB (unless REDIS_URL and MONGO_URL name yours), sample data, the API."""
    began = time.monotonic()
    settings = reach.given_settings()
    with own_foreground(under_make), interruptible():
        try:
            _up(settings, with_sample, cluster, began)
        except Interrupted:
            say("Stopped.")


def _up(settings: Settings, with_sample: bool, cluster: bool, began: float) -> None:
    with listen(settings) as listener:
        say("Slotline is starting …", "bold")
        settings = _for_development(settings)
        reach.check_given(settings)
        clock = time.monotonic()
        own = {"redis": not settings.redis_url, "mongo": not settings.mongo_url, "cluster": cluster}
        with Stack(settings.data_dir, **own) as stack:
            settings = reach.stacked(settings, stack)
            _tell_servers(stack, settings, time.monotonic() - clock)
            if with_sample:
                _fill_if_empty(settings)
            clock = time.monotonic()
            with Workers(listener, settings, say) as workers:
                step("API", _count(settings.workers, "worker"), time.monotonic() - clock)
                _ready(address(listener), began)
                _tell_access(settings)

                def tend() -> None:
                    workers.tend()
                    for label in stack.mend():
                        say(f"{label} had died and was started again")

                _watch(tend)


def serve() -> None:
    """Start the API alone, on the servers that REDIS_URL and MONGO_URL name (or on a stack that runs here)."""
    began = time.monotonic()
    settings = reach.with_running(reach.given_settings())
    unset = [name for name in ("redis_url", "mongo_url") if not getattr(settings, name)]
    if unset:
        names = " and ".join(name.upper() for name in unset)
        raise StackError(f"set {names}; or use `slotline up`, which brings its own servers")
    with interruptible():
        try:
            with listen(settings) as listener:
                reach.check_given(settings)
                if settings.missing:
                    raise StackError(settings.missing)
                with Workers(listener, settings, say) as workers:
                    _ready(address(listener), began)
                    _watch(workers.tend)
        except Interrupted:
            say("Stopped.")


def _for_development(settings: Settings) -> Settings:
    """With secrets of this data folder's own, and codes printed here if they cannot be sent. Raises StackError."""
    try:
        settings = settings.for_development()
    except OSError as error:
        raise StackError(f"cannot write in the data folder: {settings.data_dir}: {error.strerror}") from error
    except ValueError as error:
        raise StackError(str(error)) from error
    if settings.missing:
        raise StackError(settings.missing)
    return settings


def _tell_access(settings: Settings) -> None:
    if settings.access == "open":
        say("  access  open: everybody may see and change every booking", "yellow")
    elif settings.print_codes and not settings.smtp_url:
        say("  codes   are printed here: whoever asks for one needs this screen")
    if (settings.data_dir / "admin-token").exists():
        say(f"  admin   the token is in {settings.data_dir / 'admin-token'}")


def _watch(tend: Callable[[], None]) -> None:
    try:
        while True:
            tend()
            time.sleep(TICK)
    except Interrupted:
        say("Stopping: requests in flight are answered first …")
        raise


def _tell_servers(stack: Stack, settings: Settings, seconds: float) -> None:
    folder = settings.data_dir
    for label, own, url in (
        ("Redis", stack.redis, settings.redis_url),
        ("MongoDB", stack.mongo, settings.mongo_url),
    ):
        where = f"{own.place}, data in {folder / own.directory.name}" if own else shown(url or "")
        step(label, where, seconds if own else None)


def _fill_if_empty(settings: Settings) -> None:
    clock = time.monotonic()
    known, seeded = asyncio.run(fill(settings, EXPERTS, WEEKS, SEED, only_if_empty=True))
    text = f"{seeded.experts:,} sample experts, {seeded.slots:,} slots" if seeded else _count(known, "expert")
    step("Data", text, time.monotonic() - clock)


def _ready(base: str, began: float) -> None:
    say(f"Ready in {time.monotonic() - began:.1f} s: {base}", "bold green")
    say(f"  app     {base}/")
    say(f"  API     {base}/docs")
    say(f"  try     curl -s '{base}/api/experts?limit=3'")
    say("  stop    Ctrl-C")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
