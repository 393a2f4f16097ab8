"""For whoever runs it: alive, ready, metrics, and what the API looks like."""

from __future__ import annotations

from functools import cache

import orjson
from sanic import Request

from api import metrics, openapi, outgoing
from api.access import access_of
from api.replies import Reply, raw, reply
from api.routes import ROUTES, engine_of, route

ALIVE = orjson.dumps({"status": "ok"})


@route("GET", "/healthz", tag="Operations", summary="Whether this worker is alive", answers={200: outgoing.Alive})
async def healthz(request: Request) -> Reply:
    return reply(request, ALIVE)


@route(
    "GET",
    "/readyz",
    tag="Operations",
    summary="Whether Redis, MongoDB and the live feed can be used",
    answers={200: outgoing.Ready, 503: outgoing.Ready},
)
async def readyz(request: Request) -> Reply:
    parts = await engine_of(request).health()
    wrong = any(parts.values())
    answer = {
        "status": "unavailable" if wrong else "ok",
        "parts": {part: fault or "ok" for part, fault in parts.items()},
    }
    return reply(request, answer, 503, retry_after="1") if wrong else reply(request, answer)


@route("GET", "/metrics", tag="Operations", summary="Prometheus metrics", answers={200: "text/plain"})
async def prometheus(request: Request) -> Reply:
    journal = engine_of(request).journal
    metrics.set_journal(journal.backlog, journal.groups, journal.written)
    return raw(request, metrics.exposition(), 200, "text/plain; version=0.0.4; charset=utf-8")


@cache
def _document(open_to_all: bool) -> bytes:
    return orjson.dumps(openapi.document(ROUTES, open_to_all=open_to_all))


@route("GET", "/openapi.json", tag="Operations", summary="This API as OpenAPI 3.1", answers={200: "application/json"})
async def openapi_json(request: Request) -> Reply:
    return reply(request, _document(access_of(request).open))
