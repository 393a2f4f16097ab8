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
from engine.limits import Allowance, Limit

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
        app.add_route(handler, path, methods=[declared.method], name=name)


def methods_of(path: str) -> list[str]:
    """The methods that an address takes."""
    return sorted({declared.method for declared in ROUTES if _pattern(declared.path).fullmatch(path)})


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _guarded(declared: Route) -> Handler:
    handler, path, method, limit = declared.handler, declared.path, declared.method, declared.limit

    async def handle(request: Request, **parameters: str) -> Reply:
        began = time.perf_counter()
        CURRENT.set(request)
        allowance = None
        try:
            if limit is not None and (limiter := request.app.ctx.engine.limiter).on:
                who = address_of(request)
                allowance = await limiter.admit(limit, who) if limit.exact else limiter.charge(limit, who)
            answer = await handler(request, **parameters)
        except SlotlineError as error:
            answer = problem(request, error)
            if isinstance(error, RateLimited) and error.allowance and error.allowance.limit is limit:
                allowance = error.allowance
        if allowance is not None:
            tell_allowance(answer, allowance)
        let_go(request)
        observe(method, path, answer.status, time.perf_counter() - began)
        return answer

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
