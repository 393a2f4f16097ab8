"""Every message of the API, once: validates what comes in, and becomes the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from engine.calendar import zone
from engine.model import SlotState, Status

# Character ranges rather than \p{…} classes: the same patterns stand in the OpenAPI document, for every regex dialect.
TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters: a name is one line."""
LINES = r"^(?:[^\x00-\x1f\x7f-\x9f]|[\n\r\t])*$"
_LABEL = "[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]{0,61}[A-Za-z0-9\u00a1-\U0010ffff])?"
EMAIL = rf"^[^\s@\"(),:;<>\[\]\\\x00-\x20\x7f-\xa0]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}$"
"""A dot-atom and a domain of at least two labels, as the HTML standard's e-mail state has it, other scripts allowed."""
PHONE = r"^\+?(?:[ ().\-/]?[ ().\-/]?[0-9]){7,15}\)?$"
"""7 to 15 digits (E.164's most), with the separators that people write."""


class Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", populate_by_name=False, frozen=True)


def _zone(name: str) -> str:
    zone(name)
    return name


Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern=TEXT)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254, pattern=EMAIL)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=7, max_length=40, pattern=PHONE)]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=LINES)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=LINES)]
HoldToken = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9-]*$")]
Zone = Annotated[str, AfterValidator(_zone), Field(max_length=64, examples=["Europe/Berlin"])]
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


class ExpertsQuery(Message):
    search: Annotated[str, StringConstraints(max_length=100)] = ""
    category: Annotated[str, StringConstraints(max_length=100)] | None = None
    sort: Literal["rating", "experience", "name"] = "rating"
    page: PageNumber = 1
    limit: Limit = 20


class CalendarQuery(Message):
    from_: date | None = Field(None, alias="from", description="First day, in `tz`; today by default.")
    to: date | None = Field(None, description="Last day, in `tz`; by default the last there is.")
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
