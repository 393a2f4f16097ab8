"""When an expert takes sessions: weekly hours, exceptions, and what a session is like. No I/O.

``dump`` and ``load`` are its JSON, as the API and MongoDB have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import date, time
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

DAY = 24 * 60
WEEK = 7 * DAY
MOST_NOTICE = 60 * DAY
"""All in minutes."""
MOST_DAYS = 366
"""On sale at a time."""
MOST_SLOTS = 5_000
"""On sale at a time: an expert's calendar is read as a whole."""
LAST_DAY = date.max.toordinal()

Span = tuple[int, int]
"""Start and end, which is not part of it."""


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises ValueError for any other text, and never looks for such a file."""
    if name not in _zone_names():
        raise ValueError(f"there is no time zone {name[:40]!r}")
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Hours:
    """Open on one weekday (Monday is 0) from ``opens`` until ``closes``, on the wall clock.

    ``closes`` at or before ``opens`` is a time on the next day; equal means 24 hours. Raises ValueError.
    """

    weekday: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("a weekday is 0 (Monday) to 6 (Sunday)")
        for moment in (self.opens, self.closes):
            if moment.tzinfo or moment.second or moment.microsecond:
                raise ValueError("opening hours are whole minutes of local time, without a zone of their own")

    @property
    def minutes(self) -> Span:
        """Start and end in minutes since Monday 00:00; the end of Sunday's hours may lie beyond the week."""
        opens = self.opens.hour * 60 + self.opens.minute
        closes = self.closes.hour * 60 + self.closes.minute
        start = self.weekday * DAY + opens
        return start, start + ((closes - opens) % DAY or DAY)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """The hours that open on one local day, instead of the weekly ones; none: a day off. Raises ValueError."""

    day: date
    hours: tuple[Hours, ...] = ()
    """Of that day's weekday."""

    def __post_init__(self) -> None:
        if any(hours.weekday != self.day.weekday() for hours in self.hours):
            raise ValueError("the hours of an exception are of its own weekday")


@dataclass(frozen=True, slots=True)
class Availability:
    """When an expert takes sessions, and of what kind. Raises ValueError for nonsense."""

    time_zone: str
    """An IANA name."""
    weekly: tuple[Hours, ...]
    slot_minutes: int
    buffer_minutes: int = 0
    """The pause between two sessions; hours must lie at least as far apart on the wall clock."""
    seats: int = 1
    exceptions: tuple[Exceptional, ...] = ()
    """At most one a day."""
    notice_minutes: int = 0
    """A slot is on sale until so long before it begins."""
    window_days: int = 28
    """So many local days are on sale, today is the first."""
    stored: InitVar[bool] = False
    """It was right when it was stored: how far its hours are from each other is not judged again, by what a later
    version would refuse. Calendars keep the pause anyway."""

    def __post_init__(self, stored: bool) -> None:
        zone(self.time_zone)
        for name, value, least, most in (
            ("a slot lasts", self.slot_minutes, 1, DAY),
            ("a buffer lasts", self.buffer_minutes, 0, DAY),
            ("the notice is", self.notice_minutes, 0, MOST_NOTICE),
        ):
            if not least <= value <= most:
                raise ValueError(f"{name} {least:,} to {most:,} minutes")
        if not 1 <= self.seats <= 1000:
            raise ValueError("a slot has 1 to 1,000 seats")
        if not 1 <= self.window_days <= MOST_DAYS:
            raise ValueError(f"the window is 1 to {MOST_DAYS} days")
        if not stored:
            self._judge_hours()

    def _judge_hours(self) -> None:
        spans = sorted(hours.minutes for hours in self.weekly)
        self._apart([*spans, *((start + WEEK, end + WEEK) for start, end in spans[:1])])
        days = {exception.day for exception in self.exceptions}
        if len(days) < len(self.exceptions):
            raise ValueError("two exceptions are of the same day")
        for day in days:
            # Hours may go on until the end of the next day, and a buffer until the end of the one after.
            around = [each for each in (day.toordinal() + shift for shift in range(-2, 3)) if 0 < each <= LAST_DAY]
            self._apart(sorted(span for each in around for span in self._spans(date.fromordinal(each))))

    def hours(self, day: date) -> tuple[Hours, ...]:
        """The hours that open on a local day."""
        for exception in self.exceptions:
            if exception.day == day:
                return exception.hours
        return tuple(hours for hours in self.weekly if hours.weekday == day.weekday())

    @property
    def most_slots(self) -> int:
        """That the window may have: an upper bound, found without making them."""
        weeks = -(-self.window_days // 7)
        exceptional = [hours for exception in self.exceptions for hours in exception.hours]
        return weeks * sum(map(self._sessions, self.weekly)) + sum(map(self._sessions, exceptional))

    def _sessions(self, hours: Hours) -> int:
        start, end = hours.minutes
        return (end - start + self.buffer_minutes) // (self.slot_minutes + self.buffer_minutes)

    def _spans(self, day: date) -> list[Span]:
        """In minutes since a day long ago."""
        shift = (day.toordinal() - day.weekday()) * DAY
        return [(start + shift, end + shift) for start, end in (hours.minutes for hours in self.hours(day))]

    def _apart(self, spans: Sequence[Span]) -> None:
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise ValueError("opening hours overlap")
            if start < end + self.buffer_minutes:
                raise ValueError("opening hours are closer to each other than the buffer")


def dump(availability: Availability) -> dict[str, Any]:
    return {
        "timeZone": availability.time_zone,
        "weekly": [{"weekday": WEEKDAYS[hours.weekday], **_dump_hours(hours)} for hours in availability.weekly],
        "exceptions": [
            {"date": each.day.isoformat(), "hours": [_dump_hours(hours) for hours in each.hours]}
            for each in availability.exceptions
        ],
        "slotMinutes": availability.slot_minutes,
        "bufferMinutes": availability.buffer_minutes,
        "seats": availability.seats,
        "noticeMinutes": availability.notice_minutes,
        "windowDays": availability.window_days,
    }


def load(document: dict[str, Any]) -> Availability:
    """What has been stored. Raises ValueError, KeyError."""
    return Availability(
        document["timeZone"],
        tuple(_load_hours(WEEKDAYS.index(hours["weekday"]), hours) for hours in document["weekly"]),
        int(document["slotMinutes"]),
        int(document["bufferMinutes"]),
        int(document["seats"]),
        tuple(
            Exceptional(day, tuple(_load_hours(day.weekday(), hours) for hours in each["hours"]))
            for each in document["exceptions"]
            for day in [date.fromisoformat(each["date"])]
        ),
        int(document["noticeMinutes"]),
        int(document["windowDays"]),
        stored=True,
    )


def _dump_hours(hours: Hours) -> dict[str, str]:
    return {"opens": f"{hours.opens:%H:%M}", "closes": f"{hours.closes:%H:%M}"}


def _load_hours(weekday: int, hours: dict[str, str]) -> Hours:
    return Hours(weekday, time.fromisoformat(hours["opens"]), time.fromisoformat(hours["closes"]))
