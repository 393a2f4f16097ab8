"""Every script alone: a wrong call, or a key of a wrong type, changes nothing at all."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import orjson
import pytest
from redis import ResponseError

from engine.errors import BY_LUA_CODE
from engine.records import dump_body, from_record, to_record
from engine.scripts import all_scripts, script
from tests.lua.calls import (
    CALENDAR,
    CALLS,
    CHANNEL,
    EPOCH,
    GOOD,
    HELD,
    LOG,
    MENDED,
    NEW,
    OUTBOX,
    PARTITION,
    PAST,
    READ_ONLY,
    REBUILD,
    RECORDS,
    SINGLE,
    START,
    TRIO,
    VALID,
    Call,
    RedisClient,
    add_slots,
    book,
    booked,
    booking_key,
    cancel,
    change,
    end_epoch,
    expire,
    mend_slots,
    reschedule,
    restore,
    revoke,
    settle,
    settle_holds,
    stock,
    undo_move,
)
from tests.lua.witness import Witness

NAMES = [script.name for script in all_scripts()]
SUCCESSES = {
    "ok", "same", "replayed", "known", "lost", "kept", "changed", "again", "later", "unwritten", "too-many",
    "has-bookings",
}  # fmt: skip
NOT_NUMBERS = ["", "x", "-1", "1.5", "1e3", " 1", "1\n", "0x10", "nan", "1" * 16]
"""The last is one that Redis could refuse as a time when it is too late."""
NOT_ENTRIES = ["x", "5", "5-", "-5", "-", "+", "(5-0", "5-0\n", "5-x", f"{'1' * 16}-0", f"5-{'1' * 20}"]
COMMENT = re.compile(r"--.*$", re.MULTILINE)

every_script = pytest.mark.parametrize("name", NAMES)
every_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.script} {call.label}".strip())


def prepare(client: RedisClient, call: Call) -> None:
    stock(client)
    call.before(client)


def assert_bad_call(client: RedisClient, call: Call) -> None:
    witness = Witness(client)
    try:
        answer = call.run(client)[0]
    except ResponseError as error:
        answer = str(error).encode()
    witness.assert_nothing_happened()
    assert answer == b"bad-call"


def test_there_is_a_valid_call_of_every_script() -> None:
    assert sorted(VALID) == NAMES


@every_call
def test_a_valid_call_has_an_effect_on_its_keys_only(client: RedisClient, call: Call) -> None:
    """Else the tests below would prove nothing; and a cluster would refuse it."""
    prepare(client, call)
    witness = Witness(client)
    assert call.run(client)[0] == call.answer
    changed = witness.changed()
    assert changed <= set(call.keys)
    assert bool(changed) is (call.script not in READ_ONLY)
    assert client.ttl(CALENDAR) == -1, "a calendar never expires: it is one hash for all its slots"


@every_script
@pytest.mark.parametrize("change", ["key fewer", "key more", "argument fewer", "argument more", "nothing"])
def test_a_call_of_wrong_arity_changes_nothing(client: RedisClient, name: str, change: str) -> None:
    call = VALID[name]
    if change == "argument fewer" and not call.args:
        pytest.skip(f"{name} takes no arguments")
    wrong = {
        "key fewer": replace(call, keys=call.keys[:-1]),
        "key more": replace(call, keys=(*call.keys, call.keys[-1])),
        "argument fewer": replace(call, args=call.args[:-1]),
        "argument more": replace(call, args=(*call.args, "1")),
        "nothing": replace(call, keys=(), args=()),
    }[change]
    prepare(client, call)
    assert_bad_call(client, wrong)


@pytest.mark.parametrize(
    ("name", "position"), [(call.script, position) for call in VALID.values() for position in call.numbers]
)
def test_text_where_a_number_belongs_changes_nothing(client: RedisClient, name: str, position: int) -> None:
    prepare(client, VALID[name])
    for text in NOT_NUMBERS:
        assert_bad_call(client, VALID[name].with_arg(position, text))


@pytest.mark.parametrize(
    ("name", "position"), [(call.script, position) for call in VALID.values() for position in call.records]
)
def test_text_where_a_slot_record_belongs_changes_nothing(client: RedisClient, name: str, position: int) -> None:
    prepare(client, VALID[name])
    for text in ("", "x", f"{START} {START + 60} 0 0 0", f"{START} {START + 60} 0 3 0 .", f"{START} 0 0 0 x"):
        if text or name != "mend_slots":  # to which it means that there should be no such slot
            assert_bad_call(client, VALID[name].with_arg(position, text))


@pytest.mark.parametrize(
    ("name", "position"), [(call.script, position) for call in VALID.values() for position in call.bookings]
)
def test_text_where_a_booking_record_belongs_changes_nothing(client: RedisClient, name: str, position: int) -> None:
    call = VALID[name]
    prepare(client, call)
    record = call.args[position - 1]
    head, body, history = record.split("\n")
    words = head.split(" ")
    for text in (
        "",
        "x",
        head,
        f"{head}\n{body}",
        f"{record}\n",
        f"{head} x\n{body}\n{history}",
        f"{head}\n\n{history}",
    ):
        assert_bad_call(client, call.with_arg(position, text))
    for place in (1, 4, 5, 6, 7, 8):
        for number in NOT_NUMBERS if place == 6 else NOT_NUMBERS[:-1]:
            wrong = " ".join([*words[:place], number, *words[place + 1 :]])
            assert_bad_call(client, call.with_arg(position, f"{wrong}\n{body}\n{history}"))


@pytest.mark.parametrize("name", [call.script for call in VALID.values() if call.entry])
def test_text_where_an_outbox_entry_belongs_changes_nothing(client: RedisClient, name: str) -> None:
    call = VALID[name]
    assert call.entry is not None
    prepare(client, call)
    for text in NOT_ENTRIES:
        assert_bad_call(client, call.with_arg(call.entry, text))


@pytest.mark.parametrize("name", [call.script for call in VALID.values() if call.publish])
def test_only_publish_can_be_called_by_name(client: RedisClient, name: str) -> None:
    call = VALID[name]
    assert call.publish is not None
    for command in ("", "publish", "FLUSHALL", "DEL"):
        prepare(client, call)
        witness = Witness(client)
        with pytest.raises(ResponseError, match="publish is PUBLISH or SPUBLISH"):
            call.with_arg(call.publish, command).run(client)
        witness.assert_nothing_happened()


@pytest.mark.parametrize(
    ("call", "key"),
    [
        pytest.param(call, key, id=f"{call.script} {call.label}-{key}")
        for call in CALLS
        for key in dict.fromkeys(call.keys)
    ],
)
def test_a_key_of_a_wrong_type_changes_nothing(client: RedisClient, call: Call, key: str) -> None:
    """All or nothing. Redis does not undo a script that fails half-way: whatever it had written stays."""
    prepare(client, call)
    client.delete(key)
    client.rpush(key, "no key of ours is a list")
    witness = Witness(client)
    if key in call.unread:
        assert call.run(client)[0] in (call.answer, b"lost")
        assert key == CHANNEL or key not in witness.changed() or client.type(key) != b"list"
        return
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        call.run(client)
    witness.assert_nothing_happened()


@pytest.mark.parametrize("left", [None, 1, 599, 601, 750], ids=lambda left: f"{left} s left")
def test_a_log_lives_for_its_age_after_a_change_and_a_quarter_more_at_most(
    client: RedisClient, left: int | None
) -> None:
    """Whatever it had to live before. One that has long enough is left alone: that is a write less."""
    stock(client)
    client.persist(LOG)
    if left:
        client.expire(LOG, left)
    before = client.execute_command("PEXPIRETIME", LOG)
    assert book().run(client)[0] == b"ok"
    assert 590 <= client.ttl(LOG) <= 750
    if left == 750:
        assert client.execute_command("PEXPIRETIME", LOG) == before


@every_call
def test_a_log_that_is_ahead_of_the_version_changes_nothing(client: RedisClient, call: Call) -> None:
    """Redis refuses an entry id that is not above the last one: nothing may have been written before that."""
    if LOG not in call.keys:
        pytest.skip("it has nothing to do with the log")
    prepare(client, call)
    client.xadd(LOG, {"e": "from nowhere"}, id="99-0")
    witness = Witness(client)
    try:
        assert call.run(client)[0] == call.answer
        assert client.xlen(LOG) == 0, "it succeeded because it ends the log"
    except ResponseError:
        witness.assert_nothing_happened()


@pytest.mark.parametrize("damage", ["id", "rev", "status", "slot", "seat", "end", "idem", "body", "history", "all"])
@pytest.mark.parametrize("how", ["gone", "nonsense"])
@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if any(key in call.keys for key in (booking_key(1), booking_key(2)))],
    ids=lambda call: f"{call.script} {call.label}".strip(),
)
def test_a_damaged_live_copy_makes_nothing_worse(client: RedisClient, call: Call, how: str, damage: str) -> None:
    """A script that stops over it stops before its first write."""
    prepare(client, call)
    key = next(key for key in (booking_key(1), booking_key(2)) if key in call.keys)
    if not client.exists(key):
        pytest.skip("it makes the booking")
    client.set(key, damaged(client.get(key), damage, "" if how == "gone" else "nonsense"), keepttl=True)
    witness = Witness(client)
    try:
        code = call.run(client)[0]
    except ResponseError:
        witness.assert_nothing_happened()
    else:
        assert how == "nonsense" or call.script == "forget_booking"
        if code != call.answer:
            witness.assert_nothing_happened()


def damaged(record: bytes, damage: str, text: str) -> str:
    """A record with a text in the place of one of its parts. Without a text that part is gone."""
    head, body, history = record.decode().split("\n")
    names = ["id", "rev", "status", "slot", "seat", "start", "end", "created", "updated", "idem", "fingerprint"]
    words = [text if name == damage else word for name, word in zip(names, head.split(" "), strict=True)]
    lines = [
        " ".join(filter(None, words)),
        text if damage == "body" else body,
        text if damage == "history" else history,
    ]
    return text if damage == "all" else "\n".join(filter(None, lines))


@pytest.mark.parametrize("name", ["book", "close", "hold", "open"])
def test_without_the_slot_nothing_happens(client: RedisClient, name: str) -> None:
    stock(client)
    client.hdel(CALENDAR, VALID[name].args[0])
    witness = Witness(client)
    epoch = [b"e1"] if name == "book" else []
    assert VALID[name].run(client) == [b"slot-not-found", *epoch]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("name", ["confirm", "complete", "cancel", "reschedule", "undo_move"])
def test_without_the_booking_nothing_happens(client: RedisClient, name: str) -> None:
    stock(client)
    witness = Witness(client)
    assert VALID[name].run(client) == [b"booking-not-found"]
    witness.assert_nothing_happened()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, call in VALID.items()
        if EPOCH in call.keys and REBUILD not in call.keys and name != "find_bookings"
    ],
)
def test_without_an_epoch_nothing_happens(client: RedisClient, name: str) -> None:
    call = VALID[name]
    prepare(client, call)
    client.delete(call.keys[0])
    witness = Witness(client)
    assert call.run(client) == [b"no-epoch"]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("name", ["begin", "drop_holds", "load"])
@pytest.mark.parametrize("loss", ["lease expired", "lease is another's", "somebody has rebuilt it"])
def test_who_has_lost_the_lease_writes_nothing(client: RedisClient, name: str, loss: str) -> None:
    call = VALID[name]
    prepare(client, call)
    epoch, rebuild = call.keys[:2]
    if loss == "lease expired":
        client.delete(rebuild)
    elif loss == "lease is another's":
        client.set(rebuild, "another", px=30_000)
    else:
        client.set(epoch, "e9")
    witness = Witness(client)
    assert call.run(client) == [b"lost"]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("name", ["lease", "end_epoch"])
def test_who_comes_second_gets_no_lease(client: RedisClient, name: str) -> None:
    call = VALID[name]
    prepare(client, call)
    client.set(REBUILD, "another", px=30_000)
    witness = Witness(client)
    assert call.run(client) == [b"lost"]
    witness.assert_nothing_happened()


def test_an_epoch_does_not_end_before_all_is_written(client: RedisClient) -> None:
    stock(client)
    witness = Witness(client)
    assert end_epoch().run(client) == [b"unwritten", 1]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("seen", ["another epoch", "another version", "another record"])
def test_what_has_changed_since_it_was_seen_is_not_mended(client: RedisClient, seen: str) -> None:
    stock(client)
    call = {
        "another epoch": mend_slots(SINGLE, RECORDS[SINGLE], MENDED, epoch="e0"),
        "another version": mend_slots(SINGLE, RECORDS[SINGLE], MENDED, version="1"),
        "another record": mend_slots(SINGLE, RECORDS[SINGLE], MENDED, TRIO, RECORDS[SINGLE], RECORDS[TRIO]),
    }[seen]
    witness = Witness(client)
    assert call.run(client) == [b"changed"]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("name", ["forget_booking", "remember"])
def test_what_is_not_what_was_seen_stays(client: RedisClient, name: str) -> None:
    call = VALID[name]
    prepare(client, call)
    witness = Witness(client)
    assert call.with_arg(1, "something else").run(client) == [b"changed"]
    witness.assert_nothing_happened()


def test_identity_tells_the_time_too(client: RedisClient) -> None:
    prepare(client, VALID["identity"])
    before, now, after = client.time()[0], int(VALID["identity"].run(client)[3]), client.time()[0]
    assert before * 1000 <= now < (after + 1) * 1000


def test_a_comparison_of_another_life_of_the_server_does_not_count(client: RedisClient) -> None:
    stock(client)
    witness = Witness(client)
    assert settle("another-life").run(client) == [b"changed"]
    witness.assert_nothing_happened()


@pytest.mark.parametrize("call", [expire("expert0001-gone"), settle_holds("expert0001-gone")], ids=lambda c: c.script)
def test_holds_of_a_slot_that_is_gone_go_too(client: RedisClient, call: Call) -> None:
    stock(client)
    held, holders, due = PARTITION.holds(call.args[0])
    client.zadd(held, {"token": f"{START}000"})
    client.hset(holders, "token", f"1 {START}000 e1")
    client.zadd(due, {call.args[0]: f"{START}000"})
    witness = Witness(client)
    assert call.run(client) == [b"ok", 0]
    assert witness.changed() == {held, holders, due}
    assert client.zscore(due, call.args[0]) is None


def test_undoing_a_move_within_a_slot_leaves_both_seats_taken(client: RedisClient) -> None:
    """There and back again, before MongoDB had any of it."""
    stock(client)
    book(2, slot=TRIO).run(client)
    book(3, slot=TRIO).run(client)
    reschedule(2, slot=SINGLE).run(client)
    book(4, slot=TRIO).run(client)
    reschedule(2, slot=TRIO).run(client)
    client.hset(CALENDAR, TRIO, f"{START + 1800} {START + 3600} 0 0 0 .bb")  # an amnesia
    entries = client.xlen(OUTBOX)
    assert undo_move(2, revision=3, slot=TRIO, seat=1, entry="").run(client)[0] == b"ok"
    assert client.hget(CALENDAR, TRIO).endswith(b" bbb")
    assert from_record(client.get(booking_key(2))).seat == 1
    assert client.xlen(OUTBOX) == entries + 1


@pytest.mark.parametrize(
    ("closed", "token", "beside", "code"),
    [
        (2, GOOD, "", b"ok"),
        (2, GOOD, "2 0 .", b"ok"),
        (2, GOOD, "2 0 h", b"ok"),
        (2, GOOD, "2 0 b", b"slot-closed"),
        (2, GOOD, "0 0 .", b"slot-closed"),
        (2, "nobody's", "", b"slot-closed"),
        (2, "", "", b"slot-closed"),
        (1, GOOD, "", b"slot-closed"),
    ],
)
def test_what_hours_close_is_kept_for_its_holder_unless_another_slot_is_in_its_place(
    client: RedisClient, closed: int, token: str, beside: str, code: bytes
) -> None:
    stock(client)
    client.hset(CALENDAR, HELD, RECORDS[HELD].replace(" 0 0 ", f" 1 {closed} "))
    if beside:
        client.hset(CALENDAR, NEW, f"{START + 6000} {START + 6600} 0 {beside}")
    witness = Witness(client)
    assert book(slot=HELD, token=token).run(client)[0] == code
    if code == b"ok":
        assert client.hget(CALENDAR, HELD).endswith(b" 1 2 0 b")
    else:
        witness.assert_nothing_happened()


@pytest.mark.parametrize("verb", ["cancel", "reschedule", "revoke"])
@pytest.mark.parametrize("seats", ["hb", "h", "."])
def test_only_a_booked_seat_is_given_back(client: RedisClient, verb: str, seats: str) -> None:
    """A Redis that was sent back in time had somebody's hold in the seat, or a slot of fewer seats: the hold was taken
    away, or the slot got one more."""
    stock(client)
    book(2, slot=TRIO).run(client)
    book(3, slot=TRIO).run(client)
    client.hset(CALENDAR, TRIO, f"{START + 1800} {START + 3600} 0 0 0 {seats}")
    number = 3 if seats == "." else 2
    call = {
        "cancel": cancel(number),
        "reschedule": reschedule(number, slot=SINGLE),
        "revoke": revoke(number, digest=""),
    }
    assert call[verb].run(client)[0] in (b"ok", b"kept")
    assert client.hget(CALENDAR, TRIO).endswith(f" {seats}".encode())


def test_of_a_session_that_has_begun_nothing_is_changed_for_who_may_do_so_until_its_start(client: RedisClient) -> None:
    stock(client)
    restore(1, slot=PAST, seat=1).run(client)
    witness = Witness(client)
    assert cancel(until_start=True).run(client) == [b"slot-past"]
    assert reschedule(until_start=True).run(client) == [b"slot-past"]
    assert reschedule(slot=PAST, until_start=True).run(client)[0] == b"same"
    witness.assert_nothing_happened()
    assert reschedule().run(client)[0] == b"ok"
    assert reschedule(until_start=True).run(client)[0] == b"same"
    assert cancel(until_start=True).run(client)[0] == b"ok"
    restore(2, slot=PAST, seat=1).run(client)
    assert cancel(2).run(client)[0] == b"ok"
    witness = Witness(client)
    assert cancel(2, until_start=True).run(client)[0] == b"same"
    assert reschedule(2, until_start=True).run(client) == [b"invalid-transition"]
    witness.assert_nothing_happened()


def test_add_slots_leaves_what_is_there(client: RedisClient) -> None:
    stock(client)
    booked(client)
    before = client.hgetall(CALENDAR)
    assert add_slots(*(text for pair in RECORDS.items() for text in pair)).run(client) == [b"ok", 0]
    assert client.hgetall(CALENDAR) == before
    assert before[SINGLE.encode()].endswith(b" b")


def test_restore_of_an_older_revision_changes_nothing(client: RedisClient) -> None:
    stock(client)
    restore(revision=3, status="confirmed").run(client)
    witness = Witness(client)
    for revision in (1, 2, 3):
        answer = restore(revision=revision).run(client)
        assert answer[0] == b"same"
        assert from_record(answer[1]).revision == 3
    witness.assert_nothing_happened()


NOTES = ["", "-", "two\nlines\r\nand a \x00", "\u2028 \u2029 \x85 \x0b", "Zoë 'says' \"%s\" \\n", "x" * 1000]
"""Some of what would break a line, if it were not JSON."""


@pytest.mark.parametrize("notes", NOTES, ids=range(len(NOTES)))
@pytest.mark.parametrize("digest", ["", "digest1"])
def test_lua_reads_and_writes_the_records_of_python(client: RedisClient, notes: str, digest: str) -> None:
    """Byte for byte: what is to be forgotten is compared with what Python makes of it."""
    stock(client)
    body = dump_body("Ann", "ann@example.com", "+49301234567", notes).decode()
    assert book(digest=digest).with_arg(3, body).run(client)[0] == b"ok"
    records = [client.get(booking_key(1))]
    reason = orjson.dumps(notes).decode()
    for call, position in ((reschedule(), 3), (change("confirm"), 2), (undo_move(revision=3), 7), (cancel(), 2)):
        code, record, _ = call.with_arg(position, reason).run(client)
        assert code == b"ok"
        assert client.get(booking_key(1)) == record
        records.append(record)
    for record in records:
        booking = from_record(record)
        assert to_record(booking) == record
        assert (booking.notes, booking.idempotency, booking.fingerprint) == (notes, digest or None, "print1")
    entries = [fields[b"booking"] for _, fields in client.xrange(OUTBOX) if b"booking" in fields]
    assert entries == records, "the outbox gets what the live copy gets"
    assert client.ttl(booking_key(1)) > 0, "a change lets a copy live as long as before"


def test_a_copy_lives_until_some_days_after_its_slot(client: RedisClient) -> None:
    stock(client)
    book().run(client)
    assert client.execute_command("EXPIRETIME", booking_key(1)) == START + 1800 + 604_800
    reschedule().run(client)
    assert client.execute_command("EXPIRETIME", booking_key(1)) == START + 3600 + 604_800
    change("confirm").run(client)
    assert client.execute_command("EXPIRETIME", booking_key(1)) == START + 3600 + 604_800


def test_revoke_leaves_an_idempotency_record_that_is_another_bookings(client: RedisClient) -> None:
    stock(client)
    booked(client)
    key = book(digest="digest1").keys[7]
    client.set(key, "print1 another")
    assert revoke().run(client) == [b"ok"]
    assert client.get(key) == b"print1 another"


# --- What the sources themselves say -------------------------------------------------------------------------------


def header(name: str) -> dict[str, str]:
    """KEYS, ARGV, Answer and Event of a script's opening comment, each on one line."""
    sections: dict[str, str] = {}
    current = ""
    for line in (line[3:].rstrip() for line in script(name).source.splitlines() if line.startswith("-- ")):
        if match := re.match(r"(KEYS|ARGV|Answer|Event)\b(.*)", line):
            current = match[1]
            sections[current] = match[2]
        elif current and line.startswith(" "):
            sections[current] += line
        else:
            current = ""
    return sections


def documented(section: str) -> tuple[int, bool]:
    """How many a header counts, and whether more may follow."""
    numbers = re.findall(r"(?<=\s)(\d+)(…?) ", section)
    assert [int(number) for number, _ in numbers] == list(range(1, len(numbers) + 1)), "counted without a gap"
    return len(numbers), any(more for _, more in numbers)


@every_script
def test_a_header_names_as_many_keys_and_arguments_as_are_demanded(client: RedisClient, name: str) -> None:
    call = VALID[name]
    sections = header(name)
    assert sections.keys() == {"KEYS", "ARGV", "Answer", "Event"}
    for section, given in (("KEYS", call.keys), ("ARGV", call.args)):
        count, more = documented(sections[section])
        if more:
            assert len(given) >= count
            continue
        assert len(given) == count
        too_many = replace(call, keys=("a",) * 50) if section == "KEYS" else replace(call, args=("1",) * 51)
        why = too_many.run(client)[1].decode()
        assert re.search(rf"expected {count} (keys|arguments), got 5[01]", why)


def code_of(source: str) -> str:
    return COMMENT.sub("", source)


def own(name: str) -> str:
    """A script without its includes."""
    return (files("lua") / f"{name}.lua").read_text()


def codes(source: str) -> set[str]:
    """The words that a script answers with, or compares an answer with."""
    source = re.sub(r"~= '\w+'", "", code_of(source))
    lines = [line for line in source.splitlines() if "return" in line or "table.insert" in line]
    return {word for line in lines for word in re.findall(r"(?<!\[)'([a-z]+(?:-[a-z]+)*)'", line)}


@every_script
def test_a_header_names_every_code(name: str) -> None:
    answers = set(re.findall(r"'([a-z]+(?:-[a-z]+)*)'", header(name)["Answer"]))
    if name == "revoke":
        answers |= {"same", "invalid-transition"}  # it asks `transition`, and tells nobody
    assert codes(script(name).source) - {"bad-call"} == answers


def test_every_code_has_its_error() -> None:
    all_codes = set().union(*(codes(each.source) for each in all_scripts()))
    assert all_codes - SUCCESSES - {"bad-call"} == {code.decode() for code in BY_LUA_CODE}
    assert all_codes >= SUCCESSES


@every_script
def test_a_script_names_no_key_but_its_keys(name: str) -> None:
    """A key built from ARGV would be on another node of a cluster, and unseen by whoever calls."""
    source = code_of(script(name).source)
    named = ",".join(re.findall(r"local ([A-Z_, ]+) =\s+unpack\(KEYS\b", source))
    ours = {word.strip() for word in named.split(",")} | {f"KEYS[{index}]" for index in (1, 2, 3, "number")}
    calls = re.findall(r"redis\.p?call\(([^,)]+)(?:, ([^,)]+))?", source)
    assert len(calls) == len(re.findall(r"\bredis\b", source)), "every call is looked at"
    for command, key in calls:
        if command not in ("'TIME'", "'INFO'", "'SCAN'"):
            assert re.fullmatch(r"'[A-Z]+'|feed\.publish", command)
            handed_on = key in ("key", "outbox", "calendar", "held") or key.startswith(("feed.", "holds."))
            assert handed_on or key in ours, f"{command} {key}"
    # What the includes get as a parameter or in the feed's table is one of KEYS, too.
    functions = "read_slot|read_booking|save_booking|any_in_the_way"
    handed = re.findall(rf"(?<!function )\b(?:{functions})\((\w+)(?:, OUTBOX)?", source)
    for table in re.findall(r"open_feed\(\{(.*?)\}\)", source, re.DOTALL):
        handed += re.findall(r"\b(?:calendar|version|log|channel) = (\w+)", table)
    for names in re.findall(r"(?<!function )\bopen_holds\(epoch, slot, [^,]*, (\w+, \w+, \w+)\)", source):
        handed += names.split(", ")
    for table in re.findall(r"local holds = (\{epoch = epoch, slot = slot, .*?)gone = ", code_of(own(name))):
        handed += re.findall(r"\b(?:held|holders|due) = (\w+)", table)
    assert set(handed) <= ours


@every_script
def test_a_script_never_expires_a_calendar(name: str) -> None:
    source = code_of(script(name).source)
    expired = set(re.findall(r"'P?EXPIRE(?:AT)?', ([\w.]+(?:\[\w+\])?)", source))
    assert len(re.findall("EXPIRE", source)) == len(re.findall(r"'P?EXPIRE(?:AT)?', ", source))
    assert expired <= {"feed.log", "BOOKING_KEY", "IDEMPOTENCY", "REBUILD", "KEYS[number]", "MINE", "HAD"}


@every_script
def test_a_script_has_no_clock_but_that_of_redis(name: str) -> None:
    source = code_of(script(name).source)
    assert not re.search(r"\bos\.|math\.random", source)
    assert all("now_ms()" in value for value in re.findall(r"\bnow = (.*)", source))
