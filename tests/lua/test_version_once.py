"""No version of a calendar is used twice under one epoch: calendars are compared by it, and by nothing else."""

from __future__ import annotations

import time

import pytest

from tests.lua.calls import CALLS, LOG, VERSION, Call, RedisClient, book, leap, stock

NO_CHANGE = ("load", "snapshot")
"""They begin an epoch, and look."""


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if VERSION in call.keys and call.script not in NO_CHANGE],
    ids=lambda call: f"{call.script} {call.label}".strip(),
)
def test_an_expert_without_a_version_goes_on_with_one_that_was_never_used(client: RedisClient, call: Call) -> None:
    """It began with 1 again, under the same epoch: a worker that knew a calendar of that version, from before Redis
    forgot the expert, showed it as the present one. And where the log was still there, every change was refused."""
    stock(client)
    call.before(client)
    client.delete(VERSION)
    now = int(time.time() * 1000)
    if call.script == "mend_slots":
        call = call.with_arg(2, "0")  # what a snapshot says
    assert call.run(client)[0] == call.answer
    version = client.get(VERSION)
    assert version is None or now - 1000 < int(version) < now + 60_000


@pytest.mark.parametrize("last", [3, 4_000_000_000_000], ids=["of long ago", "ahead of the clock"])
def test_a_version_goes_on_above_the_log_that_outlived_it(client: RedisClient, last: int) -> None:
    stock(client)
    client.delete(VERSION, LOG)
    client.xadd(LOG, {"e": "of the version that is gone"}, id=f"{last}-0")
    assert book().run(client)[0] == b"ok"
    assert int(client.get(VERSION)) > last
    assert client.xrevrange(LOG, count=1)[0][0] == client.get(VERSION) + b"-0"


def test_a_server_that_goes_back_to_the_same_state_twice_does_not_leap_to_the_same_version_twice(
    client: RedisClient,
) -> None:
    """It leapt by a constant, so both lives had the same versions, for different calendars."""
    versions = []
    ten_minutes_ago = int(time.time() * 1000) - 600_000
    for _ in range(2):
        stock(client)
        client.set(VERSION, ten_minutes_ago)
        assert leap().run(client) == [b"ok"]
        versions.append(int(client.get(VERSION)))
        time.sleep(0.02)
    assert ten_minutes_ago < versions[0] < versions[1]


def test_a_clock_that_has_gone_back_does_not_keep_a_version_from_leaping(client: RedisClient) -> None:
    stock(client)
    ahead = int(time.time() * 1000) + 3_600_000
    client.set(VERSION, ahead)
    assert leap().run(client) == [b"ok"]
    assert int(client.get(VERSION)) > ahead + 1000
