"""Opening hours → slots, above all on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.availability import Availability, Hours, zone
from engine.calendar import by_day, slots
from engine.model import new_slot

EXPERT = "expert0001"
ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/Santiago",
    "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Kathmandu", "Asia/Kolkata",
    "Asia/Tehran", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Dublin",
    "Pacific/Apia", "Pacific/Chatham", "UTC",
)  # fmt: skip


def every_day(opens: time, closes: time) -> tuple[Hours, ...]:
    return tuple(Hours(weekday, opens, closes) for weekday in range(7))


def offered(zone_name: str, day: date, opens: str, closes: str, minutes: int = 60, buffer: int = 0) -> list[str]:
    """The starts, as local time with offset, of the slots of hours that open on one day."""
    weekly = (Hours(day.weekday(), time.fromisoformat(opens), time.fromisoformat(closes)),)
    found = slots(EXPERT, Availability(zone_name, weekly, minutes, buffer), day, 1)
    return [f"{datetime.fromtimestamp(slot.start, zone(zone_name)):%d %H:%M%z}" for slot in found]


def open_minutes(opens: datetime, closes: datetime, zone_name: str) -> list[int]:
    """The slow truth: every epoch minute at which a clock of the zone shows a time within the hours."""
    begin = int((opens - timedelta(days=1, hours=2)).replace(tzinfo=UTC).timestamp())
    end = int((closes + timedelta(days=1, hours=2)).replace(tzinfo=UTC).timestamp())
    tz = zone(zone_name)
    return [
        instant
        for instant in range(begin, end, 60)
        if opens <= datetime.fromtimestamp(instant, tz).replace(tzinfo=None) < closes
    ]


def packed(minutes: list[int], length: int, buffer: int) -> list[tuple[int, int]]:
    """As many sessions as fit into open minutes, each as early as it can be."""
    sessions: list[tuple[int, int]] = []
    free = set(minutes)
    ready = 0
    for minute in minutes:
        if minute >= ready and all(at in free for at in range(minute, minute + length * 60, 60)):
            sessions.append((minute, minute + length * 60))
            ready = minute + (length + buffer) * 60
    return sessions


@cache
def clock_changes(zone_name: str, year: int) -> list[date]:
    """The local days of a year that are not 24 hours long."""
    tz = zone(zone_name)
    noons = [datetime(year, 1, 1, 12, tzinfo=tz) + timedelta(days=day) for day in range(366)]
    return [after.date() for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset()]


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """Any zone on any day; every other time on, or next to, a day on which its clocks change."""
    zone_name, year = draw(st.sampled_from(ZONES)), draw(st.integers(2005, 2035))
    day = date(year, 1, 1) + timedelta(days=draw(st.integers(0, 364)))
    changes = clock_changes(zone_name, year)
    if draw(st.booleans()) and changes:
        day = draw(st.sampled_from(changes)) + timedelta(days=draw(st.integers(-1, 1)))
    return zone_name, day


five_minutes = st.one_of(st.integers(0, 24 * 12 - 1), st.integers(0, 5 * 12))
"""Any time of day; every other time in the small hours, in which clocks change."""
wall_times = five_minutes.map(lambda fives: time(fives // 12, fives % 12 * 5))
lengths = st.sampled_from((5, 15, 30, 45, 50, 60, 90, 240))


@given(zones_and_days(), wall_times, wall_times, lengths, st.sampled_from((0, 5, 10, 45)))
def test_a_day_offers_just_what_fits_into_its_hours_on_the_wall_clock(
    where: tuple[str, date], opens: time, closes: time, length: int, buffer: int
) -> None:
    zone_name, day = where
    availability = Availability(zone_name, (Hours(day.weekday(), opens, closes),), length, buffer)
    first, last = datetime.combine(day, opens), datetime.combine(day, closes)
    truth = open_minutes(first, last + timedelta(days=closes <= opens), zone_name)

    found = [(slot.start, slot.end) for slot in slots(EXPERT, availability, day, 1)]

    assert found == packed(truth, length, buffer)


@given(zones_and_days(), wall_times, wall_times, lengths, st.integers(0, 9))
def test_slots_last_what_they_say_follow_each_other_and_have_their_own_ids(
    where: tuple[str, date], one: time, other: time, length: int, days: int
) -> None:
    zone_name, day = where
    weekly = every_day(one, other) + (every_day(other, one) if one != other else ())

    found = list(slots(EXPERT, Availability(zone_name, weekly, length, seats=3), day, days))

    assert all(slot.end - slot.start == length * 60 for slot in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert len({slot.id for slot in found}) == len(found)
    assert all(slot.expert_id == EXPERT and slot.free == slot.seats == 3 for slot in found)


@given(
    zones_and_days(), st.lists(wall_times, min_size=4, max_size=4, unique=True), st.booleans(), lengths,
    st.integers(0, 4), st.integers(0, 4), st.integers(1, 4),
)  # fmt: skip
@example(("America/Santiago", date(2005, 10, 9)), [time(0), time(0, 5), time(1, 5), time(1, 15)], True, 5, 1, 0, 2)
def test_the_buffer_is_kept_from_day_to_day_and_from_whatever_day_one_asks(
    where: tuple[str, date], times: list[time], nights: bool, length: int, earlier: int, before: int, after: int
) -> None:
    """Of two hours a day, with as much of a pause as they allow on the wall."""
    zone_name, day = where
    one, two, three, four = sorted(times)
    if nights:  # the second hours go on into the next day
        one, two, three, four = two, three, four, one
    minutes = [at.hour * 60 + at.minute for at in (one, two, three, four)]
    buffer = min((minutes[2] - minutes[1]) % 1440, (minutes[0] - minutes[3]) % 1440)
    availability = Availability(zone_name, every_day(one, two) + every_day(three, four), length, buffer)
    first = day - timedelta(days=earlier)

    whole = list(slots(EXPERT, availability, first, before + after))

    assert all(later.start - slot.end >= buffer * 60 for slot, later in pairwise(whole))
    parts = [
        *slots(EXPERT, availability, first, before),
        *slots(EXPERT, availability, first + timedelta(days=before), after),
    ]
    assert sorted(parts, key=lambda slot: slot.start) == whole


@given(zones_and_days(), wall_times, wall_times, lengths, st.integers(0, 5), st.integers(0, 5))
def test_a_range_of_days_is_the_sum_of_its_parts(
    where: tuple[str, date], opens: time, closes: time, length: int, before: int, after: int
) -> None:
    zone_name, day = where
    availability = Availability(zone_name, every_day(opens, closes), length)
    whole = slots(EXPERT, availability, day, before + after)
    parts = [
        *slots(EXPERT, availability, day, before),
        *slots(EXPERT, availability, day + timedelta(days=before), after),
    ]
    assert {slot.id for slot in whole} == {slot.id for slot in parts}


@pytest.mark.parametrize(
    ("zone_name", "day", "opens", "closes", "starts"),
    [
        pytest.param(
            "Europe/Berlin", date(2026, 3, 29), "01:00", "04:00", ["29 01:00+0100", "29 03:00+0200"],
            id="Berlin, spring: 02:00 to 03:00 does not exist",
        ),
        pytest.param("Europe/Berlin", date(2026, 3, 29), "02:00", "03:00", [], id="Berlin, spring: only the gap"),
        pytest.param(
            "Europe/Berlin", date(2026, 3, 29), "02:30", "04:30", ["29 03:00+0200"],
            id="Berlin, spring: opens in the gap, so at its end",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 25), "01:00", "04:00",
            ["25 01:00+0200", "25 02:00+0200", "25 02:00+0100", "25 03:00+0100"],
            id="Berlin, autumn: 02:00 to 03:00 happens twice",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 25), "02:00", "03:00", ["25 02:00+0200", "25 02:00+0100"],
            id="Berlin, autumn: the doubled hour alone",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 25), "01:00", "02:00", ["25 01:00+0200"],
            id="Berlin, autumn: closed before the doubled hour",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 25), "02:30", "04:30", ["25 02:30+0100", "25 03:30+0100"],
            id="Berlin, autumn: 02:00 again is before opening",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 24), "22:00", "02:30",
            ["24 22:00+0200", "24 23:00+0200", "25 00:00+0200", "25 01:00+0200"],
            id="Berlin, autumn: over midnight, closed within the doubled hour",
        ),
        pytest.param(
            "America/Sao_Paulo", date(2018, 11, 4), "00:00", "03:00", ["04 01:00-0200", "04 02:00-0200"],
            id="São Paulo, spring in November: the day begins at 01:00",
        ),
        pytest.param(
            "America/Sao_Paulo", date(2018, 2, 17), "22:00", "01:00",
            ["17 22:00-0200", "17 23:00-0200", "17 23:00-0300", "18 00:00-0300"],
            id="São Paulo, autumn in February: 23:00 twice on one day",
        ),
        pytest.param(
            "Australia/Lord_Howe", date(2026, 10, 4), "01:00", "04:00", ["04 01:00+1030", "04 02:30+1100"],
            id="Lord Howe, spring: half an hour is missing",
        ),
        pytest.param(
            "Australia/Lord_Howe", date(2026, 4, 5), "01:00", "03:00", ["05 01:00+1100", "05 01:30+1030"],
            id="Lord Howe, autumn: half an hour happens twice",
        ),
        pytest.param(
            "Asia/Kathmandu", date(2026, 1, 1), "09:00", "11:00", ["01 09:00+0545", "01 10:00+0545"],
            id="Kathmandu: five hours and three quarters",
        ),
        pytest.param(
            "Pacific/Chatham", date(2026, 9, 27), "01:45", "04:45", ["27 01:45+1245", "27 03:45+1345"],
            id="Chatham, spring: the gap begins at 02:45",
        ),
        pytest.param(
            "Pacific/Chatham", date(2026, 4, 5), "01:45", "04:45",
            ["05 01:45+1345", "05 02:45+1345", "05 02:45+1245", "05 03:45+1245"],
            id="Chatham, autumn: 02:45 to 03:45 happens twice",
        ),
        pytest.param("Pacific/Apia", date(2011, 12, 30), "09:00", "17:00", [], id="Samoa skipped this day"),
        pytest.param(
            "Asia/Tokyo", date(2026, 12, 31), "23:00", "01:00", ["31 23:00+0900", "01 00:00+0900"],
            id="Tokyo: over midnight into another year",
        ),
    ],
)  # fmt: skip
def test_local_days(zone_name: str, day: date, opens: str, closes: str, starts: list[str]) -> None:
    assert offered(zone_name, day, opens, closes) == starts


def test_equal_opening_and_closing_times_are_a_whole_day() -> None:
    assert len(offered("UTC", date(2026, 1, 1), "00:00", "00:00")) == 24
    assert len(offered("Europe/Berlin", date(2026, 3, 29), "00:00", "00:00")) == 23
    assert len(offered("Europe/Berlin", date(2026, 10, 25), "00:00", "00:00")) == 25


def test_the_buffer_lies_between_sessions_and_not_after_the_last() -> None:
    starts = offered("UTC", date(2026, 1, 1), "09:00", "10:45", minutes=45, buffer=15)
    assert starts == ["01 09:00+0000", "01 10:00+0000"]


def test_the_buffer_is_kept_when_the_clock_goes_back_out_of_the_hours() -> None:
    starts = offered("Europe/Berlin", date(2026, 10, 25), "02:30", "03:30", minutes=30, buffer=45)
    assert starts == ["25 02:30+0200", "25 02:45+0100"]


@pytest.mark.parametrize(
    ("day", "hours", "minutes", "starts"),
    [
        pytest.param(
            date(2026, 3, 29), ("01:00-02:00", "03:00-05:00"), 60, ["01:00+0100", "04:00+0200"],
            id="spring: the pause between these hours does not exist",
        ),
        pytest.param(
            date(2026, 10, 25), ("01:30-02:30", "02:45-03:15"), 15,
            ["01:30+0200", "02:00+0200", "02:45+0200", "02:15+0100", "02:45+0100"],
            id="autumn: the first hours come again at once after the second",
        ),
    ],
)  # fmt: skip
def test_the_buffer_is_kept_between_hours_that_a_change_of_the_clock_brings_together(
    day: date, hours: tuple[str, ...], minutes: int, starts: list[str]
) -> None:
    weekly = [Hours(day.weekday(), *map(time.fromisoformat, each.split("-"))) for each in reversed(hours)]
    found = list(slots(EXPERT, Availability("Europe/Berlin", tuple(weekly), minutes, minutes), day, 1))
    assert all(after.start - before.end >= minutes * 60 for before, after in pairwise(found))
    assert [f"{datetime.fromtimestamp(slot.start, zone('Europe/Berlin')):%H:%M%z}" for slot in found] == starts


@pytest.mark.parametrize(
    ("zone_name", "night", "hours", "minutes", "starts"),
    [
        pytest.param(
            "Europe/Berlin", date(2026, 3, 28), {0: "21:00-02:00", 1: "03:00-06:00"}, 60,
            ["28 21:00+0100", "28 23:00+0100", "29 01:00+0100", "29 04:00+0200"],
            id="spring: the pause until the next day's hours does not exist",
        ),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 24), {0: "23:30-02:30", 1: "02:45-04:00"}, 15,
            ["24 23:30+0200", "25 00:00+0200", "25 00:30+0200", "25 01:00+0200", "25 01:30+0200", "25 02:00+0200",
             "25 02:45+0200", "25 02:15+0100", "25 02:45+0100", "25 03:15+0100", "25 03:45+0100"],
            id="autumn: the night's hours come again when the next day's have begun",
        ),
        pytest.param(
            "Pacific/Apia", date(2011, 12, 29), {0: "23:00-00:00", 2: "00:30-04:00"}, 60,
            ["29 23:00-1000", "31 01:00+1400", "31 03:00+1400"],
            id="Samoa: the day between does not exist",
        ),
    ],
)  # fmt: skip
def test_the_buffer_is_kept_over_a_midnight_near_a_change_of_the_clock(
    zone_name: str, night: date, hours: dict[int, str], minutes: int, starts: list[str]
) -> None:
    """Each day was cut by itself."""
    weekly = [
        Hours((night + timedelta(days=later)).weekday(), *map(time.fromisoformat, each.split("-")))
        for later, each in hours.items()
    ]
    rule = Availability(zone_name, tuple(weekly), minutes, minutes)
    found = list(slots(EXPERT, rule, night, 3))
    assert all(after.start - before.end >= minutes * 60 for before, after in pairwise(found))
    assert [f"{datetime.fromtimestamp(slot.start, zone(zone_name)):%d %H:%M%z}" for slot in found] == starts


def test_hours_that_close_within_a_doubled_hour_close_twice() -> None:
    starts = offered("Europe/Berlin", date(2026, 10, 25), "01:30", "02:30", minutes=30)
    assert starts == ["25 01:30+0200", "25 02:00+0200", "25 02:00+0100"]


def test_only_the_weekdays_with_hours_are_offered() -> None:
    tuesday = Availability("UTC", (Hours(1, time(9), time(10)),), 60)
    starts = [datetime.fromtimestamp(slot.start, UTC).date() for slot in slots(EXPERT, tuesday, date(2026, 1, 1), 14)]
    assert starts == [date(2026, 1, 6), date(2026, 1, 13)]


def test_days_are_those_of_the_viewer() -> None:
    late = new_slot(EXPERT, int(datetime(2026, 1, 1, 20, tzinfo=UTC).timestamp()), 1_767_301_200)
    later = new_slot(EXPERT, int(datetime(2026, 1, 3, 8, tzinfo=UTC).timestamp()), 1_767_430_800)
    assert by_day([late, later], zone("UTC")) == [(date(2026, 1, 1), [late]), (date(2026, 1, 3), [later])]
    assert by_day([late, later], zone("Asia/Tokyo")) == [
        (date(2026, 1, 2), [late]),
        (date(2026, 1, 3), [later]),
    ]
    assert by_day([], zone("UTC")) == []


def test_a_day_that_comes_back_is_still_one_day() -> None:
    """In St. John's, until 2011, clocks went from 00:01 back to 23:01 of the day that had just ended."""
    midnight = int(datetime(2010, 11, 7, 0, 0, tzinfo=zone("America/St_Johns")).timestamp())
    starts = range(midnight - 60, midnight + 180, 60)
    found = [new_slot(EXPERT, start, start + 60) for start in starts]
    before, first, *after = found
    assert by_day(found, zone("America/St_Johns")) == [
        (date(2010, 11, 6), [before, *after]),
        (date(2010, 11, 7), [first]),
    ]


@pytest.mark.parametrize(
    "name",
    ["", "../etc/passwd", "/etc/localtime", "a\0b", "Europe", "Europe/", "Europe/Atlantis", "europe/berlin",
     "tzdata.zi", "right/UTC", "localtime", "Europe/Berlin\n", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_zone_is_refused_by_value(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone") as refusal:
        zone(name)
    assert len(str(refusal.value)) < 250


MORNING = Hours(0, time(9), time(12))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Hours(7, time(9), time(12)), "weekday"),
        (lambda: Hours(-1, time(9), time(12)), "weekday"),
        (lambda: Hours(0, time(9, 0, 30), time(12)), "whole minutes"),
        (lambda: Hours(0, time(9), time(12, tzinfo=UTC)), "zone of their own"),
        (lambda: Availability("Mars/Olympus", (MORNING,), 60), "time zone"),
        (lambda: Availability("UTC", (MORNING,), 0), "slot lasts"),
        (lambda: Availability("UTC", (MORNING,), 1441), "slot lasts"),
        (lambda: Availability("UTC", (MORNING,), 60, -1), "buffer lasts"),
        (lambda: Availability("UTC", (MORNING,), 60, 0, 0), "seats"),
        (lambda: Availability("UTC", (MORNING, Hours(0, time(11), time(13))), 60), "overlap"),
        (lambda: Availability("UTC", (MORNING, Hours(1, time(7), time(7)), Hours(2, time(6), time(8))), 60), "overlap"),
        (lambda: Availability("UTC", (MORNING, Hours(6, time(22), time(9, 1))), 60), "overlap"),
        (lambda: Availability("UTC", (MORNING, Hours(0, time(12, 5), time(13))), 60, 10), "closer"),
        (lambda: slots(EXPERT, Availability("UTC", (MORNING,), 60), date(2026, 1, 1), -1), "negative"),
        (lambda: slots(EXPERT, Availability("UTC", (MORNING,), 60), date(1972, 12, 31), 1), "years"),
        (lambda: slots(EXPERT, Availability("UTC", (MORNING,), 60), date(9998, 12, 31), 2), "years"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(build: object, words: str) -> None:
    assert callable(build)
    with pytest.raises(ValueError, match=words):
        build()


def test_hours_that_touch_are_welcome() -> None:
    weekly = (MORNING, Hours(0, time(12), time(13)), Hours(6, time(22), time(9)))
    assert Availability("UTC", weekly, 60).weekly == weekly
