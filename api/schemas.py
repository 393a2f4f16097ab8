"""Every message of the API, once: validates what comes in, and becomes the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.fields import TEXT, Email, HoldToken, Id, Message, Name, Notes, Phone, Reason, Zone
from engine.fields import Day as DayText
from engine.forms import ExpertForm, SlotForm
from engine.model import SlotState, Status

PageNumber = Annotated[int, Field(ge=1, le=100_000)]
Limit = Annotated[int, Field(ge=1, le=100)]


# What comes in ------------------------------------------------------------------------------------------------------


class NewBooking(Message):
    expert_id: Id
    slot_id: Id
    name: Name
    email: Email
    phone: Phone
    notes: Notes = ""
    hold_token: HoldToken = ""


class NewHold(Message):
    expert_id: Id
    slot_id: Id


class Reschedule(Message):
    slot_id: Id
    reason: Reason | None = None


class StatusChange(Message):
    status: Status
    reason: Reason | None = None


class CodeWish(Message):
    email: Email


class CodeGiven(Message):
    email: Email
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class NewExpert(ExpertForm):
    """An expert, all of it: what is not said is as if it had never been."""


class NewSlots(Message):
    slots: Annotated[list[SlotForm], Field(min_length=1, max_length=500)]


class Closing(Message):
    bookings: Literal["keep", "cancel"] | None = Field(
        None, description="What is to become of the slot's bookings; a slot that has some is not closed without it."
    )
    reason: Reason | None = Field(None, description="For the history of what is cancelled.")


class Removing(Message):
    bookings: Literal["keep", "cancel"] | None = Field(
        None, description="What is to become of bookings to come; an expert who has some does not go without it."
    )
    reason: Reason | None = None


class ExpertsQuery(Message):
    search: Annotated[str, StringConstraints(max_length=100, pattern=TEXT)] = ""
    category: Annotated[str, StringConstraints(max_length=100, pattern=TEXT)] | None = None
    sort: Literal["rating", "experience", "name"] = "rating"
    page: PageNumber = 1
    limit: Limit = 20


class CalendarQuery(Message):
    from_: DayText | None = Field(None, alias="from", description="First day, in `tz`; today by default.")
    to: DayText | None = Field(None, description="Last day, in `tz`; by default the last there is.")
    tz: Zone | None = Field(None, description="IANA zone of the days; the expert's by default.")


class BookingsQuery(Message):
    email: Email
    status: Status | None = None
    page: PageNumber = 1
    limit: Limit = 20


# What goes out ------------------------------------------------------------------------------------------------------


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
