"""What an administrator fills in. The API, its OpenAPI document and the command line take the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from engine.fields import Biography, Category, Email, Language, Line, Message, Moment, Name, Number, Phone, Zone
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


def faults_of(error: ValidationError) -> list[tuple[str, str]]:
    """Field, in the spelling of whoever filled it in, and what is wrong with it."""
    faults: list[Any] = list(error.errors(include_url=False, include_context=False, include_input=False))
    return [(".".join(map(str, fault["loc"])), said_of(fault)) for fault in faults]


HINTS = {
    "email": "must be an email address such as name@example.com",
    "phone": "must be a phone number of 7 to 15 digits, such as +49 30 1234567",
    "code": "must be six digits",
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
