"""One worker process: ``python -m api.worker --fd N [--ready-fd M]``. Its parent has bound the socket."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import resource
import socket
import sys
from contextlib import suppress
from typing import Any

import structlog
from sanic import Sanic

from api.app import create_app
from api.lane import Lane
from api.patience import Patient
from api.replies import CURRENT, request_id
from engine.settings import Settings

GC_THRESHOLDS = (50_000, 20, 50)
"""Of Python's collector: objects that more were made than freed, then collections of the generation before."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="api.worker")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    parser.add_argument("--ready-fd", type=int, help="gets one byte when requests are accepted")
    given = parser.parse_args()
    raise_file_limit()
    settings = Settings()
    configure_logging(settings.log_level)
    app = create_app(settings, f"slotline-{os.getpid()}")
    app.register_listener(spare_the_collector, "after_server_start")
    if given.ready_fd is not None:

        @app.after_server_start
        async def ready(app: Sanic[Any, Any]) -> None:
            os.write(given.ready_fd, b"R")
            os.close(given.ready_fd)

    protocol = Lane if settings.lane == "on" else Patient
    app.run(sock=socket.socket(fileno=given.fd), protocol=protocol, single_process=True, motd=False, access_log=False)


async def spare_the_collector(app: Sanic[Any, Any]) -> None:
    """What is there when the worker is ready stays until it ends, and a request makes no cycles: the collector need not
    walk through all of it again and again. That took a seventh of a booking's CPU (decision 0011)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def raise_file_limit() -> None:
    """A live socket is an open file, and many systems begin with 1,024 of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some systems say "unlimited" and do not mean it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def configure_logging(level: str) -> None:
    """Structured lines on standard error: a JSON object each, or coloured words on a terminal."""
    shared: list[Any] = [
        name_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # PyMongo's tells whole documents, and they are somebody's.
    for noisy in ("sanic.root", "sanic.server", "websockets", "asyncio", "pymongo"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def name_request(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """What is logged while a request is being answered says which."""
    request = CURRENT.get(None)
    if request is not None:
        event["request_id"] = request_id(request)
    return event


if __name__ == "__main__":
    main()
