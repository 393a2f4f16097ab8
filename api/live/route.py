"""`GET /api/live`."""

from __future__ import annotations

from typing import Any

from sanic import Request, Sanic

from api.admission import Door
from api.live.handshake import take_over
from engine.errors import StoreUnavailable


def install(app: Sanic[Any, Any]) -> None:
    door = Door(app.ctx.settings)

    async def live(request: Request) -> None:
        if request.app.ctx.stopping:
            raise StoreUnavailable("this server is about to stop")
        take_over(request, door.admit(request, request.app.ctx.hub))

    live.is_websocket = True  # type: ignore[attr-defined]  # Sanic: no answer is expected
    app.add_route(live, "/api/live", methods=["GET"], name="live")
