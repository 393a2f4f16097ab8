"""Booking, looking it up, changing it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from icalendar import Calendar, Event
from sanic import Request

from api import incoming, metrics, outgoing, views
from api.access import access_of, booking_token
from api.problems import BadRequest, MalformedJson, UnsupportedMediaType, ValidationFailed
from api.replies import Reply, raw, reply
from api.routes import engine_of, idempotency_key, read_body, read_query, route
from engine import limits
from engine.claim import Booked
from engine.claim import Request as BookingRequest
from engine.errors import (
    BookingNotFound,
    Forbidden,
    HoldExpired,
    IdempotencyKeyReused,
    InvalidTransition,
    SlotClosed,
    SlotHeld,
    SlotlineError,
    SlotNotFound,
    SlotPast,
    SlotTaken,
    StoreUnavailable,
)
from engine.model import Booking, Expert, Status, slot_of_hold
from engine.text import email_key

RETRY_SOON = "2"
"""Seconds after which a booking that was not durable yet is worth asking for."""


@route(
    "POST",
    "/api/bookings",
    tag="Bookings",
    summary="Book a slot",
    body=incoming.NewBooking,
    idempotent=True,
    answers={201: outgoing.BookingCreated, 202: outgoing.BookingClaimed},
    problems=(
        MalformedJson, BadRequest, SlotNotFound, UnsupportedMediaType, SlotTaken, SlotHeld, SlotPast, SlotClosed,
        HoldExpired, ValidationFailed, IdempotencyKeyReused, StoreUnavailable,
    ),
    limit=limits.BOOKINGS,
)  # fmt: skip
async def create(request: Request) -> Reply:
    """`api.lane` does the same for most requests, step by step, without waiting in between."""
    order, by = read_order(request)
    try:
        booked = await place(request, order, by)
    except SlotlineError as error:
        count_refusal(error)
        raise
    return answer_order(request, order, booked, await contact(request, booked.booking))


def read_order(request: Request) -> tuple[BookingRequest, str]:
    """What is wanted, and by whom. Raises what is wrong with it, and RateLimited."""
    wanted = read_body(request, incoming.NewBooking)
    engine, access = engine_of(request), access_of(request)
    caller = access.booker(request)
    who = ""
    if engine.limiter.on:
        who = access.customer(request, caller, wanted.email)
        engine.limiter.charge(limits.BOOKINGS_OF_EMAIL, who)
    order = BookingRequest(
        wanted.expert_id, wanted.slot_id, wanted.name, wanted.email, wanted.phone, wanted.notes,
        idempotency_key(request), wanted.hold_token, who,
    )  # fmt: skip
    return order, caller.by


def place(request: Request, order: BookingRequest, by: str) -> asyncio.Future[Booked]:
    """Raises what `engine.desk.Desk.book` raises, in the future."""
    return engine_of(request).desk.book(order, by)


def count_refusal(error: BaseException) -> None:
    if isinstance(error, SlotlineError):
        metrics.count_booking(error.code)


def answer_order(request: Request, order: BookingRequest, booked: Booked, expert: Expert | None) -> Reply:
    booking = booked.booking
    if slot_of_hold(order.hold) == order.slot_id:
        engine_of(request).holds.forget(order.hold)
    answer = {
        "booking": views.booking(booking, expert),
        "accessToken": booking_token(request.app.ctx.key, booking.id),
    }
    headers = {"idempotent_replayed": "true"} if booked.replayed else {}
    location = f"/api/bookings/{booking.id}"
    if not booked.durable:
        metrics.count_booking("claimed")
        answer["statusUrl"] = f"{location}?stored=true"
        return reply(request, answer, 202, location=location, retry_after=RETRY_SOON, **headers)
    metrics.count_booking("replayed" if booked.replayed else "booked")
    return reply(request, answer, 201, location=location, **headers)


async def contact(request: Request, booking: Booking) -> Expert | None:
    return await engine_of(request).contact(booking.expert_id)


async def answer_booking(request: Request, booking: Booking, status: int = 200, **headers: str) -> Reply:
    return reply(request, {"booking": views.booking(booking, await contact(request, booking))}, status, **headers)


@route(
    "GET",
    "/api/bookings",
    tag="Bookings",
    summary="A customer's bookings, newest first",
    query=incoming.BookingsQuery,
    answers={200: outgoing.Bookings},
    problems=(BadRequest, Forbidden, ValidationFailed, StoreUnavailable),
    access="customer",
    limit=limits.LOOKUPS,
)
async def find(request: Request) -> Reply:
    query = read_query(request, incoming.BookingsQuery)
    access_of(request).require_email(request, query.email)
    engine = engine_of(request)
    engine.limiter.charge(limits.LOOKUPS_OF_EMAIL, email_key(query.email))
    page = await engine.bookings_of(query.email, query.status, query.page, query.limit)
    experts = await engine.experts(booking.expert_id for booking in page.items)
    bookings = [views.booking(booking, experts.get(booking.expert_id)) for booking in page.items]
    return reply(request, views.page("bookings", bookings, page))


@route(
    "GET",
    "/api/bookings/{booking_id}",
    tag="Bookings",
    summary="One booking",
    query=incoming.BookingQuery,
    answers={200: outgoing.BookingAnswer, 202: outgoing.BookingAnswer},
    problems=(BookingNotFound, StoreUnavailable, ValidationFailed),
    access="booking",
    limit=limits.LOOKUPS,
)
async def read(request: Request, booking_id: str) -> Reply:
    """Also the status URL of a claim (``stored``): 202 until it has ended, in one way or the other."""
    query, engine = read_query(request, incoming.BookingQuery), engine_of(request)
    _, seen = await access_of(request).enter(request, booking_id)
    if not query.stored:
        return await answer_booking(request, seen or await engine.booking(booking_id))
    stored = await engine.is_stored(booking_id)  # looked at first: what is taken back is so in Redis before
    booking = await engine.booking(booking_id)
    if stored or not booking.active:
        return await answer_booking(request, booking)
    return await answer_booking(request, booking, 202, retry_after=RETRY_SOON)


@route(
    "PATCH",
    "/api/bookings/{booking_id}/status",
    tag="Bookings",
    summary="Confirm, complete or cancel a booking",
    body=incoming.StatusChange,
    answers={200: outgoing.BookingAnswer},
    problems=(
        MalformedJson, Forbidden, BookingNotFound, UnsupportedMediaType, InvalidTransition, SlotPast,
        ValidationFailed, StoreUnavailable,
    ),
    access="booking",
    limit=limits.CHANGES,
)  # fmt: skip
async def change(request: Request, booking_id: str) -> Reply:
    access = access_of(request)
    caller, _ = await access.enter(request, booking_id)
    wanted = read_body(request, incoming.StatusChange)
    access.require_status(caller, wanted.status)
    until_start = access.until_start(caller)
    booking = await engine_of(request).change(
        booking_id, wanted.status, caller.by, wanted.reason, until_start=until_start
    )
    return await answer_booking(request, booking)


@route(
    "POST",
    "/api/bookings/{booking_id}/reschedule",
    tag="Bookings",
    summary="Move a booking to another slot of the same expert",
    body=incoming.Reschedule,
    answers={200: outgoing.BookingAnswer},
    problems=(
        MalformedJson, BookingNotFound, SlotNotFound, UnsupportedMediaType, InvalidTransition, SlotTaken, SlotHeld,
        SlotPast, SlotClosed, ValidationFailed, StoreUnavailable,
    ),
    access="booking",
    limit=limits.CHANGES,
)  # fmt: skip
async def reschedule(request: Request, booking_id: str) -> Reply:
    access = access_of(request)
    caller, _ = await access.enter(request, booking_id)
    wanted = read_body(request, incoming.Reschedule)
    until_start = access.until_start(caller)
    booking = await engine_of(request).reschedule(
        booking_id, wanted.slot_id, caller.by, wanted.reason, until_start=until_start
    )
    return await answer_booking(request, booking)


ICS_STATUS = {
    Status.PENDING: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.COMPLETED: "CONFIRMED",
    Status.CANCELLED: "CANCELLED",
}


@route(
    "GET",
    "/api/bookings/{booking_id}/calendar.ics",
    tag="Bookings",
    summary="A booking for one's own calendar",
    answers={200: "text/calendar"},
    problems=(BookingNotFound, StoreUnavailable),
    access="booking",
    limit=limits.LOOKUPS,
)
async def calendar_file(request: Request, booking_id: str) -> Reply:
    """Fetched with the header, as everything else: a token in a link would end up in logs and histories."""
    _, seen = await access_of(request).enter(request, booking_id)
    booking = seen or await engine_of(request).booking(booking_id)
    body = calendar_event(booking, await contact(request, booking))
    disposition = 'attachment; filename="booking.ics"'
    return raw(request, body, 200, "text/calendar; charset=utf-8", content_disposition=disposition)


def calendar_event(booking: Booking, expert: Expert | None) -> bytes:
    """RFC 5545; UID and SEQUENCE let a calendar replace an earlier file of the same booking."""
    event = Event()
    event.add("uid", f"{booking.id}@slotline")
    event.add("sequence", booking.revision - 1)
    event.add("dtstamp", datetime.fromtimestamp(booking.updated_at / 1000, UTC))
    event.add("dtstart", datetime.fromtimestamp(booking.start, UTC))
    event.add("dtend", datetime.fromtimestamp(booking.end, UTC))
    event.add("status", ICS_STATUS[booking.status])
    if expert:
        event.add("summary", f"{expert.category}: {expert.name}")
        event.add("description", f"{expert.headline}\n{expert.email}\n{expert.phone}")
        event.add("contact", f"{expert.name}, {expert.email}, {expert.phone}")
    calendar = Calendar()
    calendar.add("prodid", "-//Slotline//Slotline//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    body: bytes = calendar.to_ical()
    return body
