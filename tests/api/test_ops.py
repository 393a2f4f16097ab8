from __future__ import annotations

import asyncio
import re
import secrets
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from engine.engine import Engine
from tests.api.admin import ALWAYS, EXPERT, slot_form
from tests.api.contract import Contract
from tests.api.serving import eventually, order
from tests.samples import Sample

CONTRACT = {
    "GET /api/experts", "GET /api/categories", "GET /api/experts/{}", "POST /api/bookings", "GET /api/bookings",
    "GET /api/bookings/{}", "GET /api/bookings/{}/calendar.ics", "PATCH /api/bookings/{}/status", "GET /avatars/{}",
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /docs/errors",
    "POST /api/holds", "PATCH /api/holds/{}", "DELETE /api/holds/{}", "POST /api/bookings/{}/reschedule",
    "POST /api/access/codes", "POST /api/access/tokens",
    "POST /api/admin/experts", "PUT /api/admin/experts/{}", "DELETE /api/admin/experts/{}",
    "POST /api/admin/experts/{}/slots", "POST /api/admin/slots/{}/close", "POST /api/admin/slots/{}/open",
    "PUT /api/admin/experts/{}/availability", "GET /api/admin/experts/{}/availability", "GET /api/admin/audit",
}  # fmt: skip
CODES = {
    "unauthenticated": 401, "forbidden": 403, "rate-limited": 429,
    "malformed-json": 400, "bad-request": 400, "expert-not-found": 404, "slot-not-found": 404, "booking-not-found": 404,
    "not-found": 404, "method-not-allowed": 405, "body-too-large": 413, "unsupported-media-type": 415,
    "hold-not-found": 404, "hold-expired": 409, "request-timeout": 408, "expectation-failed": 417,
    "head-too-large": 431,
    "slot-has-bookings": 409, "expert-has-bookings": 409, "slot-overlaps": 409,
    "slot-taken": 409, "slot-held": 409, "slot-past": 409, "slot-closed": 409, "invalid-transition": 409,
    "validation-failed": 422, "idempotency-key-reused": 422, "store-unavailable": 503, "internal-error": 500,
}  # fmt: skip


async def test_a_worker_that_lives_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_server_that_can_serve_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "parts": {"redis": "ok", "mongo": "ok", "feed": "ok"}}


# Metrics -------------------------------------------------------------------------------------------------------------


async def metrics(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Name and sorted label values → value."""
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *(f"{label}={value}" for label, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_every_worker_counts_for_all(
    client: httpx.AsyncClient, each_worker: list[httpx.AsyncClient], sample: Sample
) -> None:
    requests = ("slotline_request_seconds_count", "method=POST", "route=/api/bookings")
    made, refused = (*requests, "status=201"), (*requests, "status=409")
    booked = ("slotline_bookings_total", "outcome=booked")
    taken = ("slotline_bookings_total", "outcome=slot-taken")
    await asyncio.gather(*(metrics(each) for each in each_worker))  # whoever is asked puts its own numbers in
    before = await metrics(client)
    for number in range(6):
        for each in each_worker:
            await each.post("/api/bookings", json=order(sample, number))
    for each in each_worker:

        async def all_counted(each: httpx.AsyncClient = each) -> bool:
            after = await metrics(each)
            rise = {name: after.get(name, 0) - before.get(name, 0) for name in (made, refused, booked, taken)}
            assert max(rise.values()) <= 6
            return rise == {made: 6, refused: 6, booked: 6, taken: 6}

        await eventually(all_counted)


async def test_metrics_tell_of_the_journal_and_the_sockets(client: httpx.AsyncClient, sample: Sample) -> None:
    await client.post("/api/bookings", json=order(sample))
    found = {name for name, *_ in await metrics(client)}
    assert found >= {
        "slotline_journal_backlog", "slotline_journal_groups", "slotline_journal_written", "slotline_live_sockets",
        "slotline_live_frames_total", "slotline_request_seconds_bucket",
    }  # fmt: skip


async def test_metrics_hold_no_personal_data(client: httpx.AsyncClient, sample: Sample) -> None:
    secret = secrets.token_hex(8)
    email = f"{secret}@example.com"
    body = order(sample, name=f"Name {secret}", email=email, notes=secret)
    booking = (await client.post("/api/bookings", json=body, headers={"idempotency-key": secret})).json()["booking"]
    await client.get("/api/bookings", params={"email": email})
    await client.get(f"/api/bookings/{booking['id']}")
    await client.get(f"/api/experts/{sample.expert.id}")
    await client.get("/api/experts", params={"search": secret})
    text = (await client.get("/metrics")).text
    for private in (secret, booking["id"], sample.expert.id, sample.slots[0].id, "1234567"):
        assert private not in text


# OpenAPI -------------------------------------------------------------------------------------------------------------


def operations(contract: Contract) -> dict[str, dict[str, Any]]:
    """``GET /api/experts/{}`` → operation."""
    return {
        f"{method.upper()} {re.sub('{.*?}', '{}', path)}": operation
        for path, methods in contract.document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_has_every_row_of_the_contract(contract: Contract) -> None:
    assert set(operations(contract)) == CONTRACT


def test_the_document_is_openapi_3_1(contract: Contract) -> None:
    document = contract.document
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert {"title", "version"} <= set(document["info"])
    assert set(document) <= {"openapi", "info", "servers", "paths", "components", "tags", "security", "webhooks"}
    ids = [operation["operationId"] for operation in operations(contract).values()]
    assert len(set(ids)) == len(ids)
    for path, methods in document["paths"].items():
        assert path.startswith("/")
        for operation in methods.values():
            check_operation(path, operation)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def check_operation(path: str, operation: dict[str, Any]) -> None:
    parameters = operation["parameters"]
    in_path = {each["name"] for each in parameters if each["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", path))
    keys = [(each["in"], each["name"]) for each in parameters]
    assert len(set(keys)) == len(keys)
    for each in parameters:
        assert set(each) <= {"name", "in", "required", "description", "schema", "example"}
        assert each["in"] in ("path", "query", "header")
        assert each["required"] or each["in"] != "path"
        Draft202012Validator.check_schema(each["schema"])
    assert any(status.startswith("2") for status in operation["responses"])
    for status, response in operation["responses"].items():
        assert re.fullmatch(r"[1-5]\d\d", status)
        assert response["description"]
        assert "X-Request-Id" in response["headers"]


def test_every_reference_of_the_document_leads_somewhere(contract: Contract) -> None:
    found = references(contract.document)
    assert len(found) > 10
    for reference in found:
        place: Any = contract.document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for inner in value.values() for reference in references(inner)]
    return [reference for inner in value for reference in references(inner)] if isinstance(value, list) else []


def test_the_document_tells_the_parameters(contract: Contract) -> None:
    found = operations(contract)
    names = {name: {each["name"] for each in found[name]["parameters"]} for name in found}
    assert names["GET /api/experts"] == {"search", "category", "sort", "page", "limit"}
    assert names["GET /api/experts/{}"] == {"expert_id", "from", "to", "tz"}
    assert names["GET /api/bookings"] == {"email", "status", "page", "limit"}
    assert names["POST /api/bookings"] == {"Idempotency-Key"}
    limit = next(each for each in found["GET /api/experts"]["parameters"] if each["name"] == "limit")
    assert limit["schema"]["type"] == "integer"
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"], limit["schema"]["default"]) == (1, 100, 20)


async def test_every_route_answers_as_the_document_says(
    client: httpx.AsyncClient, contract: Contract, engine: Engine, sample: Sample, admin_headers: dict[str, str]
) -> None:
    """The client holds each answer against the document; the schemas of the bodies accept what the routes accept."""
    body = order(sample, notes="Hello")
    change = {"status": "confirmed", "reason": None}
    wish = {"expertId": sample.expert.id, "slotId": sample.slots[1].id}
    move = {"slotId": sample.slots[2].id}
    bodies = {
        "POST /api/bookings": body,
        "PATCH /api/bookings/{}/status": change,
        "POST /api/bookings/{}/reschedule": move,
        "POST /api/holds": wish,
        "POST /api/access/codes": {"email": body["email"]},
        "POST /api/access/tokens": {"email": body["email"], "code": "123456"},
        "POST /api/admin/experts": EXPERT,
        "PUT /api/admin/experts/{}": EXPERT,
        "POST /api/admin/experts/{}/slots": {"slots": [slot_form(sample.group.end, 30)]},
        "POST /api/admin/slots/{}/close": {"bookings": "keep"},
        "PUT /api/admin/experts/{}/availability": ALWAYS,
    }
    for name, sent in bodies.items():
        content = operations(contract)[name]["requestBody"]["content"]
        contract.validate(sent, content["application/json"]["schema"])
    created = await client.post("/api/bookings", json=body)
    booking = created.headers["location"]
    held = await client.post("/api/holds", json=wish)
    hold = held.headers["location"]
    answers = {
        "POST /api/bookings": created,
        "GET /api/experts": await client.get("/api/experts?sort=name&limit=2"),
        "GET /api/categories": await client.get("/api/categories"),
        "GET /api/experts/{}": await client.get(f"/api/experts/{sample.expert.id}"),
        "GET /avatars/{}": await client.get(f"/avatars/{sample.expert.id}"),
        "GET /api/bookings": await client.get("/api/bookings", params={"email": body["email"]}),
        "GET /api/bookings/{}": await client.get(booking),
        "PATCH /api/bookings/{}/status": await client.patch(f"{booking}/status", json=change),
        "GET /api/bookings/{}/calendar.ics": await client.get(f"{booking}/calendar.ics"),
        "POST /api/bookings/{}/reschedule": await client.post(f"{booking}/reschedule", json=move),
        "POST /api/holds": held,
        "PATCH /api/holds/{}": await client.patch(hold),
        "DELETE /api/holds/{}": await client.delete(hold),
        "POST /api/access/codes": await client.post("/api/access/codes", json={"email": body["email"]}),
        "POST /api/access/tokens": await client.post(
            "/api/access/tokens", json={"email": body["email"], "code": await engine.codes.issue(body["email"])}
        ),
        **await asked_of_the_admin(client, sample, admin_headers),
        **{f"GET {path}": await client.get(path) for path in ("/healthz", "/readyz", "/metrics", "/openapi.json")},
        **{f"GET {path}": await client.get(path) for path in ("/docs", "/docs/errors")},
    }
    assert set(answers) == set(operations(contract)), "every operation is tried"
    for name, answer in answers.items():
        success = next(status for status in operations(contract)[name]["responses"] if status.startswith("2"))
        assert answer.status_code == int(success)
        assert bool(answer.content) == (answer.status_code not in (202, 204))


async def asked_of_the_admin(
    client: httpx.AsyncClient, sample: Sample, headers: dict[str, str]
) -> dict[str, httpx.Response]:
    expert, slot = f"/api/admin/experts/{sample.expert.id}", f"/api/admin/slots/{sample.slots[3].id}"
    slots = {"slots": [slot_form(sample.group.end, 30)]}
    hours = f"{expert}/availability"
    return {
        "POST /api/admin/experts": await client.post("/api/admin/experts", json=EXPERT, headers=headers),
        "PUT /api/admin/experts/{}": await client.put(expert, json=EXPERT, headers=headers),
        "POST /api/admin/experts/{}/slots": await client.post(f"{expert}/slots", json=slots, headers=headers),
        "PUT /api/admin/experts/{}/availability": await client.put(hours, json=ALWAYS, headers=headers),
        "GET /api/admin/experts/{}/availability": await client.get(hours, headers=headers),
        "POST /api/admin/slots/{}/close": await client.post(f"{slot}/close", headers=headers),
        "POST /api/admin/slots/{}/open": await client.post(f"{slot}/open", headers=headers),
        "GET /api/admin/audit": await client.get("/api/admin/audit", headers=headers),
        "DELETE /api/admin/experts/{}": await client.delete(f"{expert}?bookings=cancel", headers=headers),
    }


@pytest.mark.parametrize("change", [{"name": "A"}, {"email": "ann"}, {"phone": "1"}, {"notes": "x" * 1001}, {"x": 1}])
def test_the_schema_of_a_body_refuses_what_the_route_refuses(contract: Contract, change: dict[str, Any]) -> None:
    body = {"expertId": "abc", "slotId": "abc-1", "name": "Ann", "email": "ann@example.com", "phone": "+49 30 1234567"}
    schema = contract.document["components"]["schemas"]["NewBooking"]
    validator = Draft202012Validator(schema)
    assert validator.is_valid(body)
    assert not validator.is_valid({**body, **change})


# Its page ------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The text and the ids of a page; fails for tags that do not match."""

    VOID = ("meta", "link", "br", "hr", "img", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


async def page(client: httpx.AsyncClient, path: str) -> Page:
    answer = await client.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    return Page(answer.text)


async def test_the_page_lists_every_route_and_message(client: httpx.AsyncClient, contract: Contract) -> None:
    shown = await page(client, "/docs")
    for path, methods in contract.document["paths"].items():
        assert path in shown.text
        for method, operation in methods.items():
            assert method.upper() in shown.text
            assert operation["summary"] in shown.text
    assert shown.text.count("GET") == sum("get" in methods for methods in contract.document["paths"].values())
    assert set(contract.document["components"]["schemas"]) <= set(shown.ids)
    assert "/api/live" in shown.text
    assert len(set(shown.ids)) == len(shown.ids)
    inside = [link[1:] for link in shown.links if link.startswith("#")]
    assert inside
    assert set(inside) <= set(shown.ids), "no link leads nowhere"


async def test_the_page_fetches_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/docs/errors"):
        shown = await page(client, path)
        assert "script" not in shown.tags
        for link in shown.links:
            assert link.startswith(("#", "/"))
            assert not link.startswith("//")
            if link.startswith("/"):
                assert (await client.get(link)).status_code == 200


async def test_every_code_has_its_place_on_the_page_of_errors(client: httpx.AsyncClient) -> None:
    shown = await page(client, "/docs/errors")
    assert set(CODES) <= set(shown.ids)
    assert set(CODES) <= set(shown.text)
    for status in CODES.values():
        assert str(status) in shown.text


async def test_a_problem_leads_to_its_place_on_that_page(client: httpx.AsyncClient) -> None:
    kind = (await client.get("/api/experts/nobody")).json()["type"]
    path, _, code = kind.partition("#")
    assert code in (await page(client, path)).ids
