"""Keeping a seat while the form is being filled in."""

from __future__ import annotations

from email.utils import formatdate

from sanic import Request

from api import incoming, outgoing, views
from api.access import access_of
from api.problems import BadRequest, MalformedJson, UnsupportedMediaType, ValidationFailed
from api.replies import Reply, raw, reply
from api.routes import engine_of, idempotency_key, read_body, route
from engine import limits
from engine.errors import (
    HoldNotFound,
    IdempotencyKeyReused,
    SlotClosed,
    SlotHeld,
    SlotNotFound,
    SlotPast,
    SlotTaken,
    StoreUnavailable,
)
from engine.model import Hold, expert_of


def view(hold: Hold) -> dict[str, str]:
    return {"holdToken": hold.token, "expiresAt": views.moment(hold.expires_at)}


def clock() -> str:
    """For the Date header: a countdown to ``expiresAt`` has to go by the server's clock."""
    return formatdate(usegmt=True)


@route(
    "POST",
    "/api/holds",
    tag="Holds",
    summary="Hold a seat for a while",
    body=incoming.NewHold,
    idempotent=True,
    answers={201: outgoing.HoldAnswer},
    problems=(
        MalformedJson, BadRequest, SlotNotFound, UnsupportedMediaType, SlotTaken, SlotHeld, SlotPast, SlotClosed,
        ValidationFailed, IdempotencyKeyReused, StoreUnavailable,
    ),
    limit=limits.HOLDS,
)  # fmt: skip
async def create(request: Request) -> Reply:
    wanted = read_body(request, incoming.NewHold)
    if expert_of(wanted.slot_id) != wanted.expert_id:
        raise SlotNotFound()
    hold = await engine_of(request).holds.hold(
        wanted.slot_id, access_of(request).client(request), idempotency_key(request)
    )
    headers = {"idempotent_replayed": "true"} if hold.replayed else {}
    return reply(request, view(hold), 201, location=f"/api/holds/{hold.token}", date=clock(), **headers)


@route(
    "PATCH",
    "/api/holds/{token}",
    tag="Holds",
    summary="Hold it longer, up to a total",
    answers={200: outgoing.HoldAnswer},
    problems=(HoldNotFound, StoreUnavailable),
    limit=limits.CHANGES,
)
async def renew(request: Request, token: str) -> Reply:
    hold = await engine_of(request).holds.renew(token)
    return reply(request, view(hold), date=clock())


@route(
    "DELETE",
    "/api/holds/{token}",
    tag="Holds",
    summary="Give the seat back",
    answers={204: ""},
    problems=(HoldNotFound, StoreUnavailable),
    limit=limits.CHANGES,
)
async def release(request: Request, token: str) -> Reply:
    await engine_of(request).holds.release(token)
    return raw(request, b"", 204, "")
