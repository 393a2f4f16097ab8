"""Weekly opening hours in a time zone → slots in UTC. Pure functions.

The rule for daylight saving is one sentence: an instant is open when a clock on the wall, in that zone, shows
a time within the hours. So a local time that is skipped is not offered, an hour that happens twice is offered
twice, and hours that do not overlap on the wall never overlap in UTC. Slots are cut in UTC, so each lasts
exactly as long as it says.

The pause lies between any two of them, also where a change of the clock brings hours closer to each other than they are
on the wall, of one day or of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from engine.availability import Availability, Hours, Span, zone
from engine.model import Slot, new_slot

YEARS = range(1973, 9999)
"""Before, a zone could be off by a part of a minute."""

BEFORE, AFTER = 3, 2
"""Days around a day whose hours may be in the way of its own. Hours go on until the end of the next day, and the pause
until the end of the one after; Samoa once skipped one. And a clock that is put back over midnight shows a day again
when the next one has begun."""


def slots(expert_id: str, availability: Availability, first: date, days: int) -> Iterator[Slot]:
    """The slots whose hours open on one of ``days`` local days from ``first`` on, ordered by start.

    What a day gives depends on it and its neighbours alone: asked again from a later day on, the slots and their ids
    are the same. Raises ValueError at once for a negative number of days, or days outside ``YEARS``.
    """
    begin = first.toordinal()
    if days < 0:
        raise ValueError("the number of days cannot be negative")
    if first.year not in YEARS or begin + days > date(YEARS.stop, 1, 1).toordinal():
        raise ValueError(f"slots are for the years {YEARS.start} to {YEARS.stop - 1}")
    asked = range(begin, begin + days)
    return (
        new_slot(expert_id, start, end, availability.seats)
        for day, (start, end) in _sessions(availability, range(begin - BEFORE, begin + days + AFTER))
        if day in asked
    )


def by_day(slots: Iterable[Slot], tz: tzinfo) -> list[tuple[date, list[Slot]]]:
    """Slots, ordered by start, under the local day of ``tz`` on which each starts; no day is empty."""
    days: dict[date, list[Slot]] = {}
    for slot in slots:
        days.setdefault(datetime.fromtimestamp(slot.start, tz).date(), []).append(slot)
    return list(days.items())


def _sessions(availability: Availability, days: Iterable[int]) -> Iterator[tuple[int, Span]]:
    """The sessions in the hours that open on local days (ordinals), by their starts: the day, and start and end (epoch
    seconds)."""
    tz = zone(availability.time_zone)
    opening = ((number, date.fromordinal(number)) for number in days)
    spans = sorted(
        (*span, number)
        for number, day in opening
        for hours in availability.hours(day)
        for span in _open(*_on(day, hours), tz)
    )
    length = availability.slot_minutes * 60
    step = length + availability.buffer_minutes * 60
    at = 0
    for start, end, day in spans:
        at = max(at, start)
        while at + length <= end:
            yield day, (at, at + length)
            at += step


def _on(day: date, hours: Hours) -> tuple[datetime, datetime]:
    """When they open on a day, and close."""
    closes = datetime.combine(day, hours.closes) + timedelta(days=hours.closes <= hours.opens)
    return datetime.combine(day, hours.opens), closes


def _open(opens: datetime, closes: datetime, tz: tzinfo) -> Iterator[Span]:
    """The spans of UTC (epoch seconds) in which the local clock shows ``opens`` or later, not yet ``closes``.

    Mostly one. None, if the clock jumps over the hours; two, if it is put back out of the hours or into them.
    """
    first = min(_instant(opens, tz, fold) for fold in (0, 1))
    last = max(_instant(closes, tz, fold) for fold in (0, 1))
    opens_utc, closes_utc = _instant(opens, UTC), _instant(closes, UTC)
    change = _offset_change(first, last, tz)
    found: list[Span] = []
    for begin, end in ((first, change), (change, last)):
        offset = _offset(begin, tz)
        span = max(begin, opens_utc - offset), min(end, closes_utc - offset)
        if span[0] >= span[1]:
            continue
        if found and found[-1][1] == span[0]:
            span = found.pop()[0], span[1]
        found.append(span)
    yield from found


def _offset_change(first: int, last: int, tz: tzinfo) -> int:
    """When, from ``first`` to ``last``, the zone's offset becomes another; ``last`` if it does not.

    One change is looked for: no zone has had two within a week since 1973.
    """
    before = _offset(first, tz)
    if _offset(last, tz) == before:
        return last
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(middle, tz) == before:
            first = middle
        else:
            last = middle
    return last


def _instant(local: datetime, tz: tzinfo, fold: int = 0) -> int:
    """Epoch seconds of a local time; ``fold`` is 1 for the second time of two."""
    return int(local.replace(tzinfo=tz, fold=fold).timestamp())


def _offset(instant: int, tz: tzinfo) -> int:
    """Seconds east of UTC."""
    return int((datetime.fromtimestamp(instant, tz).utcoffset() or timedelta()).total_seconds())
