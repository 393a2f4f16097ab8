"""A valid call of every script, and the state in which it has an effect. Names as in the scripts' own headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from engine.keys import Partition, code_key, had_key, rate_key
from engine.scripts import script

PARTITION = Partition(1)
EXPERT = "expert0001"
OTHER_EXPERT = "expert0002"
SINGLE, TRIO, CLOSED, HELD, OVER, PAST, NEW, LATER = (
    f"{EXPERT}-{name}" for name in ("one", "trio", "closed", "held", "over", "past", "new", "later")
)
START = 4_000_000_020
"""In 2096: nobody waits for these slots, and every record of the tests is the same on every day."""
BEGAN = 1_000_000_020

RECORDS = {
    SINGLE: f"{START} {START + 1800} 0 0 0 .",
    TRIO: f"{START + 1800} {START + 3600} 0 0 0 ...",
    CLOSED: f"{START + 3600} {START + 5400} 1 2 0 .",
    HELD: f"{START + 5400} {START + 7200} 0 0 {START}000 h",
    OVER: f"{START + 7200} {START + 9000} 0 0 {BEGAN}000 h",
    PAST: f"{BEGAN} {BEGAN + 1800} 0 0 0 .",
}
NEW_RECORD = f"{START + 9000} {START + 10800} 0 0 0 .."
"""The slot that is not there yet."""
FEED = PARTITION.feed(EXPERT)
EPOCH, CALENDAR, VERSION, LOG, CHANNEL = FEED
OUTBOX, EXPERTS, REBUILD = PARTITION.outbox, PARTITION.experts, PARTITION.rebuild
POISON, SERVER, RECONCILE, DUE = PARTITION.poison, PARTITION.server, PARTITION.reconcile, PARTITION.due
GOOD, OVERDUE = "token-of-held", "token-of-over"
"""The holds of `HELD` and `OVER`."""
LONG = "900000000000000"
"""A hold of that many ms ends when its slot begins."""
IDENTITY = "<the server's identity>"
"""An argument in whose place a server gets what it says about itself."""
NEWEST = "<the newest version>"
"""An argument in whose place the expert's version goes."""
TOLD = ("PUBLISH", "256", "600")
"""The last arguments of every script that announces one slot."""

RedisClient = Redis
"""Of bytes."""


@dataclass(frozen=True, slots=True)
class Call:
    script: str
    keys: tuple[str, ...]
    args: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    """The ARGV positions (from 1) that are whole numbers."""
    records: tuple[int, ...] = ()
    """The ARGV positions that are slot records."""
    bookings: tuple[int, ...] = ()
    """The ARGV positions that are records of bookings."""
    entry: int | None = None
    """The ARGV position of an outbox entry."""
    publish: int | None = None
    """The ARGV position of PUBLISH or SPUBLISH."""
    unread: frozenset[str] = frozenset()
    """Keys whose old value does not matter: the channel, and what is overwritten or only asked whether it exists."""
    before: Callable[[RedisClient], None] = lambda _: None
    """Makes, on top of `stock`, the state in which the call has an effect."""
    answer: bytes = b"ok"
    """The code of its answer then."""
    label: str = ""
    """Tells calls of one script apart."""

    def run(self, client: RedisClient) -> list[Any]:
        """Its answer. Raises redis.ResponseError."""
        args = [identity_of(client) if arg == IDENTITY else arg for arg in self.args]
        args = [client.get(VERSION) if arg == NEWEST else arg for arg in args]
        answer: list[Any] = client.eval(script(self.script).source, len(self.keys), *self.keys, *args)
        return answer

    def with_arg(self, position: int, value: str) -> Call:
        args = list(self.args)
        args[position - 1] = value
        return replace(self, args=tuple(args))


def identity_of(client: RedisClient) -> str:
    return f"{client.info('server')['run_id']}-{client.info('replication')['master_replid']}"


def stock(client: RedisClient) -> None:
    """A partition in use: every kind of key is there, so that nothing can vanish or change unseen."""
    client.flushall()
    client.set(EPOCH, "e1")
    client.hset(CALENDAR, mapping=RECORDS)
    client.set(VERSION, "3")
    client.xadd(LOG, {"e": f"e1 3 {SINGLE} {RECORDS[SINGLE]}"}, id="3-0")
    client.xadd(OUTBOX, {"slot": CLOSED, "record": RECORDS[CLOSED]}, id="5-0")
    client.sadd(EXPERTS, OTHER_EXPERT)
    for slot, token, ends in ((HELD, GOOD, START), (OVER, OVERDUE, BEGAN)):
        held, holders, due = PARTITION.holds(slot)
        client.zadd(held, {token: f"{ends}000"})
        client.hset(holders, token, f"1 {BEGAN}000 e1")
        client.zadd(due, {slot: f"{ends}000"})
    client.xadd(POISON, {"slot": PAST, "record": RECORDS[PAST], "why": "no reason"}, id="4-0")
    client.set(SERVER, "another-life 0")


def being_rebuilt(client: RedisClient) -> None:
    client.delete(EPOCH)
    client.set(REBUILD, "me", px=30_000)


def booking_key(number: int) -> str:
    return PARTITION.booking(booking_id(number))


def booking_id(number: int) -> str:
    return f"{EXPERT}-booking{number}"


def idempotency_key(digest: str) -> str:
    return PARTITION.idempotency(digest)


def holds_unread(slot: str) -> set[str]:
    """Where the holds are, if nothing is to be known about them."""
    return set() if slot in (HELD, OVER) else set(PARTITION.holds(slot))


def book(
    number: int = 1,
    slot: str = SINGLE,
    digest: str = "",
    fingerprint: str = "print1",
    backlog: int = 20,
    token: str = "",
    who: str = "",
    most: int = 2,
    label: str = "",
) -> Call:
    key = booking_key(number)
    mine = PARTITION.mine(EXPERT, who) if who else key
    return Call(
        "book",
        (*FEED, OUTBOX, key, idempotency_key(digest) if digest else key, *PARTITION.holds(slot), mine),
        (
            slot,
            booking_id(number),
            '["Ann","ann@example.com","+49301234567",""]',
            '"customer"',
            digest,
            fingerprint,
            "604800",
            str(backlog),
            token,
            *TOLD,
            str(most if who else 0),
        ),
        numbers=(7, 8, 11, 12, 13),
        publish=10,
        unread=frozenset({CHANNEL, *holds_unread(slot)}),
        label=label,
    )


def closed_while_held(client: RedisClient) -> None:
    client.hset(CALENDAR, HELD, RECORDS[HELD].replace(" 0 0 ", " 1 2 "))


def booked(client: RedisClient) -> None:
    book(digest="digest1").run(client)


def confirmed(client: RedisClient) -> None:
    booked(client)
    change("confirm").run(client)


def change(verb: str, number: int = 1, before: Callable[[RedisClient], None] = booked) -> Call:
    """confirm or complete."""
    return Call(verb, (EPOCH, OUTBOX, booking_key(number)), ('"admin"', '"because"'), before=before)


def cancel(number: int = 1, slot: str = "", until_start: bool = False) -> Call:
    return Call(
        "cancel",
        (*FEED, OUTBOX, booking_key(number)),
        ('"customer"', "null", *TOLD, slot, str(int(until_start))),
        numbers=(4, 5, 7),
        publish=3,
        unread=frozenset({CHANNEL}),
        before=booked,
    )


def shutter(verb: str, slot: str, backlog: int = 20) -> Call:
    """close or open."""
    args = (slot, str(backlog), *TOLD)
    return Call(verb, (*FEED, OUTBOX), args, numbers=(2, 4, 5), publish=3, unread=frozenset({CHANNEL}))


def add_slots(*pairs: str) -> Call:
    return Call(
        "add_slots",
        (*FEED, EXPERTS),
        (EXPERT, "PUBLISH", *pairs),
        records=tuple(range(4, 3 + len(pairs), 2)),
        publish=2,
        unread=frozenset({CHANNEL}),
    )


def arrange(*wishes: str, mode: str = "lenient", backlog: int = 20, ends: int = 0, label: str = "") -> Call:
    """``wishes``: verb, slot id, record, verb, slot id, record, …; ``ends``: epoch seconds"""
    return Call(
        "arrange",
        (*FEED, OUTBOX, EXPERTS),
        (EXPERT, str(backlog), *TOLD, mode, f"{ends}000", *wishes),
        numbers=(2, 4, 5, 7),
        records=tuple(8 + n for n, verb in enumerate(wishes) if n % 3 == 2 and wishes[n - 2] != "close"),
        publish=3,
        unread=frozenset({CHANNEL}),
        label=label,
    )


def retire(seconds: int = 86_400) -> Call:
    return Call("retire", FEED, (str(seconds), "PUBLISH"), numbers=(1,), publish=2, unread=frozenset({CHANNEL}))


def revoke(
    number: int = 1, entry: str = "", keep_seat: bool = False, digest: str = "digest1", why: str = "", label: str = ""
) -> Call:
    return Call(
        "revoke",
        (*FEED, OUTBOX, booking_key(number), idempotency_key(digest) if digest else booking_key(number)),
        (entry, "1" if keep_seat else "0", why, *TOLD),
        numbers=(2, 5, 6),
        publish=4,
        entry=1,
        unread=frozenset({CHANNEL}),
        before=booked,
        answer=b"kept" if why else b"ok",
        label=label,
    )


def restore(
    number: int = 2,
    slot: str = TRIO,
    seat: int = 2,
    revision: int = 1,
    status: str = "pending",
    digest: str = "digest2",
) -> Call:
    start, end = RECORDS.get(slot, NEW_RECORD).split(" ")[:2]
    key = booking_key(number)
    idempotency = idempotency_key(digest) if digest else key
    return Call(
        "restore",
        (*FEED, key, idempotency),
        (
            "604800",
            *TOLD,
            f"{booking_id(number)} {revision} {status} {slot} {seat} {start} {end} 1700000000000 1700000000001 "
            f"{digest or '-'} print2\n"
            '["Bob","bob@example.com","+49301234568",""]\n'
            '{"at":1700000000000,"from":null,"to":"pending","by":"customer","reason":null}',
        ),
        numbers=(1, 3, 4),
        bookings=(5,),
        publish=2,
        unread=frozenset({CHANNEL, idempotency}),
    )


def snapshot() -> Call:
    return Call("snapshot", (EPOCH, CALENDAR, VERSION))


def load(slots: Mapping[str, str], idempotency: Mapping[str, tuple[str, int]], who: str = "me") -> Call:
    """``idempotency`` is digest → (text, epoch second at which it goes)."""
    pairs = [text for pair in slots.items() for text in pair]
    records = [str(text) for pair in idempotency.values() for text in pair]
    keys = tuple(idempotency_key(digest) for digest in idempotency)
    first = 4 + len(pairs)
    return Call(
        "load",
        (EPOCH, REBUILD, CALENDAR, VERSION, LOG, EXPERTS, *keys),
        (who, "30000", EXPERT, str(len(slots)), *pairs, *records),
        numbers=(2, 4, *range(first + 2, first + 1 + len(records), 2)),
        records=tuple(range(6, 5 + len(pairs), 2)),
        unread=frozenset({EPOCH, CALENDAR, VERSION, LOG, *keys}),
        before=being_rebuilt,
    )


def begin(who: str = "me", epoch: str = "e2") -> Call:
    return Call(
        "begin",
        (EPOCH, REBUILD, SERVER),
        (who, epoch, "0"),
        (3,),
        unread=frozenset({EPOCH, SERVER}),
        before=being_rebuilt,
    )


# --- Holds ---------------------------------------------------------------------------------------------------------


def of_holds(verb: str, slot: str, *args: str, numbers: tuple[int, ...] = (), label: str = "") -> Call:
    """Of a script about the holds of one slot."""
    count = 1 + len(args)
    return Call(
        verb,
        (*FEED, *PARTITION.holds(slot)),
        (slot, *args, *TOLD),
        numbers=(*numbers, count + 2, count + 3),
        publish=count + 1,
        unread=frozenset({CHANNEL}),
        label=label,
    )


def hold(slot: str = TRIO, token: str = "token1", lasts: str = LONG, key: str = "", label: str = "") -> Call:
    call = of_holds("hold", slot, token, lasts, "3600", numbers=(3, 4), label=label)
    return replace(call, keys=(*call.keys, PARTITION.held_by(key) if key else PARTITION.holds(slot)[0]))


def renew(slot: str = HELD, token: str = GOOD, lasts: str = LONG, most: str = LONG, label: str = "") -> Call:
    return of_holds("renew", slot, token, lasts, most, numbers=(3, 4), label=label)


def release(slot: str = HELD, token: str = GOOD) -> Call:
    return of_holds("release", slot, token)


def expire(slot: str = OVER) -> Call:
    return of_holds("expire", slot)


def settle_holds(slot: str = HELD) -> Call:
    return replace(of_holds("settle_holds", slot), before=at_odds)


def at_odds(client: RedisClient) -> None:
    """A held seat that nobody holds, and a holder without a hold."""
    client.zrem(PARTITION.holds(HELD)[0], GOOD)


def inspect_holds(slot: str = HELD) -> Call:
    return Call("inspect_holds", (EPOCH, CALENDAR, *PARTITION.holds(slot)), (slot,))


def drop_holds(slot: str = HELD, who: str = "me") -> Call:
    held, holders, due = PARTITION.holds(slot)
    return Call(
        "drop_holds",
        (EPOCH, REBUILD, held, holders, due),
        (who, slot),
        unread=frozenset({EPOCH, held, holders}),
        before=being_rebuilt,
    )


# --- Moves ---------------------------------------------------------------------------------------------------------


def reschedule(
    number: int = 1,
    slot: str = TRIO,
    backlog: int = 20,
    label: str = "",
    reason: str = "null",
    until_start: bool = False,
) -> Call:
    held, holders, due = PARTITION.holds(slot)
    return Call(
        "reschedule",
        (*FEED, OUTBOX, booking_key(number), held, holders, due),
        (slot, '"customer"', reason, "604800", str(backlog), *TOLD, str(int(until_start))),
        numbers=(4, 5, 7, 8, 9),
        publish=6,
        unread=frozenset({CHANNEL} if slot == OVER else {CHANNEL, holders}),
        before=booked,
        label=label,
    )


def moved(client: RedisClient) -> None:
    booked(client)
    reschedule().run(client)


def undo_move(
    number: int = 1, revision: int = 2, slot: str = SINGLE, seat: int = 1, entry: str = "5-0", label: str = ""
) -> Call:
    start, end = RECORDS[slot].split(" ")[:2]
    return Call(
        "undo_move",
        (*FEED, OUTBOX, booking_key(number)),
        (entry, str(revision), slot, str(seat), start, end, '"it was taken"', *TOLD),
        numbers=(2, 4, 5, 6, 9, 10),
        publish=8,
        entry=1,
        unread=frozenset({CHANNEL}),
        before=moved,
        label=label,
    )


# --- Audit, repair, reconciliation ---------------------------------------------------------------------------------


def set_aside(entry: str = "5-0") -> Call:
    return Call("set_aside", (OUTBOX, POISON), (entry, "nobody can read it"), entry=1)


def find_bookings() -> Call:
    pattern = booking_key(0).replace("0", "*")
    return Call("find_bookings", (EPOCH,), ("0", pattern), unread=frozenset({EPOCH}))


def restored(client: RedisClient) -> None:
    restore().run(client)


def forget_booking(number: int = 2) -> Call:
    seen = restore(number).args[4:]
    return Call("forget_booking", (EPOCH, booking_key(number)), seen, unread=frozenset({EPOCH}), before=restored)


def remember(digest: str = "digest3", seen: str = "", record: str = "print3 three") -> Call:
    return Call(
        "remember",
        (EPOCH, idempotency_key(digest)),
        (seen, record, str(START)),
        numbers=(3,),
        unread=frozenset({EPOCH}),
    )


def leap() -> Call:
    return Call("leap", (EPOCH, VERSION, LOG, CHANNEL), ("PUBLISH",), publish=1, unread=frozenset({CHANNEL}))


def mend_slots(*triples: str, version: str = "3", epoch: str = "e1", label: str = "") -> Call:
    """Each of ``triples`` is a slot, the record that was seen, the right record."""
    return Call(
        "mend_slots",
        FEED,
        (epoch, version, *TOLD, *triples),
        numbers=(2, 4, 5),
        records=tuple(range(8, 6 + len(triples), 3)),
        publish=3,
        unread=frozenset({CHANNEL}),
        label=label,
    )


def without_epoch(client: RedisClient) -> None:
    client.delete(EPOCH)


def lease(who: str = "me") -> Call:
    return Call("lease", (EPOCH, REBUILD), (who, "30000"), (2,), unread=frozenset({EPOCH}), before=without_epoch)


def give_up(who: str = "me") -> Call:
    return Call("give_up", (REBUILD,), (who,), before=being_rebuilt)


def written(client: RedisClient) -> None:
    """MongoDB has all that was decided."""
    client.xtrim(OUTBOX, 0, approximate=False)


def end_epoch(who: str = "me") -> Call:
    return Call("end_epoch", (EPOCH, OUTBOX, REBUILD), (who, "30000"), (2,), unread=frozenset({EPOCH}), before=written)


def compared(client: RedisClient) -> None:
    settle().run(client)


def identity() -> Call:
    return Call("identity", (EPOCH, SERVER), before=compared, answer=b"same")


def reconciling(client: RedisClient) -> None:
    client.set(RECONCILE, "me", px=30_000)


def settle(identity: str = IDENTITY, pause: str = "0") -> Call:
    return Call("settle", (SERVER, RECONCILE), ("me", identity, pause), (3,), before=reconciling)


# --- Access --------------------------------------------------------------------------------------------------------


CODE = code_key("address1")


def with_code(client: RedisClient) -> None:
    client.set(CODE, "digest1 2", px=600_000)


def try_code(given: str = "digest1", call: str = "call1", most: str = "5", label: str = "") -> Call:
    answer = b"ok" if given == "digest1" else b"code-wrong"
    return Call("try_code", (CODE,), (given, call, most), (3,), before=with_code, answer=answer, label=label)


RATE, HAD = rate_key("bookings", "somebody"), had_key("somebody")


def with_counts(client: RedisClient) -> None:
    """Somebody has used up half of a limit, and holds two seats."""
    client.set(RATE, f"{START}000", px=600_000)
    client.zadd(HAD, {"token1": f"{START}000", "token2": f"{START}001", "token3": f"{BEGAN}000"})


def charge(cost: str = "2000", most: str = LONG, happened: str = "0", label: str = "") -> Call:
    return Call("charge", (RATE,), (cost, most, happened), (1, 2, 3), before=with_counts, label=label)


def occupy(name: str = "token4", stays: str = "600000", most: str = "3") -> Call:
    return Call("occupy", (HAD,), (name, stays, most), (2, 3), before=with_counts)


MENDED = f"{START} {START + 1800} 1 0 0 b"
VALID = {
    call.script: call
    for call in (
        add_slots(NEW, NEW_RECORD, SINGLE, RECORDS[SINGLE]),
        arrange("close", SINGLE, "", "offer", CLOSED, RECORDS[CLOSED], "add", NEW, NEW_RECORD),
        begin(),
        book(slot=HELD, digest="digest1", token=GOOD, who="ann"),
        cancel(),
        shutter("close", SINGLE),
        change("complete", before=confirmed),
        change("confirm"),
        load(
            {SINGLE: RECORDS[SINGLE], TRIO: RECORDS[TRIO]},
            {"digest1": ("print1 one", START), "digest2": ("print2 two", START)},
        ),
        shutter("open", CLOSED),
        restore(),
        retire(),
        revoke(entry="5-0"),
        snapshot(),
        hold(),
        renew(),
        release(),
        expire(),
        reschedule(),
        undo_move(),
        set_aside(),
        drop_holds(),
        end_epoch(),
        find_bookings(),
        forget_booking(),
        identity(),
        inspect_holds(),
        leap(),
        lease(),
        give_up(),
        mend_slots(SINGLE, RECORDS[SINGLE], MENDED),
        remember(),
        settle(),
        settle_holds(),
        try_code(),
        charge(),
        occupy(),
    )
}
"""By script: a call that has an effect in a stocked partition after its ``before``."""

CALLS = (
    *VALID.values(),
    book(label="without holds"),
    book(slot=OVER, label="of a seat whose hold is over"),
    book(slot=OVER, token="token1", label="with a token that holds nothing"),
    replace(book(slot=HELD, token=GOOD, label="of what hours have closed"), before=closed_while_held),
    hold(slot=OVER, label="of a seat whose hold is over"),
    hold(key="digest3", label="with an Idempotency-Key"),
    renew(lasts="0", label="that changes nothing"),
    reschedule(slot=OVER, label="to a seat whose hold is over"),
    revoke(entry="5-0", why='"it was taken"', label="that keeps the booking"),
    revoke(keep_seat=True, label="that keeps the seat"),
    arrange("close", SINGLE, "", label="of one slot"),
    arrange("offer", SINGLE, f"{START} {START + 900} 0 0 0 ..", label="that reshapes"),
    charge(most="0", happened="1", label="of what has happened"),
    try_code("digest2", label="with a wrong code"),
    try_code("digest2", most="3", label="for the last time"),
    mend_slots(SINGLE, RECORDS[SINGLE], MENDED, TRIO, RECORDS[TRIO], RECORDS[TRIO], label="of two slots"),
    mend_slots(SINGLE, RECORDS[SINGLE], MENDED, NEW, "", NEW_RECORD, PAST, RECORDS[PAST], "", label="of all kinds"),
)
"""The same, and calls that take another way through their script."""

READ_ONLY = {"find_bookings", "identity", "inspect_holds", "snapshot"}
