from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from bson import decode, encode
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.model import Booking, Change, Place, Slot, Status, new_slot
from engine.records import (
    change_from_dict,
    change_to_dict,
    dump_body,
    from_document,
    from_entry,
    from_record,
    subject_of,
    to_document,
    to_record,
)
from engine.text import email_key

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


@given(bookings)
def test_a_booking_comes_back_from_its_record_and_its_entry(booking: Booking) -> None:
    record = to_record(booking)
    assert from_record(record) == booking
    assert record.count(b"\n") == 2
    for fields in ([b"booking", record], [b"booking", record, b"why", b"it was refused"]):
        assert from_entry(fields) == booking
        assert subject_of(fields) == booking.id


@given(
    bookings,
    st.sampled_from(["cut", "a word fewer", "a word more", "a line fewer", "a line more", "no history"]),
    st.data(),
)
def test_a_damaged_record_is_refused(booking: Booking, how: str, data: st.DataObject) -> None:
    head, body, history = to_record(booking).split(b"\n")
    words = head.split(b" ")
    place = data.draw(st.integers(0, len(words) - 1))
    rest = history[: -data.draw(st.integers(1, len(history)))]
    assume(not rest.endswith(b"}"))  # a history that ends earlier, and says so of itself
    damaged = {
        "cut": b"\n".join([head, body, rest]),
        "a word fewer": b"\n".join([b" ".join(words[:place] + words[place + 1 :]), body, history]),
        "a word more": b"\n".join([b" ".join([*words[:place], b"x", *words[place:]]), body, history]),
        "no history": b"\n".join([head, body, b""]),
        "a line fewer": b"\n".join([head, body]),
        "a line more": b"\n".join([head, body, history, b""]),
    }[how]
    with pytest.raises(ValueError):  # noqa: PT011
        from_record(damaged)


@given(bookings)
def test_a_booking_comes_back_from_its_document(booking: Booking) -> None:
    """Through BSON, which reads whole numbers as a type of its own."""
    found = from_document(decode(encode(to_document(booking))))
    assert found == booking
    numbers = (found.revision, found.seat, found.start, found.end, found.created_at, found.history[0].at)
    assert {type(number) for number in numbers} == {int}


@given(bookings)
def test_only_an_active_booking_is_under_the_fence(booking: Booking) -> None:
    document = to_document(booking)
    assert document["active"] is (booking.status is not Status.CANCELLED)
    assert ("idem" in document) is (booking.idempotency is not None), "absent, not null: the index is partial"
    assert document["emailKey"] == email_key(booking.email)


@given(changes)
def test_a_change_comes_back_from_its_dictionary(change: Change) -> None:
    assert change_from_dict(orjson.loads(orjson.dumps(change_to_dict(change)))) == change


@given(st.integers(0, 10**6), st.integers(0, 2))
def test_a_slot_comes_back_from_its_outbox_entry(revision: int, closed: int) -> None:
    slot = replace(new_slot("abcdefghij", 600, 1200, 3), revision=revision, closed=closed)
    fields = [b"slot", slot.id.encode(), b"record", slot.record.encode()]
    assert from_entry(fields) == slot
    assert subject_of(fields) == slot.id
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
        [b"booking", b""],
        [b"booking", b"x"],
        [b"booking", b"a-1 x pending a-2 1 2 3 4 5 - -\n[]\n"],
        [b"booking", b'a-1 1 pending a-2 1 2 3 4 5 - -\n["","","",""]\n1'],
        [b"booking", b'a-1 1 pending a-2 1 2 3 4 5 - -\n["","","",""]\n{}'],
        [b"booking", b"a-1 1 pending a-2 1 2 3 4 5 - -\n1\n"],
        [b"id", b"a-1", b"rev", b"1", b"status", b"pending"],
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


@given(bookings)
def test_the_first_answer_is_the_booking_as_it_was_made(booking: Booking) -> None:
    first = booking.first()
    assert (first.revision, first.history, first.updated_at) == (1, booking.history[:1], booking.created_at)
    assert first.status is booking.history[0].to_status
    assert first.first() == first
    assert (first.id, first.name, first.idempotency) == (booking.id, booking.name, booking.idempotency)
    place = booking.history[0].place or Place(booking.slot_id, booking.seat, booking.start, booking.end)
    assert (first.slot_id, first.seat, first.start, first.end) == place, "where it was before it moved"
