"""What a customer may write, and what not. The slot of a refused body stays free."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from tests.api.serving import order
from tests.samples import Sample, make_sample

GOOD: dict[str, list[str | tuple[str, str]]] = {
    # A value, or a value and what is kept of it.
    "name": [
        "Bo",
        "x" * 100,
        "Seán O'Brien",
        "Zoë Nguyễn-Łukasiewicz",
        "Renée D’Arcy Jr.",
        "李小龍",
        "محمد بن سلمان",
        "Владимир",
        "नरेन्द्र",
        "Ann 👩🏽‍⚖️",
        "🧑" * 100,
        ("  Ann  ", "Ann"),
        ("\u00a0Ann\u3000", "Ann"),
        ("\tAnn\n", "Ann"),
        "Robert'); DROP TABLE students;--",
        "{$gt: 1}",
        "<b>Ann</b>",
        'A "quoted" \\ name',
        "Ann %s {p1}",
    ],
    "email": [
        "a@b.co",
        "ann+slots@example.com",
        "o'brien@example.ie",
        "ann.o_b-c@sub.example-site.museum",
        "üser@exämple.de",
        "用户@例子.中国",
        "1@2.3x",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        (" ann@example.com\n", "ann@example.com"),
        "x" * 64 + "@example.com",
        "ann@" + ".".join(["d" * 61] * 4) + ".io",
        "ANN@Example.COM",
    ],
    "phone": [
        "+49 30 1234567",
        "+442071234567",
        "(030) 123-4567",
        "030/1234567",
        "+1 (212) 555-0100",
        "+1.212.555.0100",
        "+998 71 123 45 67",
        # Refused until three separators in a row were taken, and the dash that phones and word processors make of two.
        "030 - 1234567",
        "030 \u2013 1234567",
        "030\u20131234567",
        "1234567",
        "123456789012345",
        ("  +61 2 9374 4000 ", "+61 2 9374 4000"),
    ],
    "notes": [
        "",
        "x" * 1000,
        "🧑" * 1000,
        "Two\nlines\tand a tab",
        "Windows\r\nlines",
        'It\'s about <my> "lease" & 50 % of the rent; {"$ne": null}',
        ("  padded \n", "padded"),
    ],
}

CONTROLS = ["a\0b", "a\x01b", "a\x1bb", "a\x7fb", "a\x85b", "a\x9fb"]
NOT_TEXT: list[Any] = [None, 5, 1.5, True, [], ["Ann"], {}, {"$gt": ""}, {"$ne": None}, [[[[]]]]]

BAD: dict[str, list[Any]] = {
    "name": [*NOT_TEXT, *CONTROLS, "", "A", " A ", "   ", "x" * 101, "🧑" * 101, "two\nlines", "a\tb", "a\r\nb"],
    "email": [
        *NOT_TEXT, *(control + "@example.com" for control in CONTROLS),
        "", "ann", "ann@", "@example.com", "ann@example",
        "ann@@example.com", "ann@example..com", "ann@-example.com", "ann@example-.com", "ann@.example.com",
        "ann@example.com.", "a b@example.com", "ann@exa mple.com", "Ann <ann@example.com>", "ann@example.com,bo@x.yz",
        "ann@example.com\nBcc: bo@example.com", "ann@example.com\0", "ann@[127.0.0.1]", "mailto:ann@example.com",
        "x" * 65 + "@example.com", "ann@" + "d" * 64 + ".com", "ann@" + ".".join(["d" * 61] * 4) + ".info",
        "x" * 60_000 + "@example.com", "ann@" + "a." * 20_000 + "com",
    ],
    "phone": [
        *NOT_TEXT, *CONTROLS, "", "123456", "1234567890123456", "+1234567890123456", "call me", "+49 30 CALL-NOW",
        "++49301234567", "49+301234567", "+49 30 1234567 ext. 5", "+49\n301234567", "٠١٢٣٤٥٦٧٨", "1" * 50_000,
        "-" * 30, "123    4567", "030 \u2014 1234567", "0301234567;x",
    ],
    "notes": [*NOT_TEXT, *CONTROLS, "x" * 1001, "🧑" * 1001, "x" * 60_000],
    "expertId": [*NOT_TEXT, "", "x" * 65, "a b", "a\0b", "{p1}", "é", "a/b", "*"],
    "slotId": [*NOT_TEXT, "", "x" * 65, "a b", "a\0b", "{p1}", "é", "a/b", "*"],
}  # fmt: skip


def table(cases: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field}-{number}-{ascii(value)[:24]}")
        for field, values in cases.items()
        for number, value in enumerate(values)
    ]


@pytest.fixture(scope="module")
async def target(engine: Engine) -> Sample:
    """One that nothing in this module books: every body here is wrong."""
    return await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)


async def send(client: httpx.AsyncClient, body: str | bytes) -> httpx.Response:
    return await client.post("/api/bookings", content=body, headers={"content-type": "application/json"})


async def assert_untouched(engine: Engine, target: Sample) -> None:
    calendar = await engine.calendar(target.expert.id)
    assert [slot.free for slot in calendar.slots] == [slot.seats for slot in target.slots]
    assert [booking async for booking in engine.store.bookings.since([target.expert.id], 0)] == []


@pytest.mark.parametrize(("field", "value"), table(GOOD))
async def test_good(client: httpx.AsyncClient, sample: Sample, field: str, value: str | tuple[str, str]) -> None:
    sent, kept = value if isinstance(value, tuple) else (value, value)
    answer = await client.post("/api/bookings", json=order(sample, **{field: sent}))
    assert answer.status_code == 201, answer.text
    assert answer.json()["booking"][field] == kept
    read = await client.get(answer.headers["location"])
    assert read.json()["booking"][field] == kept


@pytest.mark.parametrize("value", [value for value in GOOD["email"] if isinstance(value, str)], ids=ascii)
async def test_a_good_email_finds_its_booking(client: httpx.AsyncClient, sample: Sample, value: str) -> None:
    made = await client.post("/api/bookings", json=order(sample, email=value))
    found = await client.get("/api/bookings", params={"email": value, "limit": 100})
    assert made.json()["booking"]["id"] in [booking["id"] for booking in found.json()["bookings"]]


@pytest.mark.parametrize(("field", "value"), table(BAD))
async def test_bad(client: httpx.AsyncClient, engine: Engine, target: Sample, field: str, value: Any) -> None:
    answer = await send(client, json.dumps(order(target, **{field: value})))
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation-failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    await assert_untouched(engine, target)


@pytest.mark.parametrize("field", ["expertId", "slotId", "name", "email", "phone"])
async def test_a_field_that_is_missing(client: httpx.AsyncClient, engine: Engine, target: Sample, field: str) -> None:
    body = order(target)
    del body[field]
    answer = await send(client, json.dumps(body))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    await assert_untouched(engine, target)


@pytest.mark.parametrize(
    "field", ["status", "seat", "price", "Name", "expert_id", "$where", "__proto__", "", "a.b", "é", "\0", "x" * 5000]
)
async def test_a_field_we_do_not_know(client: httpx.AsyncClient, engine: Engine, target: Sample, field: str) -> None:
    answer = await send(client, json.dumps(order(target, **{field: "x"})))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    await assert_untouched(engine, target)


async def test_thousands_of_fields_we_do_not_know_are_not_told_one_by_one(client: httpx.AsyncClient) -> None:
    """Each cost the worker time, and others had to wait for it: the answer was seven times as long as the body."""
    answer = await send(client, json.dumps({f"{number:x}": 1 for number in range(5000)}))
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert len(answer.content) < 1000


WILD = {
    "lone surrogate": '"\\ud800"',
    "reversed surrogates": '"\\udc00\\ud800"',
    "half escape": '"\\u12"',
    "raw control": '"a\x01b"',
    "deep lists": "[" * 20_000 + "]" * 20_000,
    "deep lists, open": "[" * 60_000,
    "deep objects": '{"a":' * 9_000 + "1" + "}" * 9_000,
    "huge integer": "9" * 5_000,
    "huge negative": "-" + "9" * 60_000,
    "huge exponent": "1e999999999",
    "tiny exponent": "1e-999999999",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "leading zero": "007",
    "wide": "[" + ",".join("1" * 30_000) + "]",
    "comment": '"Ann" /* hello */',
    "single quotes": "'Ann'",
}


@pytest.mark.parametrize("field", ["name", "notes", "extra"])
@pytest.mark.parametrize("value", WILD.values(), ids=WILD)
async def test_wild_json_is_refused(
    client: httpx.AsyncClient, engine: Engine, target: Sample, field: str, value: str
) -> None:
    body = json.dumps(order(target))[:-1] + f', "{field}": {value}}}'
    if field in order(target):
        body = json.dumps({**order(target), field: "@"}).replace('"@"', value)
    answer = await send(client, body)
    assert answer.status_code in (400, 422), answer.text
    await assert_untouched(engine, target)


@pytest.mark.parametrize("raw", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x28\xa1", b"\xfe"])
async def test_text_that_is_not_utf_8(client: httpx.AsyncClient, engine: Engine, target: Sample, raw: bytes) -> None:
    body = json.dumps(order(target, name="Ann @ Onymous")).encode().replace(b"@ O", raw + b" O")
    answer = await send(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")
    await assert_untouched(engine, target)


async def test_of_a_key_given_twice_the_last_counts(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    """As in every common JSON parser: what was validated is what is kept."""
    body = json.dumps(order(sample))[:-1] + ', "name": "Bob"}'
    answer = await send(client, body)
    assert answer.status_code == 201
    assert answer.json()["booking"]["name"] == "Bob"
    bad = json.dumps(order(sample, 1))[:-1] + ', "name": "B"}'
    assert (await send(client, bad)).status_code == 422
    assert (await engine.calendar(sample.expert.id)).slots[1].free == 1
