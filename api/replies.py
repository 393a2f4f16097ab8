"""Answers as Sanic sends them, made with as little work a request as possible."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any

import orjson
from sanic import Request
from sanic.headers import format_http1_response
from sanic.response import HTTPResponse

from api.hygiene import Fixed, Hygiene

JSON = "application/json"
PROBLEM = "application/problem+json"

CURRENT: ContextVar[Request] = ContextVar("request")
"""The request that is being answered: what is logged meanwhile names it."""

_prefix = secrets.token_hex(4)
_numbers = itertools.count()
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id(request: Request) -> str:
    """The client's ``X-Request-Id`` if it is harmless, else one of ours; the same for the whole request."""
    known: str | None = getattr(request.ctx, "request_id", None)
    if known is None:
        given = request.headers.get("x-request-id")
        known = given if given and _ACCEPTABLE.fullmatch(given) else f"{_prefix}-{next(_numbers):x}"
        request.ctx.request_id = known
    return known


class Reply(HTTPResponse):
    """A finished body with few headers, as a plain dict of lower-case names: Sanic's own response builds a multidict
    and sanitises each header anew."""

    __slots__ = ("fixed",)

    def __init__(self, body: bytes, status: int, content_type: str, headers: dict[str, str], fixed: Fixed) -> None:
        self.asgi = False
        self.stream = None
        self._cookies = None
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers  # type: ignore[assignment]
        self.fixed = fixed

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        """Name and value of each header. Raises ValueError for a value that would end its line."""
        for name, value in self.headers.items():
            if value == "" and name == "alt-svc":
                continue
            text = str(value)
            if "\r" in text or "\n" in text or "\0" in text:
                raise ValueError(f"the header {name} would break the response")
            yield name.encode(), text.encode()
        yield from self.fixed.pairs

    def whole(self, keep_alive: bool) -> bytes:
        """The answer as Sanic would have written it. Raises ValueError as `processed_headers`."""
        body, headers = self.body or b"", self.headers
        if not "".join(headers.values()).isprintable():
            list(self.processed_headers)
        own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        kept = "keep-alive" if keep_alive else "close"
        length = f"content-length: {len(body)}\r\nconnection: {kept}\r\n"
        return f"{_status_line(self.status)}{own}{length}{self.fixed.lines}\r\n".encode() + body


@cache
def _status_line(status: int) -> str:
    return format_http1_response(status, ())[:-2].decode()


def reply(request: Request, value: Any, status: int = 200, **headers: str) -> Reply:
    """``value`` as JSON (bytes are JSON already). Header names are given with underscores for dashes."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return raw(request, body, status, JSON, **headers)


def raw(request: Request, body: bytes, status: int, content_type: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()} if headers else {}
    named["x-request-id"] = request_id(request)
    hygiene: Hygiene = request.app.ctx.hygiene
    if hygiene.origins:
        named.update(hygiene.cors(request))
    return Reply(body, status, content_type, named, hygiene.fixed(request, content_type, "cache-control" in named))


def has_already(request: Request, etag: str) -> bool:
    """Whether the client has the answer with this ETag (RFC 9110, 13.1.2). A proxy that compresses makes a weak one of
    it."""
    given = ",".join(request.headers.getall("if-none-match", []))
    tags = [tag.strip().removeprefix("W/") for tag in given.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
