from __future__ import annotations

from dataclasses import replace

import hiredis
import orjson
import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Booking, Change, Place, Slot, Status, new_slot
from engine.records import (
    FIELDS,
    change_from_dict,
    change_to_dict,
    dump_body,
    from_document,
    from_entry,
    from_values,
    to_document,
    to_values,
)
from engine.scripts import script

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
moments = st.integers(0, 10**14)
digests = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
ids = st.from_regex(r"[a-z0-9]{10}-[A-Za-z0-9]{1,22}", fullmatch=True)
places = st.builds(Place, slot_id=ids, seat=st.integers(1, 1000), start=moments, end=moments)
changes = st.builds(
    Change,
    at=moments,
    from_status=st.none() | st.sampled_from(Status),
    to_status=st.sampled_from(Status),
    by=st.sampled_from(["customer", "admin", "system"]),
    reason=st.none() | texts,
    place=st.none() | places,
)
bookings = st.builds(
    Booking,
    id=ids,
    revision=st.integers(1, 10**6),
    status=st.sampled_from(Status),
    slot_id=ids,
    seat=st.integers(1, 1000),
    start=st.integers(0, 10**10),
    end=st.integers(0, 10**10),
    name=texts,
    email=texts,
    phone=texts,
    notes=texts,
    created_at=moments,
    updated_at=moments,
    history=st.lists(changes, min_size=1, max_size=5).map(tuple),
    idempotency=st.none() | digests,
    fingerprint=st.none() | digests,
)


def as_bytes(values: tuple[bytes | str | int, ...]) -> list[bytes]:
    """What Redis gives back for these arguments."""
    reader = hiredis.Reader()
    reader.feed(hiredis.pack_command(values))
    answer: list[bytes] = reader.gets()
    return answer


@given(bookings)
def test_a_booking_comes_back_from_its_values(booking: Booking) -> None:
    assert from_values(as_bytes(to_values(booking))) == booking


@given(bookings)
def test_a_booking_comes_back_from_its_hash_in_any_order(booking: Booking) -> None:
    pairs = list(zip((field.encode() for field in FIELDS), as_bytes(to_values(booking)), strict=True))
    for order in (pairs, pairs[::-1]):
        assert from_entry([text for pair in order for text in pair]) == booking


@given(bookings)
def test_a_booking_comes_back_from_its_document(booking: Booking) -> None:
    """Through BSON, which reads whole numbers as a type of its own."""
    found = from_document(decode(encode(to_document(booking))))
    assert found == booking
    numbers = (found.revision, found.seat, found.start, found.end, found.created_at, found.history[0].at)
    assert {type(number) for number in numbers} == {int}
    as_bytes(to_values(found))


@given(bookings)
def test_only_an_active_booking_is_under_the_fence(booking: Booking) -> None:
    document = to_document(booking)
    assert document["active"] is (booking.status is not Status.CANCELLED)
    assert ("idem" in document) is (booking.idempotency is not None), "absent, not null: the index is partial"
    assert document["emailKey"] == booking.email.casefold()


@given(changes)
def test_a_change_comes_back_from_its_dictionary(change: Change) -> None:
    assert change_from_dict(orjson.loads(orjson.dumps(change_to_dict(change)))) == change


@given(st.integers(0, 10**6), st.booleans())
def test_a_slot_comes_back_from_its_outbox_entry(revision: int, closed: bool) -> None:
    slot = replace(new_slot("abcdefghij", 600, 1200, 3), revision=revision, closed=closed)
    assert from_entry([b"slot", slot.id.encode(), b"record", slot.record.encode()]) == slot
    assert isinstance(from_entry([b"record", slot.record.encode(), b"slot", slot.id.encode()]), Slot)


@pytest.mark.parametrize(
    "entry",
    [
        [],
        [b"slot"],
        [b"slot", b"x"],
        [b"record", b"1 2 0 0 0 ."],
        [b"slot", b"x", b"record", b"nonsense"],
        [b"nonsense", b"x"],
        [text for field in FIELDS for text in (field.encode(), b"x")],
    ],
)
def test_what_is_neither_is_refused(entry: list[bytes]) -> None:
    with pytest.raises((KeyError, ValueError)):
        from_entry(entry)


@given(texts, texts, texts, texts)
def test_a_body_is_json_on_one_line(name: str, email: str, phone: str, notes: str) -> None:
    body = dump_body(name, email, phone, notes)
    assert orjson.loads(body) == [name, email, phone, notes]
    assert b"\n" not in body


def test_the_fields_are_those_of_lua_in_its_order() -> None:
    line = next(line for line in script("book").source.splitlines() if line.startswith("local BOOKING = {"))
    assert tuple(line.partition("{")[2].strip("}").replace("'", "").split(", ")) == FIELDS


@given(bookings)
def test_the_first_answer_is_the_booking_as_it_was_made(booking: Booking) -> None:
    first = booking.first()
    assert (first.revision, first.history, first.updated_at) == (1, booking.history[:1], booking.created_at)
    assert first.status is booking.history[0].to_status
    assert first.first() == first
    assert (first.id, first.name, first.idempotency) == (booking.id, booking.name, booking.idempotency)
    place = booking.history[0].place or Place(booking.slot_id, booking.seat, booking.start, booking.end)
    assert (first.slot_id, first.seat, first.start, first.end) == place, "where it was before it moved"
