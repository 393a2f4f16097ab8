"""What `arrange` does to slots, one at a time and together."""

from __future__ import annotations

import pytest

from tests.lua.calls import (
    BEGAN,
    CALENDAR,
    CHANNEL,
    CLOSED,
    EXPERTS,
    HELD,
    LATER,
    LOG,
    NEW,
    NEW_RECORD,
    OUTBOX,
    RECORDS,
    SINGLE,
    START,
    TRIO,
    VERSION,
    RedisClient,
    arrange,
    book,
    release,
    shutter,
    stock,
)
from tests.lua.witness import Witness


def record(client: RedisClient, slot: str) -> str:
    return str(client.hget(CALENDAR, slot).decode())


def written(client: RedisClient) -> list[tuple[str, str]]:
    """Slot and record of the outbox' entries about slots."""
    entries = [fields for _, fields in client.xrange(OUTBOX)]
    return [(fields[b"slot"].decode(), fields[b"record"].decode()) for fields in entries if b"slot" in fields]


def between(minute: int, length: int, seats: str = ".") -> str:
    """A record that begins a minute of the stocked hours."""
    start = START + minute * 60
    return f"{start} {start + length * 60} 0 0 0 {seats}"


def test_each_change_is_in_the_calendar_the_outbox_and_the_answer(client: RedisClient) -> None:
    stock(client)
    before = written(client)
    call = arrange("close", SINGLE, "", "offer", CLOSED, RECORDS[CLOSED], "add", NEW, NEW_RECORD)
    ok, added, opened, closed, bookings, left_out, held, _, changes = call.run(client)
    assert (ok, added, opened, closed, bookings, left_out, held) == (b"ok", 1, 1, 1, 0, 0, 0)
    changed = [(slot.decode(), text.decode()) for slot, text in zip(changes[::3], changes[1::3], strict=True)]
    assert written(client)[len(before) :] == changed
    assert [slot for slot, _ in changed] == [SINGLE, CLOSED, NEW]
    assert all(record(client, slot) == text for slot, text in changed)
    assert record(client, SINGLE) == f"{START} {START + 1800} 1 2 0 ."
    assert record(client, CLOSED) == f"{START + 3600} {START + 5400} 2 0 0 ."
    assert call.run(client) == [b"ok", 0, 0, 0, 0, 0, 0, [], []], "again, it changes nothing"


def test_what_changes_is_told_slot_by_slot_and_what_comes_as_a_calendar_to_read_anew(client: RedisClient) -> None:
    stock(client)
    version, told = int(client.get(VERSION)), client.xlen(LOG)
    arrange("close", SINGLE, "", "close", TRIO, "").run(client)
    assert (int(client.get(VERSION)), client.xlen(LOG)) == (version + 2, told + 2)
    with client.pubsub() as feed:
        feed.subscribe(CHANNEL)
        feed.get_message(timeout=1)
        arrange("add", NEW, NEW_RECORD).run(client)
        assert feed.get_message(timeout=1)["data"].split(b" ")[1:] == [b"%d" % (version + 3)]
    assert not client.exists(LOG)


def test_bookings_stand_in_the_way_of_a_strict_closing_only(client: RedisClient) -> None:
    stock(client)
    book(3, slot=TRIO).run(client)
    book(4, slot=TRIO).run(client)
    witness = Witness(client)
    assert arrange("close", SINGLE, "", "close", TRIO, "", mode="strict").run(client) == [b"has-bookings", 2]
    witness.assert_nothing_happened()
    assert arrange("close", SINGLE, "", "close", TRIO, "").run(client)[1:6] == [0, 0, 2, 2, 0]
    assert record(client, TRIO).endswith(" 1 2 0 bb.")


def test_what_is_closed_twice_in_a_call_is_closed_once(client: RedisClient) -> None:
    for rest in ((), ("add", NEW, NEW_RECORD)):
        stock(client)
        assert arrange("close", SINGLE, "", "close", SINGLE, "", *rest).run(client)[3] == 1
        assert record(client, SINGLE) == f"{START} {START + 1800} 1 2 0 ."


def test_a_slot_that_is_not_there_refuses_a_strict_closing_only(client: RedisClient) -> None:
    stock(client)
    witness = Witness(client)
    assert arrange("close", SINGLE, "", "close", NEW, "", mode="strict").run(client) == [b"slot-not-found"]
    witness.assert_nothing_happened()
    assert arrange("close", NEW, "").run(client) == [b"ok", 0, 0, 0, 0, 0, 0, [], []]


@pytest.mark.parametrize("verb", ["add", "offer"])
def test_what_is_on_sale_is_in_the_way_of_others(client: RedisClient, verb: str) -> None:
    stock(client)
    for minute, length in ((-20, 21), (15, 60), (0, 30), (-60, 600)):
        wish = (verb, NEW, between(minute, length))
        witness = Witness(client)
        assert arrange(*wish, mode="strict").run(client) == [b"slot-overlaps"]
        assert arrange(*wish).run(client)[1:6] == [0, 0, 0, 0, 1]
        witness.assert_nothing_happened()
    assert arrange(verb, NEW, between(-20, 20), mode="strict").run(client)[1] == 1, "they may touch"


def test_wishes_are_in_the_way_of_each_other(client: RedisClient) -> None:
    """Two administrators who look first and add then would both have seen that there is room."""
    stock(client)
    both = ("add", NEW, between(600, 30), "add", LATER, between(615, 30))
    witness = Witness(client)
    assert arrange(*both, mode="strict").run(client) == [b"slot-overlaps"]
    witness.assert_nothing_happened()
    assert arrange(*both).run(client)[1:6] == [1, 0, 0, 0, 1]


def test_what_is_closed_makes_room_unless_somebody_is_still_to_come(client: RedisClient) -> None:
    stock(client)
    book(3, slot=TRIO).run(client)
    assert arrange("close", SINGLE, "", "add", NEW, between(10, 20)).run(client)[1:6] == [1, 0, 1, 0, 0]
    assert arrange("close", TRIO, "", "add", LATER, between(30, 30)).run(client)[1:6] == [0, 0, 1, 1, 1]
    assert arrange("offer", SINGLE, RECORDS[SINGLE]).run(client)[5] == 1, "the room has gone to another"


def test_an_offer_reshapes_a_slot_that_nobody_has_a_seat_of(client: RedisClient) -> None:
    stock(client)
    assert arrange("offer", SINGLE, between(0, 20, "...")).run(client)[1:6] == [0, 1, 0, 0, 0]
    assert record(client, SINGLE) == f"{START} {START + 1200} 1 0 0 ..."
    assert arrange("add", SINGLE, between(0, 25)).run(client)[1:6] == [0, 0, 0, 0, 0]
    book(3, slot=TRIO).run(client)
    before = record(client, TRIO), record(client, HELD)
    wishes = ("offer", TRIO, between(30, 10), "offer", HELD, between(90, 10))
    left = [HELD.encode()]
    assert arrange(*wishes).run(client) == [b"ok", 0, 0, 0, 0, 0, 1, left, []], "the hold will be over"
    assert (record(client, TRIO), record(client, HELD)) == before


def test_an_offer_leaves_alone_what_somebody_has_a_seat_of(client: RedisClient) -> None:
    stock(client)
    book(3, slot=TRIO).run(client)
    taken = record(client, TRIO)
    wishes = ("offer", SINGLE, between(0, 20, "..."), "offer", TRIO, between(30, 10))
    more = ("offer", HELD, between(90, 10), "offer", NEW, NEW_RECORD)
    assert arrange(*wishes, *more).run(client)[1:7] == [1, 1, 0, 0, 0, 1]
    assert record(client, SINGLE) == f"{START} {START + 1200} 1 0 0 ..."
    assert (record(client, TRIO), record(client, NEW)) == (taken, NEW_RECORD)
    assert record(client, HELD) == RECORDS[HELD]


@pytest.mark.parametrize("verb", ["open", "offer"])
def test_what_is_closed_by_hand_gets_its_new_length_and_can_be_opened_with_it(client: RedisClient, verb: str) -> None:
    """It kept the former one, and what had come on sale in its second half was in the way of opening it."""
    stock(client)
    shutter("close", SINGLE).run(client)
    wishes = ("add", SINGLE, between(0, 10), verb, SINGLE, between(0, 15), "open", NEW, between(15, 15))
    assert arrange(*wishes).run(client)[1:7] == [1, 1, 0, 0, 0, 0]
    assert record(client, SINGLE) == f"{START} {START + 900} 2 1 0 ."
    assert arrange(*wishes).run(client)[1:7] == [0, 0, 0, 0, 0, 0]
    assert shutter("open", SINGLE).run(client)[0] == b"ok"


@pytest.mark.parametrize("closed_since", [False, True])
def test_what_is_left_for_now_is_named_and_may_be_closed_by_hand_since(client: RedisClient, closed_since: bool) -> None:
    stock(client)
    client.hset(CALENDAR, LATER, between(100, 10).replace(" 0 0 0 ", " 0 2 0 "))
    shapes = {HELD: between(90, 5), NEW: between(96, 4), LATER: between(100, 10)}
    wishes = [text for slot, shape in shapes.items() for text in ("offer", slot, shape)]
    *numbers, left_over, _ = arrange(*wishes).run(client)[1:]
    assert numbers == [0, 0, 0, 0, 2, 1]
    assert [slot.decode() for slot in left_over] == [HELD, NEW, LATER]
    if closed_since:
        shutter("close", HELD).run(client)
    release().run(client)
    assert arrange(*wishes).run(client)[1:8] == [1, 2, 0, 0, 0, 0, []]
    _, finish, _, closed, _ = record(client, HELD).split(" ", 4)
    assert (finish, closed == "1") == (f"{START + 95 * 60}", closed_since)


def test_an_opening_reshapes_what_was_closed_and_leaves_alone_what_was_open(client: RedisClient) -> None:
    stock(client)
    assert arrange("open", SINGLE, between(0, 20, "..."), "open", CLOSED, between(60, 20)).run(client)[2] == 1
    assert record(client, SINGLE) == RECORDS[SINGLE]
    assert record(client, CLOSED) == f"{START + 3600} {START + 4800} 2 0 0 ."


def test_a_strict_call_tells_what_is_right_already(client: RedisClient) -> None:
    """Whoever wished for it before may have died before MongoDB had it; and whoever wishes for it now is told that it
    is so."""
    stock(client)
    arrange("close", SINGLE, "", "add", NEW, NEW_RECORD, mode="strict").run(client)
    changes = arrange("close", SINGLE, "", "add", NEW, NEW_RECORD, mode="strict").run(client)[-1]
    assert [text.decode() for text in changes] == [SINGLE, record(client, SINGLE), "", NEW, NEW_RECORD, ""]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("by_hours_first", [False, True])
def test_what_is_closed_by_hand_stays_closed_until_it_is_opened_by_hand(
    client: RedisClient, by_hours_first: bool, strict: bool
) -> None:
    """Whoever looked at the calendar later could not tell it from what hours had closed."""
    stock(client)
    closings = [arrange("close", SINGLE, "", mode="strict") if strict else shutter("close", SINGLE)]
    closings.insert(1 - by_hours_first, arrange("close", SINGLE, ""))
    for call in closings:
        call.run(client)
    witness = Witness(client)
    for verb in ("add", "open", "offer"):  # with the length it has
        assert arrange(verb, SINGLE, RECORDS[SINGLE]).run(client)[1:6] == [0, 0, 0, 0, 0]
    assert closings[by_hours_first].run(client)[0] in (b"ok", b"same")
    witness.assert_nothing_happened()
    assert shutter("open", SINGLE).run(client)[0] == b"ok"
    assert arrange("close", SINGLE, "").run(client)[3] == 1
    assert arrange("open", SINGLE, RECORDS[SINGLE]).run(client)[2] == 1


def test_opening_by_hand_puts_nothing_on_sale_that_overlaps(client: RedisClient) -> None:
    """Two customers had one expert for the same time."""
    stock(client)
    arrange("close", SINGLE, "", "add", NEW, between(10, 20)).run(client)
    witness = Witness(client)
    assert shutter("open", SINGLE).run(client) == [b"slot-overlaps"]
    witness.assert_nothing_happened()
    shutter("close", NEW).run(client)
    assert shutter("open", SINGLE).run(client)[0] == b"ok"


def test_a_closed_slot_with_bookings_is_opened_as_it_is(client: RedisClient) -> None:
    stock(client)
    book(3, slot=TRIO).run(client)
    arrange("close", TRIO, "").run(client)
    assert arrange("offer", TRIO, between(30, 10)).run(client)[2] == 1
    assert record(client, TRIO) == f"{START + 1800} {START + 3600} 2 0 0 b.."


def test_a_full_outbox_refuses_all_of_it(client: RedisClient) -> None:
    stock(client)
    entries = client.xlen(OUTBOX)
    wishes = ("close", SINGLE, "", "add", NEW, NEW_RECORD)
    witness = Witness(client)
    assert arrange(*wishes, backlog=entries + 1).run(client) == [b"backlog"]
    witness.assert_nothing_happened()
    assert arrange(*wishes, backlog=entries + 2).run(client)[0] == b"ok"


def test_an_expert_with_a_first_slot_is_listed(client: RedisClient) -> None:
    stock(client)
    client.delete(CALENDAR)
    client.srem(EXPERTS, arrange().args[0])
    arrange("add", NEW, NEW_RECORD).run(client)
    assert client.sismember(EXPERTS, arrange().args[0])


def test_what_comes_too_late_changes_nothing(client: RedisClient) -> None:
    """A worker that had been stopped in the middle put a former rule's slots on sale when the next was in effect."""
    stock(client)
    wishes = ("close", SINGLE, "", "add", NEW, NEW_RECORD)
    witness = Witness(client)
    seconds, _ = client.time()
    for ends in (BEGAN, seconds):
        assert arrange(*wishes, ends=ends).run(client) == [b"late"]
    witness.assert_nothing_happened()
    assert arrange(*wishes, ends=seconds + 60).run(client)[1:4] == [1, 0, 1]


@pytest.mark.parametrize(("position", "text"), [(6, "Strict"), (6, ""), (8, "drop"), (8, "")])
def test_an_unknown_word_changes_nothing(client: RedisClient, position: int, text: str) -> None:
    stock(client)
    witness = Witness(client)
    assert arrange("add", NEW, NEW_RECORD).with_arg(position, text).run(client)[0] == b"bad-call"
    witness.assert_nothing_happened()


def test_a_whole_calendar_is_closed_at_once(client: RedisClient) -> None:
    """More than Lua could unpack."""
    stock(client)
    for first in range(0, 5000, 500):
        wishes = [text for n in range(first, first + 500) for text in ("add", f"x-{n}", between(600 + n * 5, 5))]
        assert arrange(*wishes, backlog=5100).run(client)[1:6] == [500, 0, 0, 0, 0]
    client.xtrim(OUTBOX, 0)
    wishes = [text for n in range(5000) for text in ("close", f"x-{n}", "")]
    assert arrange(*wishes, backlog=5000, mode="strict").run(client)[1:6] == [0, 0, 5000, 0, 0]
