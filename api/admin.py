"""For the admin token, in either mode: experts, slots, the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any

from pydantic import BaseModel
from sanic import Request

from api import incoming, outgoing, views
from api.access import access_of
from api.problems import BadRequest, MalformedJson, UnsupportedMediaType, ValidationFailed
from api.replies import Reply, raw, reply
from api.routes import Handler, engine_of, idempotency_key, read_body, read_query, route
from engine import limits
from engine.audit import Report
from engine.availability import dump
from engine.errors import (
    ExpertHasBookings,
    ExpertNotFound,
    Forbidden,
    IdempotencyKeyReused,
    SlotHasBookings,
    SlotlineError,
    SlotNotFound,
    SlotOverlaps,
    StoreUnavailable,
)
from engine.model import Slot

BODY = (MalformedJson, UnsupportedMediaType, ValidationFailed)


def admin(
    method: str,
    path: str,
    *,
    summary: str,
    answers: dict[int, type[BaseModel] | str],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    body_required: bool = True,
    idempotent: bool = False,
    problems: tuple[type[SlotlineError], ...] = (),
) -> Callable[[Handler], Handler]:
    """A route that nobody else gets into."""

    def declare(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: Request, **parameters: str) -> Reply:
            access_of(request).require_admin(request)
            return await handler(request, **parameters)

        possible = (*problems, *(BODY if body else ()), *((ValidationFailed,) if query else ()))
        return route(
            method, path, tag="Administration", summary=summary, answers=answers, body=body, query=query,
            body_required=body_required, idempotent=idempotent, problems=(*possible, Forbidden, StoreUnavailable),
            access="admin", limit=limits.ADMIN,
        )(guarded)  # fmt: skip

    return declare


def slot_view(slot: Slot) -> dict[str, Any]:
    return views.slot(slot, int(time() * 1000))


@admin(
    "POST",
    "/api/admin/experts",
    summary="Add an expert",
    body=incoming.NewExpert,
    idempotent=True,
    answers={201: outgoing.ExpertAnswer},
    problems=(IdempotencyKeyReused,),
)
async def add_expert(request: Request) -> Reply:
    wanted = read_body(request, incoming.NewExpert)
    added = await engine_of(request).admin.add_expert(wanted, idempotency_key(request))
    headers = {"idempotent_replayed": "true"} if added.replayed else {}
    body = {"expert": views.expert_record(added.expert)}
    return reply(request, body, 201, location=f"/api/experts/{added.expert.id}", **headers)


@admin(
    "PUT",
    "/api/admin/experts/{expert_id}",
    summary="Replace all that is said of an expert",
    body=incoming.NewExpert,
    answers={200: outgoing.ExpertAnswer},
    problems=(ExpertNotFound,),
)
async def replace_expert(request: Request, expert_id: str) -> Reply:
    expert = await engine_of(request).admin.replace_expert(expert_id, read_body(request, incoming.NewExpert))
    return reply(request, {"expert": views.expert_record(expert)})


@admin(
    "DELETE",
    "/api/admin/experts/{expert_id}",
    summary="Take an expert, and all slots to come, off sale for good",
    query=incoming.Removing,
    answers={204: ""},
    problems=(BadRequest, ExpertNotFound, ExpertHasBookings),
)
async def remove_expert(request: Request, expert_id: str) -> Reply:
    wanted = read_query(request, incoming.Removing)
    await engine_of(request).admin.remove_expert(expert_id, wanted.bookings, wanted.reason)
    return raw(request, b"", 204, "")


@admin(
    "POST",
    "/api/admin/experts/{expert_id}/slots",
    summary="Put slots on sale; one that is there already stays as it is",
    body=incoming.NewSlots,
    answers={201: outgoing.SlotsAnswer},
    problems=(ExpertNotFound, SlotOverlaps),
)
async def add_slots(request: Request, expert_id: str) -> Reply:
    wanted = read_body(request, incoming.NewSlots)
    slots = [form.slot(expert_id) for form in wanted.slots]
    added = await engine_of(request).admin.add_slots(expert_id, slots)
    return reply(request, {"slots": [slot_view(slot) for slot in added]}, 201, location=f"/api/experts/{expert_id}")


@admin(
    "PUT",
    "/api/admin/experts/{expert_id}/availability",
    summary="Keep slots on sale by weekly hours; what is outside of them now is closed, its bookings stay",
    body=incoming.NewAvailability,
    answers={200: outgoing.AvailabilitySet},
    problems=(ExpertNotFound,),
)
async def set_availability(request: Request, expert_id: str) -> Reply:
    wanted = read_body(request, incoming.NewAvailability)
    rule, arranged = await engine_of(request).admin.set_availability(expert_id, wanted)
    return reply(request, {"availability": dump(rule), "slots": views.arranged(arranged)})


@admin(
    "GET",
    "/api/admin/experts/{expert_id}/availability",
    summary="The hours by which slots are kept on sale",
    answers={200: outgoing.AvailabilityAnswer},
    problems=(ExpertNotFound,),
)
async def show_availability(request: Request, expert_id: str) -> Reply:
    rule = await engine_of(request).admin.availability(expert_id)
    return reply(request, {"availability": rule and dump(rule)})


@admin(
    "POST",
    "/api/admin/slots/{slot_id}/close",
    summary="Take a slot off sale; keep its bookings, or cancel them",
    body=incoming.Closing,
    body_required=False,
    answers={200: outgoing.SlotClosed},
    problems=(SlotNotFound, SlotHasBookings),
)
async def close_slot(request: Request, slot_id: str) -> Reply:
    wanted = read_body(request, incoming.Closing) if request.body else incoming.Closing(bookings=None, reason=None)
    closed = await engine_of(request).admin.close_slot(slot_id, wanted.bookings, wanted.reason)
    return reply(request, {"slot": slot_view(closed.slot), "kept": closed.kept, "cancelled": closed.cancelled})


@admin(
    "POST",
    "/api/admin/slots/{slot_id}/open",
    summary="Put a closed slot on sale again",
    answers={200: outgoing.SlotAnswer},
    problems=(SlotNotFound, SlotOverlaps),
)
async def open_slot(request: Request, slot_id: str) -> Reply:
    return reply(request, {"slot": slot_view(await engine_of(request).admin.open_slot(slot_id))})


_under_way: asyncio.Task[Report] | None = None


@admin(
    "GET", "/api/admin/audit", summary="Compare Redis and MongoDB while they serve", answers={200: outgoing.AuditAnswer}
)
async def audit(request: Request) -> Reply:
    """One look for all who ask meanwhile: it reads everything."""
    global _under_way
    if _under_way is None or _under_way.done():
        _under_way = asyncio.create_task(engine_of(request).audit())
    report = await asyncio.shield(_under_way)
    return reply(
        request,
        {
            "clean": report.clean,
            "findings": [
                {"kind": each.kind, "partition": each.partition, "subject": each.subject, "detail": each.detail}
                for each in report.findings
            ],
            "partitions": report.partitions,
            "experts": report.experts,
            "slots": report.slots,
            "bookings": report.bookings,
            "holds": report.holds,
            "unwritten": report.unwritten,
            "seconds": round(report.seconds, 3),
        },
    )
