"""Declares a route once: its handler, its messages for OpenAPI, its errors as problems, its metrics."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError
from sanic import Request, Sanic
from sanic.http import Http

from api.address import address_of
from api.metrics import observe
from api.problems import BadRequest, UnsupportedMediaType, from_validation, problem
from api.replies import CURRENT, Reply
from engine.engine import Engine
from engine.errors import RateLimited, SlotlineError
from engine.limits import Allowance, Limit, Limiter

Handler = Callable[..., Coroutine[Any, Any, Reply]]
M = TypeVar("M", bound=BaseModel)
Admitted = Literal["anyone", "customer", "booking", "admin"]
"""Who gets in, with ``ACCESS=verified``: ``customer`` by a token for the email, ``booking`` by that or by the booking's
own token. ``admin`` in either mode."""


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    """With ``{name}`` for each parameter."""
    handler: Handler
    summary: str
    tag: str
    answers: dict[int, type[BaseModel] | str]
    """Status → the message, or a media type."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: tuple[type[SlotlineError], ...] = ()
    idempotent: bool = False
    """Whether it takes an Idempotency-Key."""
    access: Admitted = "anyone"
    limit: Limit | None = None
    """How often an address may ask."""
    body_required: bool = True


ROUTES: list[Route] = []


def route(
    method: str,
    path: str,
    *,
    summary: str,
    tag: str,
    answers: dict[int, type[BaseModel] | str],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    problems: tuple[type[SlotlineError], ...] = (),
    idempotent: bool = False,
    access: Admitted = "anyone",
    limit: Limit | None = None,
    body_required: bool = True,
) -> Callable[[Handler], Handler]:
    def declare(handler: Handler) -> Handler:
        ROUTES.append(
            Route(
                method,
                path,
                handler,
                summary,
                tag,
                answers,
                body,
                query,
                problems,
                idempotent,
                access,
                limit,
                body_required,
            )
        )
        return handler

    return declare


def install(app: Sanic[Any, Any]) -> None:
    app.ctx.methods_of = methods_of
    """``app.ctx.handlers`` has each handler, by method and path, as Sanic calls it."""
    app.ctx.handlers = {}
    for declared in ROUTES:
        path = declared.path.replace("{", "<").replace("}", ">")
        name = (
            f"{declared.method}_{declared.path}".replace("/", "_").replace("{", "").replace("}", "").replace(".", "_")
        )
        handler = app.ctx.handlers[declared.method, declared.path] = _guarded(declared)
        # RFC 9110, 9.1: whatever can be read can be asked for its header alone.
        methods = ["GET", "HEAD"] if declared.method == "GET" else [declared.method]
        app.add_route(handler, path, methods=methods, name=name)


def route_of(method: str, path: str) -> Route:
    """Raises StopIteration if there is no such route."""
    return next(route for route in ROUTES if (route.method, route.path) == (method, path))


def methods_of(path: str) -> list[str]:
    """The methods that an address takes."""
    methods = {declared.method for declared in ROUTES if _pattern(declared.path).fullmatch(path)}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


class Exchange:
    """What is done around every handler: limits, refusals as problems, metrics."""

    __slots__ = ("_allowance", "_began", "_route", "request")

    def __init__(self, route: Route, request: Request) -> None:
        self.request = request
        self._route = route
        self._began = time.perf_counter()
        self._allowance: Allowance | None = None

    def admit(self) -> None:
        """Raises RateLimited."""
        if (limit := self._route.limit) is not None and (limiter := self._limiter).on:
            self._allowance = limiter.charge(limit, address_of(self.request))

    async def admit_exactly(self) -> None:
        """The same for a limit that is exact. Raises RateLimited, StoreUnavailable."""
        if (limit := self._route.limit) is not None and (limiter := self._limiter).on:
            self._allowance = await limiter.admit(limit, address_of(self.request))

    @property
    def _limiter(self) -> Limiter:
        return engine_of(self.request).limiter

    def refuse(self, error: SlotlineError) -> Reply:
        if isinstance(error, RateLimited) and error.allowance and error.allowance.limit is self._route.limit:
            self._allowance = error.allowance
        return self.end(problem(self.request, error))

    def end(self, answer: Reply) -> Reply:
        """The answer, with what is to be said in each."""
        if self._allowance is not None:
            tell_allowance(answer, self._allowance)
        let_go(self.request)
        observe(self._route.method, self._route.path, answer.status, time.perf_counter() - self._began)
        return answer


def _guarded(declared: Route) -> Handler:
    handler = declared.handler
    exact = declared.limit is not None and declared.limit.exact

    async def handle(request: Request, **parameters: str) -> Reply:
        exchange = Exchange(declared, request)
        CURRENT.set(request)
        try:
            if exact:
                await exchange.admit_exactly()
            else:
                exchange.admit()
            answer = await handler(request, **parameters)
        except SlotlineError as error:
            return exchange.refuse(error)
        return exchange.end(answer)

    return handle


def tell_allowance(answer: Reply, allowance: Allowance) -> None:
    """draft-ietf-httpapi-ratelimit-headers. Of addresses only: what an email has done is its owner's affair."""
    limit = allowance.limit
    answer.headers["ratelimit-policy"] = f'"{limit.name}";q={allowance.most};w={limit.seconds}'
    answer.headers["ratelimit"] = f'"{limit.name}";r={allowance.left};t={math.ceil(allowance.whole_in)}'


def let_go(request: Request) -> None:
    """Closes the connection behind this answer if the worker stops: an idle one would hold it until it is aborted."""
    if request.app.ctx.stopping and request.stream is not None:
        cast(Http, request.stream).keep_alive = False


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.ctx.engine
    return engine


def idempotency_key(request: Request) -> str | None:
    """Raises BadRequest for one that is empty, too long or not printable."""
    key: str | None = request.headers.get("idempotency-key")
    if key is None:
        return None
    key = key.strip(" \t")  # blanks around it are no part of it (RFC 9110, 5.5), and a proxy may take them off
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadRequest("an Idempotency-Key has 1 to 255 printable ASCII characters")
    return key


def read_body(request: Request, message: type[M]) -> M:
    """The body in one pass. Raises UnsupportedMediaType, MalformedJson, ValidationFailed."""
    content_type = request.headers.get("content-type", "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType()
    try:
        return message.model_validate_json(request.body)
    except ValidationError as error:
        raise from_validation(error) from None


def read_query(request: Request, message: type[M]) -> M:
    """The query. Raises BadRequest for a parameter given twice, ValidationFailed."""
    values: dict[str, str] = {}
    for name, value in request.get_query_args(keep_blank_values=True):
        if name in values:
            raise BadRequest(f"the parameter {name} is given twice")
        values[name] = value
    try:
        return message.model_validate(values)
    except ValidationError as error:
        raise from_validation(error) from None
