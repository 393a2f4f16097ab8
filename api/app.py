"""Puts the API together."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from sanic import Sanic
from sanic.config import Config

from api import admin, bookings, codes, docs, experts, holds, live, metrics, ops, problems, routes, web
from api.access import Access
from api.framing import FramedRequest
from api.hygiene import Hygiene
from api.mail import Mailer
from engine.engine import Engine
from engine.settings import Settings

HANDLERS = (experts, bookings, holds, codes, admin, ops, docs)
"""Modules that declare routes when they are imported."""

log = logging.getLogger("slotline.api")


def create_app(settings: Settings, name: str = "slotline") -> Sanic[Any, Any]:
    """One worker's application; it opens the engine when it starts and closes it when it stops.

    Raises ValueError for settings with which no server may start.
    """
    if settings.missing:
        raise ValueError(settings.missing)
    app: Sanic[Any, Any] = Sanic(
        name, config=_config(settings), request_class=FramedRequest, configure_logging=False, dumps=orjson.dumps
    )
    app.ctx.settings = settings
    app.ctx.key = settings.key()
    app.ctx.access = Access(settings)
    app.ctx.hygiene = Hygiene(settings)
    app.ctx.stopping = False
    routes.install(app)
    live.install(app)
    problems.install(app)
    web.install(app, settings)

    @app.before_server_start
    async def open_engine(app: Sanic[Any, Any]) -> None:
        app.ctx.engine = await Engine.open(settings)
        app.ctx.mailer = Mailer(settings)
        app.ctx.hub = live.Hub(app.ctx.engine)
        app.ctx.hub.start()
        app.ctx.flushing = asyncio.create_task(metrics.keep_flushing(), name="metrics")

    @app.before_server_stop
    async def close_sockets(app: Sanic[Any, Any]) -> None:
        app.ctx.stopping = True
        await app.ctx.hub.stop()

    @app.after_server_stop
    async def close_engine(app: Sanic[Any, Any]) -> None:
        app.ctx.flushing.cancel()
        await app.ctx.mailer.stop()
        await app.ctx.engine.close()

    return app


def _config(settings: Settings) -> Config:
    config = Config(env_prefix="")
    config.update(
        {
            "ACCESS_LOG": False,
            "FALLBACK_ERROR_FORMAT": "json",
            "GRACEFUL_SHUTDOWN_TIMEOUT": settings.drain_timeout,
            "INSPECTOR": False,
            "KEEP_ALIVE_TIMEOUT": 75,
            "REQUEST_TIMEOUT": settings.request_timeout,
            "MOTD": False,
            "OAS": False,
            "REQUEST_MAX_SIZE": settings.body_limit,
            "RESPONSE_TIMEOUT": 60 + settings.commit_timeout,  # nothing may hide a booking that waits for MongoDB
        }
    )
    return config
