"""What comes in: each message validates itself, and becomes a part of the OpenAPI document."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from engine.fields import TEXT, Day, Email, HoldToken, Id, Message, Name, Notes, Phone, Reason, Zone
from engine.forms import AvailabilityForm, ExpertForm, SlotForm
from engine.model import Status


def _digits(value: object) -> object:
    """A query string holds texts, and Python reads 1_0, 1.0 and +5 as numbers, too."""
    if isinstance(value, str) and not re.fullmatch("[0-9]+", value):
        raise ValueError("must be a whole number, in digits")
    return value


PageNumber = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_digits)]
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_digits)]


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


class NewAvailability(AvailabilityForm):
    """When an expert takes sessions, all of it, in the expert's own zone."""


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
    from_: Day | None = Field(None, alias="from", description="First day, in `tz`; today by default.")
    to: Day | None = Field(None, description="Last day, in `tz`; by default the last there is.")
    tz: Zone | None = Field(None, description="IANA zone of the days; the expert's by default.")


class BookingQuery(Message):
    stored: bool = Field(
        False, description="Whether the answer is to be 202 while the durable store has not confirmed."
    )


class BookingsQuery(Message):
    email: Email
    status: Status | None = None
    page: PageNumber = 1
    limit: Limit = 20
