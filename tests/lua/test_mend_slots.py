"""What is put right must be as it was seen, whatever goes on around it."""

from __future__ import annotations

import pytest

from tests.lua.calls import CALENDAR, LOG, RECORDS, SINGLE, TRIO, VERSION, RedisClient, mend_slots, stock
from tests.lua.witness import Witness


def trio(seats: str, revision: int = 0, closed: int = 0, held_until: int = 0) -> str:
    return RECORDS[TRIO].replace("0 0 0 ...", f"{revision} {closed} {held_until} {seats}")


def happen(client: RedisClient, *changes: tuple[str, str]) -> None:
    """What other scripts would have done: the record, the log and the version of each change."""
    for slot, record in changes:
        version = client.incr(VERSION)
        client.hset(CALENDAR, slot, record)
        client.xadd(LOG, {"e": f"e1 {version} {slot} {record}"}, id=f"{version}-0")


def test_what_happens_to_other_slots_and_seats_does_not_keep_a_seat_from_being_mended(client: RedisClient) -> None:
    stock(client)
    happen(client, (SINGLE, RECORDS[SINGLE]), (TRIO, trio("..h")), (TRIO, trio("..b")))
    assert mend_slots(TRIO, trio("..."), trio("b..")).run(client) == [b"ok"]
    assert client.hget(CALENDAR, TRIO) == trio("b.b").encode()


@pytest.mark.parametrize("told", [True, False], ids=["all of it is in the log", "the log does not go back so far"])
@pytest.mark.parametrize(
    ("right", "becomes"),
    [
        (trio("...", 1, closed=1), trio("h.b", 1, closed=1, held_until=5)),
        (trio("....b"), trio("h.b.b", held_until=5)),
        (trio("...", 1).replace("00 ", "01 "), trio("h.b", 1, held_until=5).replace("00 ", "01 ")),
    ],
    ids=["closed", "more seats", "another end"],
)
def test_a_slot_is_put_right_however_often_its_seats_change_hands(
    client: RedisClient, right: str, becomes: str, told: bool
) -> None:
    """Only seats could be mended on a busy slot: one that was closed, and Redis had forgotten it, stayed on sale."""
    stock(client)
    happen(client, (TRIO, trio("h..", held_until=5)), (TRIO, trio("h.b", held_until=5)))
    if not told:
        client.xtrim(LOG, maxlen=1, approximate=False)
    assert mend_slots(TRIO, trio("..."), right).run(client) == [b"ok"]
    assert client.hget(CALENDAR, TRIO) == becomes.encode()


def test_seats_that_nobody_has_go(client: RedisClient) -> None:
    stock(client)
    client.hset(CALENDAR, TRIO, trio("..b"))
    happen(client, (TRIO, trio("b.b")))
    assert mend_slots(TRIO, trio("..b"), trio(".")).run(client) == [b"ok"], "and a ghost with them"
    assert client.hget(CALENDAR, TRIO) == trio("b").encode()


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ([(TRIO, trio("b..")), (TRIO, trio("..."))], trio("b..")),
        ([(TRIO, trio("h.."))], trio("b..")),
        ([(TRIO, trio("..b"))], trio(".")),
        ([(TRIO, trio(".h."))], trio(".")),
        ([(TRIO, trio("....")), (TRIO, trio("...."))], trio("..", 1)),
        ([(TRIO, trio("...", 1))], trio("...", 1, closed=1)),
    ],
    ids=[
        "taken and given back",
        "held meanwhile",
        "a seat that goes is taken",
        "a seat that goes is held",
        "more seats",
        "opened",
    ],
)
def test_a_slot_that_is_no_longer_as_it_was_seen_stays(
    client: RedisClient, changes: list[tuple[str, str]], right: str
) -> None:
    stock(client)
    happen(client, *changes)
    witness = Witness(client)
    assert mend_slots(TRIO, trio("..."), right).run(client) == [b"changed"]
    witness.assert_nothing_happened()


def test_what_the_change_log_no_longer_tells_may_be_anything(client: RedisClient) -> None:
    stock(client)
    happen(client, (SINGLE, RECORDS[SINGLE]), (SINGLE, RECORDS[SINGLE]))
    client.xtrim(LOG, maxlen=1, approximate=False)
    witness = Witness(client)
    assert mend_slots(TRIO, trio("..."), trio("b..")).run(client) == [b"changed"]
    witness.assert_nothing_happened()
