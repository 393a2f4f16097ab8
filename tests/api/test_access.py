"""Who may do what: every caller at every route, in both modes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from tests.api.admin import ALWAYS, EXPERT, slot_form
from tests.api.callers import CALLERS, Scene, scene
from tests.api.contract import Contract
from tests.api.serving import Server, eventually, order
from tests.samples import Sample

CODES = {401: "unauthenticated", 403: "forbidden", 404: "booking-not-found"}
OK = 0
"""Any 2xx."""

Cells = dict[str, int]

ANYONE: Cells = dict.fromkeys(CALLERS, OK)
STRANGERS: Cells = dict.fromkeys(("anonymous", "nonsense", "forged", "expired"), 401)
LIST: Cells = {**STRANGERS, "owner": OK, "other": 403, "holder": 401, "other holder": 401, "admin": OK}
BOOKING: Cells = {**STRANGERS, "owner": OK, "other": 404, "holder": OK, "other holder": 401, "admin": OK}
CONFIRM: Cells = {**BOOKING, "owner": 403, "holder": 403}
ADMIN: Cells = {**STRANGERS, "owner": 403, "other": 403, "holder": 401, "other holder": 401, "admin": OK}


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    """``{booking}``, ``{hold}``, ``{expert}`` and ``{email}`` are the scene's."""
    verified: Cells
    open: Cells = None  # type: ignore[assignment]
    """The same as ``verified`` for what is not said."""
    body: Any = None
    label: str = ""

    def cells(self, mode: str) -> Cells:
        return self.verified if mode == "verified" or self.open is None else self.open


def change(status: str, cells: Cells) -> Row:
    return Row("PATCH", "/api/bookings/{booking}/status", cells, ANYONE, {"status": status}, status)


ROWS = [
    Row("GET", "/api/experts", ANYONE),
    Row("GET", "/api/categories", ANYONE),
    Row("GET", "/api/experts/{expert}", ANYONE),
    Row("GET", "/avatars/{expert}", ANYONE),
    Row("GET", "/healthz", ANYONE),
    Row("GET", "/readyz", ANYONE),
    Row("GET", "/metrics", ANYONE),
    Row("GET", "/openapi.json", ANYONE),
    Row("GET", "/docs", ANYONE),
    Row("GET", "/docs/errors", ANYONE),
    Row("POST", "/api/bookings", ANYONE, body="a booking"),
    Row("POST", "/api/holds", ANYONE, body="a hold"),
    Row("PATCH", "/api/holds/{hold}", ANYONE),
    Row("DELETE", "/api/holds/{hold}", ANYONE),
    Row("POST", "/api/access/codes", ANYONE, body={"email": "ann@example.com"}),
    Row("POST", "/api/access/tokens", ANYONE, body="a code"),
    Row("GET", "/api/bookings?email={email}", LIST, ANYONE),
    Row("GET", "/api/bookings/{booking}", BOOKING, ANYONE),
    Row("GET", "/api/bookings/{booking}/calendar.ics", BOOKING, ANYONE),
    Row("POST", "/api/bookings/{booking}/reschedule", BOOKING, ANYONE, body="a move"),
    change("cancelled", BOOKING),
    change("pending", BOOKING),
    change("confirmed", CONFIRM),
    Row("POST", "/api/admin/experts", ADMIN, body=EXPERT),
    Row("PUT", "/api/admin/experts/{expert}", ADMIN, body=EXPERT),
    Row("DELETE", "/api/admin/experts/{expert}?bookings=cancel", ADMIN),
    Row("POST", "/api/admin/experts/{expert}/slots", ADMIN, body="slots"),
    Row("PUT", "/api/admin/experts/{expert}/availability", ADMIN, body=ALWAYS),
    Row("GET", "/api/admin/experts/{expert}/availability", ADMIN),
    Row("POST", "/api/admin/slots/{slot}/close", ADMIN, body={"bookings": "keep"}),
    Row("POST", "/api/admin/slots/{slot}/open", ADMIN),
    Row("GET", "/api/admin/audit", ADMIN),
]


async def body_of(row: Row, scene: Scene, engine: Engine) -> Any:
    sample = scene.sample
    match row.body:
        case "a booking":
            return order(sample, 3, email=scene.email)
        case "a hold":
            return {"expertId": sample.expert.id, "slotId": sample.slots[4].id}
        case "a move":
            return {"slotId": sample.slots[5].id}
        case "slots":
            return {"slots": [slot_form(sample.group.end, 30)]}
        case "a code":
            return {"email": scene.email, "code": await engine.codes.issue(scene.email)}
    return row.body


@pytest.mark.parametrize("mode", ["verified", "open"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path} {row.label}".strip())
async def test_the_matrix(row: Row, mode: str, engine: Engine, server: Server, verified: Server) -> None:
    """All who are refused come to one booking, which stays as it is; then each who is let in, to one of their own."""
    cells = row.cells(mode)
    base = verified.base if mode == "verified" else server.base
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        shared = await scene(client, engine, server)
        before = await engine.booking(shared.booking["id"])
        for caller in CALLERS:
            if cells[caller] != OK:
                answer = await ask(client, row, caller, shared, engine)
                expected = (cells[caller], CODES[cells[caller]])
                assert (answer.status_code, answer.json()["code"]) == expected, f"{caller}: {answer.text}"
                assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
                assert shared.email not in answer.text
        assert await engine.booking(shared.booking["id"]) == before, "a refused change has changed nothing"
        for caller in CALLERS:
            if cells[caller] == OK:
                own = shared if row.method == "GET" else await scene(client, engine, server)
                answer = await ask(client, row, caller, own, engine)
                assert answer.is_success, f"{caller}: {answer.text}"


async def ask(client: httpx.AsyncClient, row: Row, caller: str, scene: Scene, engine: Engine) -> httpx.Response:
    path = row.path.format(
        slot=scene.sample.slots[0].id,
        booking=scene.booking["id"],
        hold=scene.hold,
        expert=scene.sample.expert.id,
        email=scene.email,
    )
    body = await body_of(row, scene, engine)
    return await client.request(row.method, path, json=body, headers=scene.headers(caller))


CANCEL = ("PATCH", "status", {"status": "cancelled"})


@pytest.mark.parametrize("verb", ["cancel", "move"])
async def test_customers_change_no_session_that_has_begun(
    verb: str, engine: Engine, server: Server, verified: Server, contract: Contract
) -> None:
    """Who attended could move it to the next week, or cancel it before anybody had it completed."""
    async with httpx.AsyncClient(base_url=verified.base, timeout=30) as client:
        mine, simple = [await scene(client, engine, server) for _ in range(2)]
        for each in mine, simple:
            start = await engine.now_ms(each.sample.expert.id) // 1000 + 5
            soon = replace(each.sample.slots[0], id=f"{each.sample.expert.id}-soon", start=start, end=start + 1800)
            await engine.add_slots([soon])
            await engine.reschedule(each.booking["id"], soon.id, "admin")
        await eventually(lambda: has_begun(engine, soon.start, soon.expert_id), 10)

        async def ask(of: Scene, base: str, caller: str, slot_id: str = "") -> httpx.Response:
            move = ("POST", "reschedule", {"slotId": slot_id or of.sample.slots[5].id})
            method, path, body = move if verb == "move" or slot_id else CANCEL
            url = f"{base}/api/bookings/{of.booking['id']}/{path}"
            answer = await client.request(method, url, json=body, headers=of.headers(caller))
            contract.check(answer)
            return answer

        before = await engine.booking(mine.booking["id"])
        for caller in "owner", "holder":
            answer = await ask(mine, verified.base, caller)
            assert (answer.status_code, answer.json()["code"]) == (409, "slot-past")
            operation = contract.operation(answer.request.method, answer.request.url.path)
            assert operation is not None
            assert "`slot-past`" in operation["responses"]["409"]["description"]
            assert (await ask(mine, verified.base, caller, before.slot_id)).is_success, "it is there"
        assert await engine.booking(before.id) == before
        assert (await ask(mine, verified.base, "admin")).is_success
        after = await engine.booking(before.id)
        assert after.slot_id == mine.sample.slots[5].id if verb == "move" else not after.active
        if verb == "cancel":
            assert (await ask(mine, verified.base, "owner")).is_success, "it is cancelled"
        assert (await ask(simple, server.base, "anonymous")).is_success


async def has_begun(engine: Engine, start: int, expert_id: str) -> bool:
    return await engine.now_ms(expert_id) >= start * 1000


async def test_the_matrix_has_every_route(contract: Contract) -> None:
    told = {
        f"{method.upper()} {re.sub('{.*?}', '{}', path)}"
        for path, methods in contract.document["paths"].items()
        for method in methods
    }
    tried = {f"{row.method} {re.sub('{.*?}', '{}', row.path.partition('?')[0])}" for row in ROWS}
    assert tried == told


async def test_the_document_asks_for_tokens_where_the_server_does(server: Server, verified: Server) -> None:
    for base, mode in ((server.base, "open"), (verified.base, "verified")):
        async with httpx.AsyncClient(base_url=base) as client:
            paths = (await client.get("/openapi.json")).json()["paths"]
        asks = {
            f"{method.upper()} {re.sub('{.*?}', '{}', path)}"
            for path, methods in paths.items()
            for method, operation in methods.items()
            if operation.get("security")
        }
        refuses = {
            f"{row.method} {re.sub('{.*?}', '{}', row.path.partition('?')[0])}"
            for row in ROWS
            if row.cells(mode)["anonymous"] == 401
        }
        assert asks == refuses


@pytest.mark.parametrize("token", [b"a\xff.b.c", "ä.ä.ä".encode(), b"\xff"])
async def test_a_token_that_is_no_text_is_none_of_ours(verified: Server, sample: Sample, token: bytes) -> None:
    """It was 500, also for a booking, which needs none."""
    headers = [(b"authorization", b"Bearer " + token)]
    async with httpx.AsyncClient(base_url=verified.base, timeout=30) as client:
        for path in ("/api/bookings/nobody-1", "/api/bookings?email=ann@example.com", "/api/admin/audit"):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert (await client.post("/api/bookings", json=order(sample), headers=headers)).status_code == 201
