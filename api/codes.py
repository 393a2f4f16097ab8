"""Proving an email address: a code is sent to it, and exchanged for a token."""

from __future__ import annotations

from sanic import Request

from api import incoming, outgoing, views
from api.access import access_of
from api.mail import Mailer
from api.problems import MalformedJson, UnsupportedMediaType, ValidationFailed
from api.replies import Reply, raw, reply
from api.routes import engine_of, read_body, route
from engine import limits
from engine.errors import StoreUnavailable, Unauthenticated
from engine.text import email_key


@route(
    "POST",
    "/api/access/codes",
    tag="Access",
    summary="Have a one-time code sent to an email address",
    body=incoming.CodeWish,
    answers={202: ""},
    problems=(MalformedJson, UnsupportedMediaType, ValidationFailed, StoreUnavailable),
    limit=limits.CODES,
)
async def send(request: Request) -> Reply:
    """The same for every address: none is looked up."""
    wanted = read_body(request, incoming.CodeWish)
    engine = engine_of(request)
    await engine.limiter.admit(limits.CODES_OF_EMAIL, email_key(wanted.email))
    code = await engine.codes.issue(wanted.email)
    mailer: Mailer = request.app.ctx.mailer
    mailer.send_code(wanted.email, code)
    return raw(request, b"", 202, "")


@route(
    "POST",
    "/api/access/tokens",
    tag="Access",
    summary="Exchange a code for a token that proves the address",
    body=incoming.CodeGiven,
    answers={200: outgoing.EmailToken},
    problems=(MalformedJson, Unauthenticated, UnsupportedMediaType, ValidationFailed, StoreUnavailable),
    limit=limits.TRIES,
)
async def exchange(request: Request) -> Reply:
    given = read_body(request, incoming.CodeGiven)
    engine = engine_of(request)
    await engine.limiter.admit(limits.TRIES_OF_EMAIL, email_key(given.email))
    await engine.codes.redeem(given.email, given.code)
    token, ends = access_of(request).email_token(given.email)
    return reply(request, {"token": token, "expiresAt": views.moment(ends)})
