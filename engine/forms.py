"""What an administrator fills in. The API, its OpenAPI document and the command line take the same."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from engine.availability import MOST_DAYS, MOST_NOTICE, MOST_SLOTS, WEEKDAYS, Availability, Exceptional, Hours
from engine.fields import (
    Biography,
    Category,
    Clock,
    Day,
    Email,
    Language,
    Line,
    Message,
    Moment,
    Name,
    Number,
    Phone,
    Zone,
)
from engine.model import Expert, Slot, new_slot

SHORTEST, LONGEST = 5 * 60, 24 * 3600
"""Seconds that a slot may last."""
FARTHEST = 2 * 366 * 86_400
"""Seconds from now."""


class ExpertForm(Message):
    """An expert as an administrator writes one down."""

    name: Name
    category: Category
    headline: Line
    bio: Biography = ""
    languages: Annotated[list[Language], Field(min_length=1, max_length=20)]
    time_zone: Zone
    experience: Annotated[int, Field(ge=0, le=80, description="Years."), Number]
    rating: Annotated[float, Field(ge=0, le=5), Number] = 0.0
    review_count: Annotated[int, Field(ge=0, le=1_000_000_000), Number] = 0
    email: Email
    phone: Phone

    def expert(self, expert_id: str) -> Expert:
        return Expert(
            expert_id, self.name, self.category, self.headline, self.bio, tuple(self.languages), self.time_zone,
            self.experience, round(self.rating, 1), self.review_count, self.email, self.phone,
        )  # fmt: skip


class SlotForm(Message):
    start: Annotated[Moment, Field(description="A whole minute to come.")]
    end: Annotated[Moment, Field(description="A whole minute, 5 minutes to 24 hours after the start.")]
    seats: Annotated[int, Field(ge=1, le=1000), Number] = 1

    @model_validator(mode="after")
    def _a_span_of_time(self) -> Self:
        for moment in (self.start, self.end):
            if moment.tzinfo is None:
                raise ValueError("start and end need a zone, such as 2027-03-01T09:00:00Z")
            if moment.second or moment.microsecond:
                raise ValueError("start and end are whole minutes")
        lasts = (self.end - self.start).total_seconds()
        if not SHORTEST <= lasts <= LONGEST:
            raise ValueError("a slot lasts 5 minutes to 24 hours")
        ahead = (self.start - datetime.now(UTC)).total_seconds()
        if not 0 < ahead <= FARTHEST:
            raise ValueError("a slot begins within the next two years")
        return self

    def slot(self, expert_id: str) -> Slot:
        return new_slot(expert_id, int(self.start.timestamp()), int(self.end.timestamp()), self.seats)


class OpenHours(Message):
    """From one time of day until another, on the wall clock of the expert's zone."""

    opens: Clock
    closes: Annotated[Clock, Field(description="At or before `opens` it is a time on the next day.")]

    def of(self, weekday: int) -> Hours:
        return Hours(weekday, time.fromisoformat(self.opens), time.fromisoformat(self.closes))


class WeeklyHours(OpenHours):
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class ExceptionForm(Message):
    date: Day
    hours: Annotated[
        list[OpenHours], Field(max_length=8, description="Instead of the weekly ones of that day; none: a day off.")
    ]


class AvailabilityForm(Message):
    """When an expert takes sessions, and what these are like."""

    weekly: Annotated[list[WeeklyHours], Field(max_length=56)]
    exceptions: Annotated[list[ExceptionForm], Field(max_length=200, default_factory=list)]
    slot_minutes: Annotated[int, Field(ge=5, le=1440), Number]
    buffer_minutes: Annotated[int, Field(ge=0, le=1440, description="The pause between two slots."), Number] = 0
    seats: Annotated[int, Field(ge=1, le=1000), Number] = 1
    notice_minutes: Annotated[
        int, Field(ge=0, le=MOST_NOTICE, description="A slot goes off sale so long before it begins."), Number
    ] = 0
    window_days: Annotated[
        int,
        Field(ge=1, le=MOST_DAYS, description="So many days are on sale, in the expert's zone, today first."),
        Number,
    ] = 28

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        most = self.availability("UTC").most_slots
        if most > MOST_SLOTS:
            raise ValueError(f"this is up to {most:,} slots on sale at a time; at most {MOST_SLOTS:,} can be")
        return self

    def availability(self, time_zone: str) -> Availability:
        return Availability(
            time_zone,
            tuple(hours.of(WEEKDAYS.index(hours.weekday)) for hours in self.weekly),
            self.slot_minutes,
            self.buffer_minutes,
            self.seats,
            tuple(
                Exceptional(each.date, tuple(hours.of(each.date.weekday()) for hours in each.hours))
                for each in self.exceptions
            ),
            self.notice_minutes,
            self.window_days,
        )


def faults_of(error: ValidationError) -> list[tuple[str, str]]:
    """Field, in the spelling of whoever filled it in, and what is wrong with it."""
    faults: list[Any] = list(error.errors(include_url=False, include_context=False, include_input=False))
    return [(".".join(map(str, fault["loc"])), said_of(fault)) for fault in faults]


HINTS = {
    "email": "must be an email address such as name@example.com",
    "phone": "must be a phone number of 7 to 15 digits, such as +49 30 1234567",
    "code": "must be six digits",
    **dict.fromkeys(("opens", "closes"), "must be a time of day such as 09:30"),
    **dict.fromkeys(
        ("name", "notes", "reason", "category", "headline", "bio", "languages", "search"),
        "must not contain control characters",
    ),
}
"""Said of a field instead of its regular expression."""


def said_of(fault: Any) -> str:
    if fault["type"] == "string_pattern_mismatch":
        field = next((part for part in reversed(fault["loc"]) if isinstance(part, str)), "")
        return HINTS.get(field, "is not in the form of an id")
    return str(fault["msg"]).removeprefix("Value error, ")
