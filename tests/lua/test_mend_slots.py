"""What is put right must be as it was seen, whatever goes on around it."""

from __future__ import annotations

import pytest

from tests.lua.calls import CALENDAR, LOG, RECORDS, SINGLE, TRIO, VERSION, RedisClient, mend_slots, stock
from tests.lua.witness import Witness


def trio(seats: str) -> str:
    return RECORDS[TRIO].replace("...", seats)


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


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ([(TRIO, trio("b..")), (TRIO, trio("..."))], trio("b..")),
        ([(TRIO, trio("h.."))], trio("b..")),
        ([(TRIO, trio("..b"))], trio("....")),
        ([(TRIO, trio("..b"))], trio("b..").replace(" 0 0 0 ", " 1 0 0 ")),
    ],
    ids=["taken and given back", "held meanwhile", "another number of seats", "not only seats"],
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
