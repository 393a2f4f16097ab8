"""The API as an OpenAPI 3.1 document, made from the routes and the very schemas that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.outgoing import Problem
from api.problems import BadRequest, BodyTooLarge
from api.replies import JSON, PROBLEM
from api.routes import Route
from engine.errors import RateLimited, SlotlineError, Unauthenticated

TAGS = ("Experts", "Bookings", "Holds", "Access", "Administration", "Operations")

REFERENCE = "#/components/schemas/{model}"

DESCRIPTION = """\
Slotline books expert sessions. Times are RFC 3339 in UTC, ids are opaque, errors are `application/problem+json`
(RFC 9457) with a stable `code`. Live updates come over a WebSocket at `/api/live`.
"""

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body have one effect and give the same answer, however often they are sent.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}

SECURITY = {
    "email": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "From `POST /api/access/tokens`: proves an email, and opens all of its bookings.",
    },
    "booking": {
        "type": "http", "scheme": "bearer",
        "description": "The `accessToken` that came with a booking: opens that booking alone.",
    },
    "admin": {"type": "http", "scheme": "bearer", "description": "The server's ADMIN_TOKEN."},
}  # fmt: skip

ADMITS = {"customer": ("email", "admin"), "booking": ("booking", "email", "admin"), "admin": ("admin",)}
"""Who gets in → the schemes that let in."""

RESPONSE_HEADERS = {"X-Request-Id": {"description": "Names this request.", "schema": {"type": "string"}}}


def document(routes: Iterable[Route], *, open_to_all: bool) -> dict[str, Any]:
    """``open_to_all``: with ``ACCESS=open`` only the admin's routes ask for a token."""
    routes = list(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        asks = route.access == "admin" or not (open_to_all or route.access == "anyone")
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, asks)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Slotline",
            "version": version("slotline"),
            "summary": "Real-time booking of expert sessions",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": tag} for tag in TAGS],
        "paths": paths,
        "components": {"schemas": _schemas(routes), "securitySchemes": SECURITY},
    }


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for route in routes:
        models += [(model, "serialization") for model in route.answers.values() if not isinstance(model, str)]
        if route.body:
            models.append((route.body, "validation"))
    _, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=REFERENCE)
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def _operation(route: Route, asks: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query)],
        "responses": {str(status): _response(model) for status, model in route.answers.items()},
    }
    if route.idempotent:
        operation["parameters"].append(IDEMPOTENCY_KEY)
    if route.body:
        operation["requestBody"] = {
            "required": route.body_required,
            "content": {JSON: {"schema": _reference(route.body)}},
        }
    if asks:
        operation["security"] = [{scheme: []} for scheme in ADMITS[route.access]]
    for status, problems in _by_status(route, asks).items():
        operation["responses"][str(status)] = _problem(problems)
    return operation


def _by_status(route: Route, asks: bool) -> dict[int, list[type[SlotlineError]]]:
    possible: set[type[SlotlineError]] = {*route.problems, BadRequest}
    if asks:
        possible.add(Unauthenticated)
    if route.limit:
        possible.add(RateLimited)
    if route.body:
        possible.add(BodyTooLarge)
    by_status: dict[int, list[type[SlotlineError]]] = {}
    for problem in sorted(possible, key=lambda problem: (problem.status, problem.code)):
        by_status.setdefault(problem.status, []).append(problem)
    return by_status


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 64}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"\{(\w+)\}", path)]


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=REFERENCE)
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _inline(value, definitions),
        }
        for name, value in schema["properties"].items()
    ]


def _inline(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema without references, and without the null that no query string can say."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default") or value is not None}
    if choices:
        rest.pop("anyOf")
        rest = {**rest, **choices[0]}
    if reference := rest.pop("$ref", None):
        rest = {**rest, **definitions[reference.rpartition("/")[2]]}
    return rest


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _response(model: type[BaseModel] | str) -> dict[str, Any]:
    if model == "":
        return {"description": "Done.", "headers": RESPONSE_HEADERS}
    content = {model: {}} if isinstance(model, str) else {JSON: {"schema": _reference(model)}}
    return {"description": "Done.", "headers": RESPONSE_HEADERS, "content": content}


def _problem(problems: list[type[SlotlineError]]) -> dict[str, Any]:
    return {
        "description": " · ".join(f"`{problem.code}`: {problem.title}." for problem in problems),
        "headers": RESPONSE_HEADERS,
        "content": {PROBLEM: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
