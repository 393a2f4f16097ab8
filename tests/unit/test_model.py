from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BY_LUA_CODE, SlotlineError
from engine.model import (
    ACTIVE,
    EXPERT_ID_LENGTH,
    TRANSITIONS,
    Page,
    Slot,
    SlotState,
    Status,
    base36,
    expert_of,
    new_booking_id,
    new_expert_id,
    new_slot,
    slot_id,
)

minutes = st.integers(0, 2**31).map(lambda minute: minute * 60)
seatmaps = st.text(".bh", min_size=1, max_size=30)
slots = st.builds(
    Slot,
    id=st.from_regex(r"[a-z0-9]{10}-[a-z0-9]{1,8}", fullmatch=True),
    start=minutes,
    end=minutes,
    seatmap=seatmaps,
    closed=st.integers(0, 2),
    revision=st.integers(0, 10**9),
    held_until=st.integers(0, 10**14),
)


@given(slots)
def test_a_slot_comes_back_from_its_record(slot: Slot) -> None:
    assert Slot.from_record(slot.id, slot.record) == slot


@given(slots)
def test_every_seat_is_one_character(slot: Slot) -> None:
    assert slot.free + slot.seatmap.count("b") + slot.seatmap.count("h") == slot.seats


def test_a_record_is_what_lua_reads() -> None:
    slot = Slot("e-1", 600, 1200, ".bh", closed=2, revision=3, held_until=1_700_000_000_123)
    assert slot.record == "600 1200 3 2 1700000000123 .bh"


@pytest.mark.parametrize(
    "record",
    [
        "", "1 2 3 0 0", "1 2 3 0 0 . .", "x 2 3 0 0 .", "1 2 3 0 0 ", "1 2 3 0 0 x", "1 2 3 3 0 .", "1 2 +3 0 0 .",
        "1_0 2 3 0 0 .", "1 2 3 0 0 .\n", "1 2 ٣ 0 0 .",
    ],
)  # fmt: skip
def test_another_text_is_no_record(record: str) -> None:
    """Python read what the scripts took for no slot: a calendar showed, and an audit passed, what nobody could book."""
    with pytest.raises(ValueError, match="not a slot"):
        Slot.from_record("e-1", record)


@pytest.mark.parametrize(
    ("now", "closed", "seatmap", "state"),
    [
        (59_999, False, ".", SlotState.OPEN),
        (59_999, False, "bb.", SlotState.OPEN),
        (59_999, False, "h.", SlotState.OPEN),
        (59_999, False, "bb", SlotState.BOOKED),
        (59_999, False, "bh", SlotState.HELD),
        (59_999, True, ".", SlotState.CLOSED),
        (60_000, False, ".", SlotState.PAST),
        (60_000, True, "b", SlotState.PAST),
    ],
)
def test_the_state_of_a_slot(now: int, closed: bool, seatmap: str, state: SlotState) -> None:
    assert Slot("e-1", 60, 120, seatmap, closed).state(now) is state


@given(st.integers(0, 10**20))
def test_base36_counts(number: int) -> None:
    assert int(base36(number), 36) == number
    assert base36(number) == base36(number).lstrip("0") or number == 0


@given(minutes)
def test_a_slot_id_tells_its_expert_and_start(start: int) -> None:
    made = slot_id("abcdefghij", start)
    assert expert_of(made) == "abcdefghij"
    assert int(made.partition("-")[2], 36) * 60 == start


@pytest.mark.parametrize("start", [-60, 1, 61, 59])
def test_a_slot_starts_on_a_whole_minute_after_1970(start: int) -> None:
    with pytest.raises(ValueError, match="whole minute"):
        slot_id("abcdefghij", start)


@pytest.mark.parametrize(
    ("start", "end", "seats"), [(60, 60, 1), (120, 60, 1), (60, 121, 1), (61, 120, 1), (60, 120, 0), (60, 120, 1001)]
)
def test_nonsense_is_no_slot(start: int, end: int, seats: int) -> None:
    with pytest.raises(ValueError, match="a slot"):
        new_slot("abcdefghij", start, end, seats)


@pytest.mark.parametrize("seats", [1, 1000])
def test_a_new_slot_is_free(seats: int) -> None:
    slot = new_slot("abcdefghij", 60, 120, seats)
    assert (slot.free, slot.seats, slot.closed, slot.revision) == (seats, seats, False, 0)
    assert slot.expert_id == "abcdefghij"


def test_ids_are_fresh_and_of_their_alphabet() -> None:
    experts = {new_expert_id() for _ in range(500)}
    assert len(experts) == 500
    assert {len(each) for each in experts} == {EXPERT_ID_LENGTH}
    assert set("".join(experts)) == set(string.digits + string.ascii_lowercase)
    bookings = {new_booking_id("abcdefghij") for _ in range(500)}
    assert len(bookings) == 500
    assert {expert_of(each) for each in bookings} == {"abcdefghij"}
    tails = [each.partition("-")[2] for each in bookings]
    assert {len(tail) for tail in tails} == {32}
    assert set("".join(tails)) == set(string.hexdigits.lower())


@given(st.text())
def test_the_expert_of_anything_is_the_text_before_its_dash(text: str) -> None:
    assert "-" not in expert_of(text)
    assert text.startswith(expert_of(text))


def test_only_cancelled_gives_a_seat_back() -> None:
    assert set(Status) - set(ACTIVE) == {Status.CANCELLED}
    assert {status for status, allowed in TRANSITIONS.items() if not allowed} == {Status.COMPLETED, Status.CANCELLED}
    assert all(Status.PENDING not in allowed for allowed in TRANSITIONS.values())
    assert TRANSITIONS.keys() == set(Status)


def test_the_status_machine_is_that_of_the_scripts() -> None:
    """There are two copies of it: this one answers, that one decides."""
    import re

    from engine.scripts import script

    table = re.search(r"local ALLOWED = \{\n(.*?)\n\}", script("cancel").source, re.DOTALL)
    assert table
    in_lua = {name: set(re.findall(r"(\w+) = true", rest)) for name, rest in re.findall(r"(\w+) = \{(.*?)\}", table[1])}
    assert in_lua == {status.value: {to.value for to in allowed} for status, allowed in TRANSITIONS.items()}


@pytest.mark.parametrize(("total", "limit", "pages"), [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2)])
def test_pages(total: int, limit: int, pages: int) -> None:
    assert Page([], 1, limit, total).pages == pages


def test_every_error_has_a_code_and_a_title_of_its_own() -> None:
    errors = set(BY_LUA_CODE.values())
    assert len(errors) == len(BY_LUA_CODE)
    assert all(issubclass(error, SlotlineError) and error.title != SlotlineError.title for error in errors)
    assert len({error.title for error in errors}) == len(errors)
    assert all(400 <= error.status < 500 or error.status == 503 for error in errors)
