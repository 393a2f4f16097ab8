"""An availability: what is nonsense, its JSON, its exceptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.availability import Availability, Exceptional, Hours, dump, load
from engine.calendar import slots
from engine.forms import AvailabilityForm, faults_of
from engine.keeper import next_due, on_sale, today, wanted
from engine.model import Slot, new_slot
from engine.store.availabilities import Timetable

MONDAY = date(2027, 3, 1)
EXPERT = "expert0001"


def hours(day: date, opens: str, closes: str) -> Hours:
    return Hours(day.weekday(), time.fromisoformat(opens), time.fromisoformat(closes))


WEEKLY = tuple(hours(MONDAY + timedelta(days=n), "09:00", "12:00") for n in range(5))
RULE = Availability("Europe/Berlin", WEEKLY, 60, notice_minutes=90, window_days=14)


def starts(rule: Availability, first: date = MONDAY, days: int = 7) -> list[str]:
    return [f"{datetime.fromtimestamp(slot.start, UTC):%a %H:%M}" for slot in slots(EXPERT, rule, first, days)]


def at(day: date, clock: str) -> int:
    """Epoch seconds of a time of winter in Berlin."""
    return int(datetime.combine(day, time.fromisoformat(clock), UTC).timestamp()) - 3600


# Exceptions ----------------------------------------------------------------------------------------------------------


def test_an_exception_stands_for_its_day() -> None:
    tuesday = MONDAY + timedelta(days=1)
    rule = replace(RULE, exceptions=(Exceptional(MONDAY), Exceptional(tuesday, (hours(tuesday, "15:00", "17:00"),))))
    assert starts(rule, days=3) == ["Tue 14:00", "Tue 15:00", "Wed 08:00", "Wed 09:00", "Wed 10:00"]
    assert starts(rule, MONDAY + timedelta(days=7), 1) == ["Mon 08:00", "Mon 09:00", "Mon 10:00"]


def test_hours_of_the_night_before_are_no_part_of_the_exception() -> None:
    sunday = MONDAY - timedelta(days=1)
    rule = Availability("UTC", (hours(sunday, "22:00", "02:00"),), 60, exceptions=(Exceptional(MONDAY),))
    assert starts(rule, sunday, 2) == ["Sun 22:00", "Sun 23:00", "Mon 00:00", "Mon 01:00"]


@pytest.mark.parametrize(
    ("exceptions", "why"),
    [
        ((Exceptional(MONDAY), Exceptional(MONDAY)), "two exceptions are of the same day"),
        ((Exceptional(MONDAY, (hours(MONDAY, "09:00", "11:00"), hours(MONDAY, "10:00", "12:00"))),), "overlap"),
        ((Exceptional(MONDAY, (hours(MONDAY, "20:00", "09:30"),)),), "overlap"),
        ((Exceptional(MONDAY, (hours(MONDAY, "20:00", "08:55"),)),), "closer to each other than the buffer"),
    ],
)
def test_exceptions_keep_away_from_what_is_around_them(exceptions: tuple[Exceptional, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(RULE, buffer_minutes=10, exceptions=exceptions)


@pytest.mark.parametrize("exceptional", [0, 2])
def test_a_buffer_of_many_hours_reaches_the_day_after_the_next(exceptional: int) -> None:
    """Here 12 hours would lie between a session on Tuesday and one on Wednesday."""
    of_day = {0: hours(MONDAY, "20:00", "20:00"), 2: hours(MONDAY + timedelta(days=2), "00:00", "10:00")}
    exception = Exceptional(MONDAY + timedelta(days=exceptional), (of_day.pop(exceptional),))
    rule = replace(RULE, weekly=tuple(of_day.values()), exceptions=(exception,), buffer_minutes=4 * 60)
    with pytest.raises(ValueError, match="closer to each other than the buffer"):
        replace(rule, buffer_minutes=14 * 60)


def test_what_an_earlier_version_took_is_read_and_its_pause_kept() -> None:
    """It was refused, so nobody kept that calendar any more."""
    wednesday = Exceptional(MONDAY + timedelta(days=2), (hours(MONDAY + timedelta(days=2), "00:00", "23:00"),))
    weekly = (hours(MONDAY, "20:00", "20:00"),)
    stored = {**dump(replace(RULE, weekly=weekly, exceptions=(wednesday,))), "bufferMinutes": 14 * 60}
    rule = load(stored)
    assert dump(rule) == stored
    assert starts(rule, days=3) == ["Mon 19:00", "Tue 10:00", "Wed 01:00", "Wed 16:00"]


def test_the_hours_of_an_exception_are_of_its_day() -> None:
    with pytest.raises(ValueError, match="weekday"):
        Exceptional(MONDAY, (Hours(3, time(9), time(10)),))


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_of_all_can_be_exceptions(day: date) -> None:
    assert replace(RULE, exceptions=(Exceptional(day),)).hours(day) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("notice_minutes", -1), ("notice_minutes", 86_401), ("window_days", 0), ("window_days", 367)],
)
def test_a_notice_and_a_window_have_their_bounds(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=field.partition("_")[0]):
        replace(RULE, **{field: value})


# Its JSON ------------------------------------------------------------------------------------------------------------

FORM: dict[str, Any] = {
    "weekly": [
        {"weekday": "monday", "opens": "09:00", "closes": "12:00"},
        {"weekday": "saturday", "opens": "22:30", "closes": "00:00"},
    ],
    "exceptions": [
        {"date": "2027-12-24", "hours": []},
        {"date": "2027-12-27", "hours": [{"opens": "10:00", "closes": "11:00"}]},
    ],
    "slotMinutes": 45,
    "bufferMinutes": 15,
    "seats": 3,
    "noticeMinutes": 120,
    "windowDays": 60,
}


def test_what_is_filled_in_is_what_is_kept() -> None:
    rule = AvailabilityForm(**FORM).availability("Asia/Kathmandu")
    assert dump(rule) == {"timeZone": "Asia/Kathmandu", **FORM}
    assert load(dump(rule)) == rule


def test_what_is_not_said_has_a_usual_value() -> None:
    rule = AvailabilityForm(weekly=[], slotMinutes=30).availability("UTC")
    assert rule == Availability("UTC", (), 30, 0, 1, (), 0, 28)


MONDAY_HOURS = FORM["weekly"][0]
ALWAYS = [{**MONDAY_HOURS, "closes": "09:00"}]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"weekly": [MONDAY_HOURS, {**MONDAY_HOURS, "opens": "11:59", "closes": "13:00"}]}, "", "overlap"),
        ({"weekly": [{**MONDAY_HOURS, "weekday": "Monday"}]}, "weekly.0.weekday", "monday"),
        ({"weekly": [{**MONDAY_HOURS, "opens": "9:00"}]}, "weekly.0.opens", "a time of day such as 09:30"),
        ({"weekly": [{**MONDAY_HOURS, "closes": "24:00"}]}, "weekly.0.closes", "a time of day such as 09:30"),
        ({"exceptions": [{"date": "2027-02-29", "hours": []}]}, "exceptions.0.date", "2027-02-29|date"),
        ({"exceptions": [{"date": "2027-12-24"}]}, "exceptions.0.hours", "required"),
        ({"exceptions": [FORM["exceptions"][0]] * 2}, "", "same day"),
        ({"slotMinutes": 4}, "slotMinutes", "5"),
        ({"slotMinutes": True}, "slotMinutes", "number"),
        ({"windowDays": 367}, "windowDays", "366"),
        ({"slotMinutes": 5, "bufferMinutes": 0, "weekly": ALWAYS, "windowDays": 366}, "", "5,000"),
        ({"timeZone": "UTC"}, "timeZone", "not permitted"),
    ],
)  # fmt: skip
def test_nonsense_is_named(changes: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        AvailabilityForm(**{**FORM, **changes})
    [(name, text)] = faults_of(refusal.value)
    assert name == field
    assert any(part in text for part in said.split("|"))


# What there is to do -------------------------------------------------------------------------------------------------


def test_a_slot_is_on_sale_from_its_day_in_the_window_until_its_notice() -> None:
    shown = on_sale(RULE, EXPERT, at(MONDAY, "07:29"))
    assert shown[0].start == at(MONDAY, "09:00")
    assert shown[-1].start == at(MONDAY + timedelta(days=11), "11:00"), "the second week's Friday"
    assert on_sale(RULE, EXPERT, at(MONDAY, "07:30"))[0].start == at(MONDAY, "10:00")
    assert on_sale(RULE, EXPERT, at(MONDAY, "00:00") - 1)[-1] == shown[-1], "Sunday's window ends with a Saturday"
    later = on_sale(RULE, EXPERT, at(MONDAY + timedelta(days=1), "00:00"))
    assert later[-1].start == at(MONDAY + timedelta(days=14), "11:00")


def test_there_is_something_to_do_when_a_day_begins_and_when_a_notice_does() -> None:
    due = [at(MONDAY, "00:00")]
    while len(due) < 6:
        due.append(next_due(RULE, EXPERT, due[-1]))
    tuesday = MONDAY + timedelta(days=1)
    assert due[1:] == [
        *(at(MONDAY, clock) for clock in ("07:30", "08:30", "09:30")), at(tuesday, "00:00"), at(tuesday, "07:30"),
    ]  # fmt: skip
    assert next_due(replace(RULE, notice_minutes=0), EXPERT, due[0]) == at(tuesday, "00:00")


@given(st.data())
def test_step_by_step_it_comes_to_what_the_rule_says(data: st.DataObject) -> None:
    """However long nobody looked in between, whatever the rule was before, and wherever a worker broke off; but for
    what somebody has closed by hand, whenever that was."""
    lengths = st.sampled_from([20, 30, 60])
    rules = [
        replace(
            RULE,
            slot_minutes=data.draw(lengths),
            notice_minutes=data.draw(st.sampled_from([0, 90, 3000])),
            window_days=data.draw(st.integers(1, 20)),
            weekly=tuple(data.draw(st.sets(st.sampled_from(WEEKLY)))),
        )
        for _ in range(3)
    ]
    now = at(MONDAY, "00:00")
    calendar: dict[str, Slot] = {}
    by_hand: set[str] = set()
    known, asked, ran = (rules[0],), now, 0
    for _ in range(7):
        timetable = Timetable(EXPERT, known, asked, ran, 1)
        rule, wishes = timetable.wanted, wanted(timetable, now)
        breaks_off = data.draw(st.none() | st.integers(0, len(wishes)))
        for verb, slot in wishes[:breaks_off]:  # as lua/arrange.lua does it
            there = calendar.get(slot.id)
            if verb == "close":
                calendar |= {slot.id: replace(there, closed=there.closed or 2)} if there else {}
            elif there is None or there.closed == 2 or (verb == "offer" and not there.closed):
                calendar[slot.id] = slot
        for slot_id in data.draw(st.sets(st.sampled_from(list(calendar)), max_size=2)) if calendar else ():
            calendar[slot_id] = replace(calendar[slot_id], closed=1)
            by_hand.add(slot_id)
        then = now
        now += data.draw(st.integers(1, 200_000))
        if breaks_off is None:
            shown = [slot for slot in calendar.values() if slot.start > then and not slot.closed]
            right = [slot for slot in on_sale(rule, EXPERT, then) if slot.id not in by_hand]
            assert sorted(shown, key=lambda slot: slot.start) == right
            ran, known = then, (rule,)
            if not data.draw(st.booleans()):
                now = max(data.draw(st.sampled_from([now, 0])), next_due(rule, EXPERT, ran))
                continue
        wish = data.draw(st.sampled_from(rules))
        if wish != rule:
            known, asked = (*known, wish), now


def test_a_day_that_comes_on_sale_opens_what_a_longer_window_had_closed() -> None:
    """With four weeks made one, the second week stayed closed when it came."""
    now = at(MONDAY, "00:00")
    tomorrow = at(MONDAY + timedelta(days=1), "00:00")
    wishes = wanted(Timetable(EXPERT, (replace(RULE, window_days=7),), now, now, 1), tomorrow)
    by_verb = {verb: [slot.start for each, slot in wishes if each == verb] for verb, _ in wishes}
    new = [at(MONDAY + timedelta(days=7), clock) for clock in ("09:00", "10:00", "11:00")]
    assert by_verb == {"open": [slot.start for slot in on_sale(RULE, EXPERT, tomorrow) if slot.start <= new[-1]]}


def test_of_a_rule_in_effect_only_what_is_unfinished_is_wished_for_again() -> None:
    """All of it was offered anew, each minute while somebody held one of the slots."""
    now = at(MONDAY, "07:00")
    first, second, third, *_ = on_sale(RULE, EXPERT, now)
    known = Timetable(EXPERT, (RULE,), now, now, 1, frozenset({first.id, third.id, "gone"}))
    assert wanted(known, now) == [("offer", first), ("offer", third)]
    another = replace(known, rules=(RULE, replace(RULE, window_days=21)))
    verbs = {slot.id: verb for verb, slot in wanted(another, now)}
    assert [verbs[slot.id] for slot in (first, second, third)] == ["offer", "open", "offer"]


def test_what_a_rule_that_broke_off_may_have_changed_is_wished_for_anew() -> None:
    """Whoever gave up all hours, was told that it did not work, and wanted the former ones again kept what had been
    closed by then closed."""
    now = at(MONDAY, "00:00")
    nothing = replace(RULE, weekly=())
    again = wanted(Timetable(EXPERT, (RULE, nothing, RULE), now, now, 1), now)
    assert again == [("open", slot) for slot in on_sale(RULE, EXPERT, now)]
    longer = replace(RULE, slot_minutes=90)
    rules = (RULE, longer, RULE, replace(RULE, window_days=21))
    other = {slot.id for slot in on_sale(longer, EXPERT, now)}
    anew = wanted(Timetable(EXPERT, rules, now, now, 1), now)
    on_both = [verb for verb, slot in anew if slot.id in other and slot in on_sale(RULE, EXPERT, now)]
    assert on_both == ["offer"] * 10, "it has another length, perhaps"


def test_a_notice_is_kept_while_a_rule_is_not_yet_in_effect() -> None:
    """While somebody held a slot that was to be reshaped, notices began that nobody looked after, ever."""
    asked = at(MONDAY, "07:00")
    longer = replace(RULE, slot_minutes=120)
    wishes = wanted(Timetable(EXPERT, (longer, RULE), asked, asked, 1), at(MONDAY, "08:30"))
    assert {slot.start for verb, slot in wishes if verb == "close"} >= {at(MONDAY, "09:00"), at(MONDAY, "10:00")}


def test_where_only_a_notice_begins_the_window_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it was, three times at each beginning, and the worker did nothing else meanwhile."""
    made = 0

    def counted(*slot: Any) -> Slot:
        nonlocal made
        made += 1
        return new_slot(*slot)

    monkeypatch.setattr("engine.calendar.new_slot", counted)
    always = tuple(Hours(day, time(), time()) for day in range(7))
    rule = Availability("Europe/Berlin", always, 30, notice_minutes=90, window_days=100)
    noon = at(MONDAY, "12:00")
    [(verb, slot)] = wanted(Timetable(EXPERT, (rule,), 0, noon - 1800, 1), noon)
    assert (verb, slot.start) == ("close", at(MONDAY, "13:30"))
    assert next_due(rule, EXPERT, noon) == at(MONDAY, "12:30")
    assert made < 2 * 2 * 48, "yesterday's and today's"


def test_the_day_is_that_of_the_zone() -> None:
    now = int(datetime(2027, 3, 1, 23, 30, tzinfo=UTC).timestamp())
    assert today(RULE, now) == date(2027, 3, 2)
    assert today(replace(RULE, time_zone="America/New_York"), now) == MONDAY
