from __future__ import annotations

from contextlib import nullcontext

import pytest
import redis
import typer

from engine.audit import Report
from engine.cli import audit
from engine.invariants import Finding
from engine.keys import Keys
from engine.settings import Settings
from engine.stack import Stack
from tests.cli.command_line import Slotline


def test_audit_repair_and_rebuild(slotline: Slotline, stack: Stack) -> None:
    urls = {"REDIS_URL": stack.redis_url or "", "MONGO_URL": stack.mongo_url or ""}
    assert slotline("seed", "--experts", "5", "--weeks", "1", **urls).returncode == 0
    well = slotline("audit", **urls)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "Looked at 5 experts" in well.stdout

    with redis.Redis.from_url(urls["REDIS_URL"], decode_responses=True) as client:
        partition, expert, slot, record = some_slot(client)
        damaged = record.replace(".", "b")
        client.hset(partition.calendar(expert), slot, damaged)
        client.delete(partition.server)  # a worker would compare the partition at once, and mend it
        ill = slotline("audit", **urls)
        assert ill.returncode == 1
        assert "ghost-seat" in ill.stdout
        assert slot in ill.stdout
        assert client.hget(partition.calendar(expert), slot) == damaged, "a look changes nothing"
        mended = slotline("audit", "--repair", **urls)
        assert mended.returncode == 0, mended.stdout + mended.stderr
        assert "✓ freed" in mended.stdout
        assert client.hget(partition.calendar(expert), slot) == record
        client.xadd(partition.poison, {"id": "nonsense", "why": "it was refused"})
        poison = slotline("audit", "--repair", **urls)
        assert poison.returncode == 1
        assert "poison" in poison.stdout
        assert "nonsense: it was refused" in poison.stderr
        client.delete(partition.poison)

        stray = f"{expert}-{'0' * 32}"
        client.set(partition.booking(stray), "no record")
        assert slotline("audit", **urls).returncode == 0, "nothing points to it"
        walked = slotline("audit", "--thorough", **urls)
        assert walked.returncode == 1
        assert "booking-differs" in walked.stdout
        assert slotline("audit", "--thorough", "--repair", **urls).returncode == 0

        client.delete(partition.calendar(expert))
        epoch = client.get(partition.epoch)
        rebuilt = slotline("rebuild", **urls)
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
        assert "Rebuilt 16 partitions" in rebuilt.stdout
        assert "slots/s" in rebuilt.stdout
        assert client.get(partition.epoch) != epoch
        assert client.hget(partition.calendar(expert), slot) == record
    assert slotline("audit", **urls).returncode == 0


def test_an_entry_that_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What is found in Redis went into the table as markup: a bracket in it was not shown, or was a traceback."""
    audit.show(Report([Finding("poison", 1, "[b]1-1", "\\[/] [/b]")]), [])
    shown = capsys.readouterr().out
    assert "[b]1-1" in shown
    assert "\\[/] [/b]" in shown


def test_what_could_not_be_judged_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said that Redis and MongoDB agree, and ended with 0."""

    async def look(settings: Settings, repair: bool, thorough: bool) -> audit.Looked:
        return Report(unsettled={"busyexpert"}), [], None

    monkeypatch.setattr(audit, "look", look)
    monkeypatch.setattr(audit.reach, "servers", nullcontext)
    with pytest.raises(typer.Exit) as end:
        audit.command(repair=False)
    assert end.value.exit_code == 1
    told = "".join(capsys.readouterr())
    assert "1 expert changed too fast to be judged" in told
    assert "agree" not in told


def some_slot(client: redis.Redis):  # type: ignore[no-untyped-def]
    """A coming slot: its partition, expert, id and record."""
    for partition in Keys(16).partitions:
        for expert in client.smembers(partition.experts):
            slot, record = max(client.hgetall(partition.calendar(expert)).items())
            return partition, expert, slot, record
    raise AssertionError("there is no slot")
