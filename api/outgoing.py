"""What goes out, as the OpenAPI document describes it. `api.views` makes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from engine.fields import Message
from engine.model import SlotState, Status


class ExpertSummary(Message):
    id: str
    name: str
    category: str
    headline: str
    experience: int = Field(description="Years.")
    rating: float
    review_count: int
    avatar_url: str
    next_open: datetime | None = Field(description="Start of the next open slot.")


class ExpertDetail(ExpertSummary):
    bio: str
    languages: list[str]
    time_zone: str


class ExpertRecord(Message):
    """An expert as the administrator sees one."""

    id: str
    name: str
    category: str
    headline: str
    bio: str
    languages: list[str]
    time_zone: str
    experience: int = Field(description="Years.")
    rating: float
    review_count: int
    email: str
    phone: str
    avatar_url: str


class ExpertAnswer(Message):
    expert: ExpertRecord


class Experts(Message):
    experts: list[ExpertSummary]
    page: int
    limit: int
    total: int
    pages: int


class Category(Message):
    name: str
    experts: int


class Categories(Message):
    categories: list[Category]


class Slot(Message):
    id: str
    start: datetime
    end: datetime
    state: SlotState
    seats: int
    free: int
    held_until: datetime | None = Field(description="When the first hold ends, while there is one.")


class SlotsAnswer(Message):
    slots: list[Slot]


class SlotAnswer(Message):
    slot: Slot


class SlotClosed(SlotAnswer):
    kept: int = Field(description="Active bookings that the slot still has.")
    cancelled: int = Field(description="Bookings that were cancelled.")


class OpenHours(Message):
    opens: str = Field(description="Time of day.", examples=["09:30"])
    closes: str = Field(description="Time of day; at or before `opens` on the next day.")


class WeeklyHours(OpenHours):
    weekday: str


class ExceptionalDay(Message):
    date: date
    hours: list[OpenHours]


class Availability(Message):
    time_zone: str = Field(description="The expert's.")
    weekly: list[WeeklyHours]
    exceptions: list[ExceptionalDay]
    slot_minutes: int
    buffer_minutes: int
    seats: int
    notice_minutes: int
    window_days: int


class AvailabilityAnswer(Message):
    availability: Availability | None = Field(description="Null for an expert whose slots are added by hand.")


class Arranged(Message):
    """What became of the slots to come, in numbers."""

    added: int
    opened: int = Field(description="On sale again, or with another end or number of seats.")
    closed: int
    bookings: int = Field(description="Active bookings of slots outside these hours; they stay.")
    left_out: int = Field(description="Not put on sale: other slots, or bookings, are in their way.")
    held: int = Field(description="As they were until somebody's hold is over, a minute later.")


class AvailabilitySet(Message):
    availability: Availability
    slots: Arranged


class Finding(Message):
    kind: str
    partition: int
    subject: str
    detail: str


class AuditAnswer(Message):
    clean: bool
    findings: list[Finding]
    partitions: int
    experts: int
    slots: int
    bookings: int
    holds: int
    unwritten: int = Field(description="Changes that were on their way to MongoDB.")
    seconds: float


class Day(Message):
    date: date
    slots: list[Slot]


class ExpertCalendar(Message):
    expert: ExpertDetail
    epoch: str
    version: int
    days: list[Day]


class BookedExpert(Message):
    id: str
    name: str
    category: str
    email: str
    phone: str


class BookedSlot(Message):
    id: str
    start: datetime
    end: datetime


class HistoryEntry(Message):
    at: datetime
    from_: Status | None = Field(alias="from")
    to: Status
    by: str
    reason: str | None


class Booking(Message):
    id: str
    status: Status
    expert: BookedExpert
    slot: BookedSlot
    name: str
    email: str
    phone: str
    notes: str
    created_at: datetime
    updated_at: datetime
    history: list[HistoryEntry]


class BookingAnswer(Message):
    booking: Booking


class BookingCreated(Message):
    booking: Booking
    access_token: str = Field(description="Opens this booking alone.")


class BookingClaimed(BookingCreated):
    status_url: str = Field(description="Tells how the claim ended.")


class Bookings(Message):
    bookings: list[Booking]
    page: int
    limit: int
    total: int
    pages: int


class HoldAnswer(Message):
    hold_token: str
    expires_at: datetime


class EmailToken(Message):
    token: str = Field(description="To be sent as `Authorization: Bearer …`; proves the address.")
    expires_at: datetime


class FieldError(Message):
    field: str
    message: str


class Problem(Message):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] | None = None


class Alive(Message):
    status: Literal["ok"]


class Ready(Message):
    status: Literal["ok", "unavailable"]
    parts: dict[str, str] = Field(description="`ok`, or what is wrong, for each part the server stands on.")
