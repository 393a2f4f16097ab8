"""Every refusal as ``application/problem+json`` (RFC 9457), with a stable ``code``."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import ValidationError
from sanic import Request, Sanic
from sanic.exceptions import (
    HeaderExpectationFailed,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    SanicException,
    ServiceUnavailable,
)
from sanic.exceptions import RequestTimeout as SanicRequestTimeout

from api.replies import PROBLEM, Reply, raw, request_id
from engine.errors import SlotlineError, StoreUnavailable
from engine.forms import faults_of

log = logging.getLogger("slotline.api")


class ApiError(SlotlineError):
    """A refusal that HTTP knows and the engine does not."""

    def __init__(
        self, detail: str | None = None, *, errors: list[dict[str, str]] | None = None, **headers: str
    ) -> None:
        super().__init__(detail)
        self.errors = errors
        self.headers = headers
        """To be answered with it; underscores for dashes."""


class MalformedJson(ApiError):
    code, status, title = "malformed-json", 400, "The body is not JSON"


class BadRequest(ApiError):
    code, status, title = "bad-request", 400, "The request cannot be understood"


class RouteNotFound(ApiError):
    code, status, title = "not-found", 404, "There is nothing at this address"


class WrongMethod(ApiError):
    code, status, title = "method-not-allowed", 405, "This address does not take that method"


class BodyTooLarge(ApiError):
    code, status, title = "body-too-large", 413, "The body is larger than we take"


class HeadTooLarge(ApiError):
    code, status, title = "head-too-large", 431, "The address and the headers together are larger than we take"


class UnsupportedMediaType(ApiError):
    code, status, title = "unsupported-media-type", 415, "The body must be application/json"


class RequestTimeout(ApiError):
    code, status, title = "request-timeout", 408, "The request did not arrive in time"


class ExpectationFailed(ApiError):
    code, status, title = "expectation-failed", 417, "No expectation but 100-continue can be met"


class ValidationFailed(ApiError):
    code, status, title = "validation-failed", 422, "Some fields are not as they should be"


def problem(request: Request, error: SlotlineError, **headers: str) -> Reply:
    if error.retry_after is not None:
        headers["retry_after"] = str(error.retry_after)
    if error.status == 401:
        headers["www_authenticate"] = "Bearer"
    faults = None
    if isinstance(error, ApiError):
        faults = error.errors
        headers |= error.headers
    if error.detail is None and faults is None:
        head, tail = _constant(type(error))
        body = f"{head}{request_id(request)}{tail}".encode()
    else:
        body = orjson.dumps(_document(error, error.detail, faults, request_id(request)))
    return raw(request, body, error.status, PROBLEM, **headers)


def _document(
    error: SlotlineError | type[SlotlineError], detail: str | None, faults: list[dict[str, str]] | None, name: str
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": f"/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": detail or error.title,
        "code": error.code,
        "requestId": name,
    }
    if faults:
        document["errors"] = faults
    return document


_constants: dict[type[SlotlineError], tuple[str, str]] = {}


def _constant(error: type[SlotlineError]) -> tuple[str, str]:
    """What stands before and behind the request's id: a rush is answered with thousands of the same refusal."""
    if known := _constants.get(error):
        return known
    head, _, tail = orjson.dumps(_document(error, None, None, PLACE)).decode().partition(PLACE)
    _constants[error] = (head, tail)
    return head, tail


PLACE = "@request@"

MOST_TOLD = 1000
"""Faults of a message that are told one by one. Fields that we do not know can be thousands, and each costs time."""


def from_validation(error: ValidationError) -> ApiError:
    """All faults of a message at once, each with its field in the client's own spelling, if they are not too many."""
    if error.error_count() > MOST_TOLD:
        return ValidationFailed(errors=[{"field": "", "message": f"{error.error_count()} things are wrong with it"}])
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return MalformedJson(first["msg"])
    return ValidationFailed(errors=[{"field": field, "message": said} for field, said in faults_of(error)])


def from_sanic(error: SanicException) -> SlotlineError:
    if isinstance(error, NotFound):
        return RouteNotFound()
    if isinstance(error, MethodNotAllowed):
        return WrongMethod()
    if isinstance(error, PayloadTooLarge):
        return BodyTooLarge()
    if isinstance(error, SanicRequestTimeout):
        return RequestTimeout()
    if isinstance(error, HeaderExpectationFailed):
        return ExpectationFailed()
    if isinstance(error, ServiceUnavailable):  # Sanic's word for a handler that took too long
        return StoreUnavailable("this took too long; look whether it was done before you ask again")
    refusal = BadRequest(str(error) or None)
    status = getattr(error, "status_code", 500)
    if status != BadRequest.status:
        refusal.status = status
        refusal.title = HTTPStatus(status).phrase
        refusal.code = refusal.title.lower().replace(" ", "-")
    refusal.detail = refusal.detail or refusal.title
    return refusal


def fault(request: Request, error: Exception) -> Reply:
    """What a client gets for an exception that no handler has answered itself."""
    if isinstance(error, SlotlineError):
        return problem(request, error)
    if isinstance(error, MethodNotAllowed) and (asked := request.app.ctx.hygiene.preflight(request)):
        answer = raw(request, b"", 204, "")
        answer.headers.update(asked)
        return answer
    if isinstance(error, SanicException):
        allowed = (getattr(error, "headers", None) or {}).get("Allow")
        if isinstance(error, MethodNotAllowed) and not allowed:  # Sanic does not know it of every route
            allowed = ", ".join(request.app.ctx.methods_of(request.path))
        headers = {"allow": ", ".join(sorted(allowed.split(", ")))} if allowed else {}
        return problem(request, from_sanic(error), **headers)
    log.error("request %s failed", request_id(request), exc_info=error)
    return problem(request, SlotlineError())


def install(app: Sanic[Any, Any]) -> None:
    @app.exception(Exception)
    async def on_fault(request: Request, error: Exception) -> Reply:
        return fault(request, error)
