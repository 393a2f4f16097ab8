"""Browsing: the catalogue, an expert's calendar, categories, avatars."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from zlib import crc32

import orjson
from sanic import Request

from api import incoming, outgoing, views
from api.problems import ValidationFailed
from api.replies import Reply, has_already, raw, reply
from api.routes import engine_of, read_query, route
from engine.availability import zone
from engine.calendar import by_day
from engine.catalogue import next_open
from engine.errors import ExpertNotFound, StoreUnavailable
from engine.model import Calendar, Expert, digest

MOST_BYTES, MOST = 32 << 20, 4096
"""Of rendered calendars kept by a worker, and how many."""


@route(
    "GET",
    "/api/experts",
    tag="Experts",
    summary="Browse and search experts",
    query=incoming.ExpertsQuery,
    answers={200: outgoing.Experts},
    problems=(ValidationFailed, StoreUnavailable),
)
async def find(request: Request) -> Reply:
    query = read_query(request, incoming.ExpertsQuery)
    page, openings = await engine_of(request).find_experts(
        query.search, query.category, query.sort, query.page, query.limit
    )
    experts = [views.expert_summary(expert, openings[expert.id]) for expert in page.items]
    return reply(request, views.page("experts", experts, page))


@route(
    "GET",
    "/api/categories",
    tag="Experts",
    summary="Categories and how many experts each has",
    answers={200: outgoing.Categories},
    problems=(StoreUnavailable,),
)
async def categories(request: Request) -> Reply:
    found = await engine_of(request).categories()
    return reply(request, {"categories": [{"name": name, "experts": experts} for name, experts in found]})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A calendar as it was last sent: good while nothing in it changed and no slot has begun since."""

    calendar: Calendar
    expert: Expert
    until_ms: float
    body: bytes


class Pages(OrderedDict[tuple[str, str], Rendered]):
    """By expert and query string, at most so many bytes of them; the oldest go first."""

    size = 0

    def keep(self, key: tuple[str, str], rendered: Rendered) -> None:
        if known := self.pop(key, None):
            self.size -= weight(key, known)
        self[key] = rendered
        self.size += weight(key, rendered)
        while self.size > MOST_BYTES or len(self) > MOST:
            self.size -= weight(*self.popitem(last=False))


def weight(key: tuple[str, str], rendered: Rendered) -> int:
    """Bytes; a query string may be longer than the answer."""
    return len(key[1]) + len(rendered.body)


_rendered = Pages()


@route(
    "GET",
    "/api/experts/{expert_id}",
    tag="Experts",
    summary="An expert and the slots by day",
    query=incoming.CalendarQuery,
    answers={200: outgoing.ExpertCalendar},
    problems=(ExpertNotFound, ValidationFailed, StoreUnavailable),
)
async def detail(request: Request, expert_id: str) -> Reply:
    engine = engine_of(request)
    expert = await engine.expert(expert_id)
    calendar = await engine.calendar(expert_id)
    key = (expert_id, request.query_string)
    known = _rendered.get(key)
    if known and known.calendar is calendar and known.expert is expert and time.time() * 1000 < known.until_ms:
        return reply(request, known.body)
    query = read_query(request, incoming.CalendarQuery)
    rendered = render(expert, calendar, query, int(time.time() * 1000))
    _rendered.keep(key, rendered)
    return reply(request, rendered.body)


def render(expert: Expert, calendar: Calendar, query: incoming.CalendarQuery, now_ms: int) -> Rendered:
    local = zone(query.tz or expert.time_zone)
    today = datetime.fromtimestamp(now_ms / 1000, local).date()
    first, last = query.from_ or today, query.to or date.max
    days = [
        {"date": day.isoformat(), "slots": [views.slot(slot, now_ms) for slot in slots]}
        for day, slots in by_day(calendar.slots, local)
        if first <= day <= last
    ]
    body = orjson.dumps(
        {
            "expert": views.expert_detail(expert, next_open(calendar)),
            "epoch": calendar.epoch,
            "version": calendar.version,
            "days": days,
        }
    )
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), local).timestamp()
    starts = (slot.start for slot in calendar.slots if slot.start * 1000 > now_ms)
    return Rendered(calendar, expert, min([midnight, *starts]) * 1000, body)


@route(
    "GET",
    "/avatars/{expert_id}",
    tag="Experts",
    summary="An expert's initials as a picture",
    answers={200: "image/svg+xml", 304: ""},
    problems=(ExpertNotFound, StoreUnavailable),
)
async def avatar(request: Request, expert_id: str) -> Reply:
    expert = await engine_of(request).expert(expert_id)
    words = [word for word in expert.name.replace(".", " ").split() if word[0].isalpha()]
    initials = (words[0][0] + words[-1][0] if len(words) > 1 else expert.name[:2]).upper()
    hue = crc32(expert.id.encode()) % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" role="img">'
        f"<title>{escape(expert.name)}</title>"
        f'<rect width="96" height="96" fill="hsl({hue} 45% 38%)"/>'
        '<text x="48" y="50" fill="#fff" font-family="system-ui,sans-serif" font-size="38" font-weight="600" '
        f'text-anchor="middle" dominant-baseline="central">{escape(initials)}</text></svg>'
    )
    body = svg.encode()
    told = {"cache_control": "public, max-age=300", "etag": f'"{digest(body)}"'}
    same = has_already(request, told["etag"])
    return raw(request, b"" if same else body, 304 if same else 200, "image/svg+xml", **told)
