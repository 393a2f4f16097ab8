"""Holds every answer against the OpenAPI document that the server publishes."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PROBLEM = "application/problem+json"
HERE = "urn:slotline"

formats = FormatChecker(formats=())


@formats.checks("date-time", ValueError)
def _is_utc(value: object) -> bool:
    """RFC 3339 in UTC, as everywhere in this API."""
    if isinstance(value, str):
        datetime.fromisoformat(value)
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value))
    return True


@formats.checks("date", ValueError)
def _is_date(value: object) -> bool:
    if isinstance(value, str):
        date.fromisoformat(value)
    return True


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._registry = Registry().with_resource(HERE, DRAFT202012.create_resource(document))
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in document["paths"]
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """What the document says of a request; None if it says nothing."""
        found = [template for pattern, template in self._paths if pattern.fullmatch(path)]
        return self.document["paths"][min(found, key=lambda t: t.count("{"))].get(method.lower()) if found else None

    def validate(self, value: Any, schema: dict[str, Any]) -> None:
        if reference := schema.get("$ref"):
            schema = {"$ref": HERE + reference}
        Draft202012Validator(schema, registry=self._registry, format_checker=formats).validate(value)

    def check(self, answer: httpx.Response) -> None:
        """Fails unless the answer is one that the document promises."""
        request_id = answer.headers["x-request-id"]
        assert re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", request_id), "one request id, and a harmless one"
        media = answer.headers.get("content-type", "").partition(";")[0]
        bodiless = answer.request.method == "HEAD" or answer.status_code == 304
        if answer.status_code >= 400 and media == PROBLEM and not bodiless:
            self.check_problem(answer)
        method = answer.request.method.replace("HEAD", "GET")
        operation = self.operation(method, answer.request.url.path)
        if operation is None:
            assert answer.status_code in (400, 404, 405)
            assert media == PROBLEM
            return
        responses = operation["responses"]
        assert str(answer.status_code) in responses, f"{operation['operationId']} never says {answer.status_code}"
        content = responses[str(answer.status_code)].get("content")
        if bodiless:
            assert not answer.content
            return
        if content is None:
            assert not answer.content
            assert not media
            return
        assert media in content
        if schema := content[media].get("schema"):
            self.validate(answer.json(), schema)

    def check_problem(self, answer: httpx.Response) -> None:
        problem = answer.json()
        self.validate(problem, {"$ref": "#/components/schemas/Problem"})
        assert problem["status"] == answer.status_code
        assert problem["requestId"] == answer.headers["x-request-id"]
        assert problem["type"] == f"/docs/errors#{problem['code']}"
        assert problem["title"]
        assert problem["detail"]
        assert ("errors" in problem) == (problem["code"] == "validation-failed")
        assert ("retry-after" in answer.headers) == (answer.status_code in (429, 503))
