from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.experts import render
from api.incoming import CalendarQuery
from engine.engine import Engine
from engine.model import Calendar, new_slot
from tests.api.serving import SUMMARY, Add, instant, order
from tests.samples import ZOE, Sample, make_sample

DETAIL = {*SUMMARY, "bio", "languages", "timeZone"}
SLOT = {"id", "start", "end", "state", "seats", "free", "heldUntil"}


async def read(client: httpx.AsyncClient, expert_id: str, **params: str) -> dict[str, Any]:
    answer = await client.get(f"/api/experts/{expert_id}", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def flat(calendar: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {slot["id"]: slot for day in calendar["days"] for slot in day["slots"]}


async def test_the_detail_has_the_fields_of_the_contract(client: httpx.AsyncClient, sample: Sample) -> None:
    calendar = await read(client, sample.expert.id)
    assert set(calendar) == {"expert", "epoch", "version", "days"}
    assert set(calendar["expert"]) == DETAIL
    assert calendar["expert"]["languages"] == ["English", "Vietnamese"]
    assert calendar["expert"]["nextOpen"] == instant(sample.slots[0].start)
    assert list(flat(calendar)) == [slot.id for slot in sample.slots], "by start"
    first, group = flat(calendar)[sample.slots[0].id], flat(calendar)[sample.group.id]
    assert first == {
        "id": sample.slots[0].id,
        "start": instant(sample.slots[0].start),
        "end": instant(sample.slots[0].end),
        "state": "open",
        "seats": 1,
        "free": 1,
        "heldUntil": None,
    }
    assert (group["seats"], group["free"]) == (7, 7)
    assert sample.expert.email not in str(calendar)


async def test_an_expert_without_slots_has_an_empty_calendar(client: httpx.AsyncClient, add: Add) -> None:
    """The moment until which a calendar may be kept was the least of one number and no starts: a TypeError, so 500."""
    (expert,) = await add("Ada")
    calendar = await read(client, expert.id)
    assert (calendar["days"], calendar["expert"]["nextOpen"]) == ([], None)


async def test_an_expert_whose_slots_have_all_begun_can_be_read(
    client: httpx.AsyncClient, engine: Engine, add: Add
) -> None:
    (expert,) = await add("Ada")
    start = int(time.time()) // 60 * 60 - 3600
    await engine.add_slots([new_slot(expert.id, start, start + 1800)])
    (slot,) = flat(await read(client, expert.id, **{"from": "2020-01-01"})).values()
    assert slot["state"] == "past"


async def test_days_are_those_of_the_experts_zone_or_of_tz(client: httpx.AsyncClient, engine: Engine) -> None:
    """21:30 to 02:00 UTC: another day in Kathmandu (+05:45) from 18:15 UTC on, in Berlin from 22:00 or 23:00."""
    tomorrow = datetime.now(UTC).replace(hour=21, minute=30, second=0, microsecond=0) + timedelta(days=1)
    sample = await make_sample(engine, start=int(tomorrow.timestamp()), time_zone="Asia/Kathmandu")
    for tz in (None, "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "UTC"):
        calendar = await read(client, sample.expert.id, **({"tz": tz} if tz else {}))
        zone = ZoneInfo(tz or "Asia/Kathmandu")
        expected: dict[str, list[str]] = {}
        for slot in sample.slots:
            expected.setdefault(datetime.fromtimestamp(slot.start, zone).date().isoformat(), []).append(slot.id)
        assert {day["date"]: [slot["id"] for slot in day["slots"]] for day in calendar["days"]} == expected
        assert [day["date"] for day in calendar["days"]] == sorted(expected)


@pytest.mark.parametrize(
    ("zone_name", "month"),
    [("Europe/Berlin", 10), ("Europe/Berlin", 3), ("Australia/Lord_Howe", 4), ("America/St_Johns", 11)],
)
async def test_days_around_a_change_of_the_clocks_lose_no_slot(
    client: httpx.AsyncClient, engine: Engine, zone_name: str, month: int
) -> None:
    zone = ZoneInfo(zone_name)
    year = datetime.now(UTC).year + 1
    month_days = [date(year, month, 1) + timedelta(days=n) for n in range(31)]
    changing = [day for day in month_days if offset(day, zone) != offset(day + timedelta(days=1), zone)]
    assert len(changing) == 1
    midnight = int(datetime.combine(changing[0], datetime.min.time(), zone).timestamp())
    sample = await make_sample(engine, start=midnight)
    more = [new_slot(sample.expert.id, midnight + 1800 * n, midnight + 1800 * (n + 1)) for n in range(9, 52)]
    await engine.add_slots(more)
    calendar = await read(client, sample.expert.id, tz=zone_name)
    next_midnight = datetime.combine(changing[0] + timedelta(days=1), datetime.min.time(), zone).timestamp()
    length = (next_midnight - midnight) / 1800
    assert length != 48, "not a day of 24 hours"
    assert [len(day["slots"]) for day in calendar["days"]] == [length, 52 - length]
    assert calendar["days"][0]["date"] == changing[0].isoformat()


def offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, datetime.min.time(), zone).utcoffset()


async def test_from_and_to_are_the_first_and_the_last_day(client: httpx.AsyncClient, engine: Engine) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    sample = await make_sample(engine, start=int(noon.timestamp()), time_zone="UTC")
    for n in (1, 2, 3):
        start = sample.slots[0].start + n * 86_400
        await engine.add_slots([new_slot(sample.expert.id, start, start + 1800)])
    days = [(noon + timedelta(days=n)).date().isoformat() for n in range(4)]

    async def dates(**params: str) -> list[str]:
        return [day["date"] for day in (await read(client, sample.expert.id, **params))["days"]]

    assert await dates() == days
    assert await dates(**{"from": days[1]}) == days[1:]
    assert await dates(to=days[1]) == days[:2]
    assert await dates(**{"from": days[1], "to": days[2]}) == days[1:3]
    assert await dates(**{"from": days[2], "to": days[1]}) == []
    assert await dates(**{"from": "0001-01-01", "to": "9999-12-31"}) == days


async def test_days_gone_by_are_shown_only_if_asked_for(client: httpx.AsyncClient, engine: Engine) -> None:
    ago = int(time.time()) // 60 * 60 - 30 * 3600
    sample = await make_sample(engine, start=ago, time_zone="UTC")
    yesterday = datetime.fromtimestamp(ago, UTC).date().isoformat()
    assert yesterday not in [day["date"] for day in (await read(client, sample.expert.id))["days"]]
    shown = await read(client, sample.expert.id, **{"from": yesterday})
    assert flat(shown)[sample.slots[0].id]["state"] == "past"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tz=Europe/Atlantis", "tz"),
        ("tz=", "tz"),
        ("tz=../../etc/passwd", "tz"),
        ("tz=/etc/localtime", "tz"),
        ("tz=europe/berlin", "tz"),
        ("tz=%00", "tz"),
        ("tz=" + "x" * 500, "tz"),
        ("from=2026-02-30", "from"),
        ("from=tomorrow", "from"),
        ("to=2026-13-01", "to"),
        ("to=", "to"),
        ("from_=2026-01-01", "from_"),
        ("days=3", "days"),
    ],
)
async def test_what_is_wrong_with_the_query_is_named(
    client: httpx.AsyncClient, sample: Sample, query: str, field: str
) -> None:
    answer = await client.get(f"/api/experts/{sample.expert.id}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_slot_is_open_booked_closed_or_past(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    start = sample.slots[0].start - 7200
    past = new_slot(sample.expert.id, start, start + 1800)
    await engine.add_slots([past])
    assert (await client.post("/api/bookings", json=order(sample, 1))).status_code == 201
    assert (await client.post("/api/bookings", json=order(sample, -1))).status_code == 201
    await engine.desk.close(sample.slots[2].id)
    slots = flat(await read(client, sample.expert.id, **{"from": "2020-01-01"}))
    assert slots[sample.slots[0].id]["state"] == "open"
    assert (slots[sample.slots[1].id]["state"], slots[sample.slots[1].id]["free"]) == ("booked", 0)
    assert slots[sample.slots[2].id]["state"] == "closed"
    assert slots[past.id]["state"] == "past"
    assert (slots[sample.group.id]["state"], slots[sample.group.id]["free"]) == ("open", 6)
    await engine.desk.open(sample.slots[2].id)
    assert flat(await read(client, sample.expert.id))[sample.slots[2].id]["state"] == "open"


def test_a_calendar_is_kept_no_longer_than_it_is_right() -> None:
    """Until its next slot begins, or the day of its zone is over."""
    noon = 1_800_014_400 - 1_800_014_400 % 86_400 + 43_200
    slots = (new_slot("abc", noon, noon + 1800), new_slot("abc", noon + 3600, noon + 5400))
    calendar = Calendar("abc", "e", 1, slots)
    query = CalendarQuery.model_validate({"tz": "Asia/Kathmandu"})

    def rendered(now: int) -> tuple[float, list[str]]:
        done = render(ZOE, calendar, query, now * 1000)
        (day,) = json.loads(done.body)["days"]
        return done.until_ms / 1000, [slot["state"] for slot in day["slots"]]

    assert rendered(noon - 1) == (noon, ["open", "open"])
    assert rendered(noon) == (noon + 3600, ["past", "open"]), "a slot that begins now is past"
    assert rendered(noon + 3599) == (noon + 3600, ["past", "open"])
    midnight = noon + 6 * 3600 + 900  # 18:15 UTC is 00:00 in Kathmandu
    later = Calendar("abc", "e", 1, (*slots, new_slot("abc", midnight + 7200, midnight + 9000)))
    assert render(ZOE, later, query, (noon + 3600) * 1000).until_ms / 1000 == midnight


async def test_a_write_is_seen_at_once_on_every_worker(each_worker: list[httpx.AsyncClient], sample: Sample) -> None:
    """No stale read after one's own write: each change moves the version by one, wherever it is read next."""
    before = [await read(client, sample.expert.id) for client in each_worker]
    epoch, version = before[0]["epoch"], before[0]["version"]
    for number in range(8):
        writer, reader = each_worker[number % 2], each_worker[(number + 1) % 2]
        answer = await writer.post("/api/bookings", json=order(sample, number))
        assert answer.status_code == 201
        for client in (reader, writer):
            now = await read(client, sample.expert.id)
            assert (now["epoch"], now["version"]) == (epoch, version + number + 1)
            assert flat(now)[sample.slots[number].id]["state"] == "booked"
    cancelled = answer.json()["booking"]["id"]
    await writer.patch(f"/api/bookings/{cancelled}/status", json={"status": "cancelled"})
    for client in each_worker:
        now = await read(client, sample.expert.id)
        assert now["version"] == version + 9
        assert flat(now)[sample.slots[7].id]["state"] == "open"


async def test_a_refused_booking_changes_no_version(client: httpx.AsyncClient, sample: Sample) -> None:
    await client.post("/api/bookings", json=order(sample))
    version = (await read(client, sample.expert.id))["version"]
    assert (await client.post("/api/bookings", json=order(sample))).status_code == 409
    assert (await read(client, sample.expert.id))["version"] == version


@pytest.mark.parametrize("path", ["/api/experts/{}", "/avatars/{}"])
@pytest.mark.parametrize("expert_id", ["zzzzzzzzzz", "x", "%00", "a%2Fb", "%ff", "$ne", "x" * 1000, "-"])
async def test_an_unknown_expert_is_not_found(client: httpx.AsyncClient, path: str, expert_id: str) -> None:
    answer = await client.get(path.format(expert_id))
    assert (answer.status_code, answer.json()["code"]) == (404, "expert-not-found")


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Zoë Nguyễn", "ZN"),
        ('<script>alert(1)</script> & "Co"', None),
        ("Dr. Ada King", "DK"),
        ("李 小龙", "李小"),
        ("Plato", "PL"),
        ("1 2", "1 "),
        ("&<", "&<"),
    ],
)
async def test_an_avatar_is_a_well_formed_picture(
    client: httpx.AsyncClient, add: Add, name: str, initials: str | None
) -> None:
    (expert,) = await add(name)
    answer = await client.get(f"/avatars/{expert.id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.content)
    svg = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{svg}svg"
    assert {element.tag for element in root} == {f"{svg}title", f"{svg}rect", f"{svg}text"}
    assert root.findtext(f"{svg}title") == name
    if initials:
        assert root.findtext(f"{svg}text") == initials
