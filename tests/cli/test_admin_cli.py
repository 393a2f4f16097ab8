"""Experts, slots and bookings on the command line."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import time
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from engine.cli import experts
from engine.cli.signals import Interrupted, interruptible
from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.model import Status
from engine.settings import Settings
from engine.stack import Stack
from tests.api.admin import ALWAYS, EXPERT, instant
from tests.cli.command_line import Slotline, command, environment
from tests.samples import make_sample

DATABASE = "administered"


@pytest.fixture
def slotline(slotline: Slotline, stack: Stack) -> Slotline:
    """On the stack of this module."""
    folder = {"DATA_DIR": str(stack.data_dir), "MONGO_DATABASE": DATABASE}
    return lambda *words, **changes: slotline(*words, **{**folder, **changes})


@pytest.fixture
def settings(stack: Stack) -> Settings:
    return Settings(
        redis_url=stack.redis_url, mongo_url=stack.mongo_url, mongo_database=DATABASE, data_dir=stack.data_dir,
        _env_file=None,  # type: ignore[call-arg]
    )  # fmt: skip


ADD = (
    "--name", "Zoë Nguyễn", "--category", "Law", "--headline", "Tenancy law", "--languages", "English;Tiếng Việt",
    "--time-zone", "Europe/Berlin", "--experience", "15", "--email", "zoe@example.com", "--phone", "+49301234567",
)  # fmt: skip


async def test_an_expert_from_beginning_to_end(slotline: Slotline, engine: Engine) -> None:
    added = slotline("expert", "add", *ADD)
    assert added.returncode == 0, added.stderr
    expert_id = added.stdout.strip()
    expert = await engine.store.experts.get(expert_id)
    assert expert is not None
    assert (expert.name, expert.languages) == ("Zoë Nguyễn", ("English", "Tiếng Việt"))

    wrong = slotline("expert", "edit", expert_id, "--time-zone", "Mars", "--name", "Z")
    assert wrong.returncode == 1
    assert "timeZone: there is no time zone 'Mars'" in wrong.stderr
    assert "name: " in wrong.stderr
    assert await engine.store.experts.get(expert_id) == expert, "nothing has changed"
    assert slotline("expert", "edit", expert_id, "--headline", "Family law").returncode == 0
    changed = await engine.store.experts.get(expert_id)
    assert changed is not None
    assert (changed.name, changed.headline) == ("Zoë Nguyễn", "Family law")

    start = int(time.time()) // 3600 * 3600 + 7200
    slots = slotline("slots", "add", expert_id, instant(start), "--minutes", "45", "--times", "2", "--seats", "2")
    assert slots.returncode == 0, slots.stderr
    assert [slot.start for slot in (await engine.calendars.read(expert_id)).slots] == [start, start + 45 * 60]
    overlapping = slotline("slots", "add", expert_id, instant(start + 60))
    assert (overlapping.returncode, "overlap" in overlapping.stderr) == (1, True)

    assert slotline("expert", "remove", expert_id).returncode == 0
    assert await engine.store.experts.get(expert_id) is None
    assert all(slot.closed for slot in (await engine.calendars.read(expert_id)).slots)


async def test_an_import_is_all_or_nothing_unless_told_otherwise(
    slotline: Slotline, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "experts.jsonl"
    rows = [{**EXPERT, "email": f"expert{number}@example.com"} for number in range(4)]
    rows[2]["phone"] = "call me"
    file.write_text("\n".join(map(json.dumps, rows)))
    before = await engine.count_experts()
    refused = slotline("expert", "import", str(file))
    assert refused.returncode == 1
    assert "experts.jsonl:3: phone: must be a phone number" in refused.stderr
    assert "nothing was added" in refused.stderr
    assert await engine.count_experts() == before
    done = slotline("expert", "import", str(file), "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Added 3 experts; 1 bad row left out.\n"
    assert "experts.jsonl:3" in done.stderr
    assert await engine.count_experts() == before + 3
    again = slotline("expert", "import", str(file), "--skip-bad")
    assert again.stdout == "Added 0 experts; 4 bad rows left out.\n"


async def test_a_list_that_breaks_off_adds_nothing_even_if_bad_rows_may_be_left_out(
    slotline: Slotline, engine: Engine, tmp_path: Path
) -> None:
    """A file that had been cut off behind a comma was added as if it were whole."""
    file = tmp_path / "experts.json"
    file.write_text("[" + ",\n".join(json.dumps({**EXPERT, "email": f"cut{n}@example.com"}) for n in range(2)) + ",\n")
    for words in ([], ["--skip-bad"]):
        refused = slotline("expert", "import", str(file), *words)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "nothing was added: what follows in experts.json from line 3 on cannot be read" in refused.stderr
    assert not {"cut0@example.com", "cut1@example.com"} & set(await engine.expert_emails())


async def test_an_interrupted_import_says_how_to_go_on(slotline: Slotline, engine: Engine, tmp_path: Path) -> None:
    """It said nothing. Repeated, it called every row bad: the experts of most were there, and no others were added."""
    file = tmp_path / "many.jsonl"
    most = 4000
    file.write_text("\n".join(json.dumps({**EXPERT, "email": f"many{number}@example.com"}) for number in range(most)))
    before = await engine.count_experts()
    with subprocess.Popen(
        command("expert", "import", str(file)),
        env=environment(tmp_path, REDIS_URL=engine.settings.redis_url or "", MONGO_DATABASE=DATABASE)
        | {"MONGO_URL": engine.settings.mongo_url or ""},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while await engine.count_experts() == before:
            assert process.poll() is None
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    told = re.fullmatch(r"Stopped: ([\d,]+) experts? added, and .*; run it again with --skip-bad .*\n", said)
    assert told, said
    assert await engine.count_experts() < before + most
    rest = slotline("expert", "import", str(file), "--skip-bad")
    counts = re.fullmatch(r"Added ([\d,]+) experts?; ([\d,]+) bad rows? left out.\n", rest.stdout)
    assert counts, rest.stderr
    first, new, old = (int(text.replace(",", "")) for text in (told[1], *counts.groups()))
    assert (new + old, await engine.count_experts()) == (most, before + most)
    assert first <= old <= first + experts.CHUNK


@pytest.mark.parametrize("stopped", [True, False])
def test_an_interruption_of_which_c_code_made_another_error_is_one_still(stopped: bool) -> None:
    """An import that was stopped while PyMongo encoded a chunk ended with a traceback."""

    def encode() -> None:
        try:
            if stopped:
                signal.raise_signal(signal.SIGINT)
        finally:
            raise SystemError("bad argument to internal function")

    with pytest.raises(Interrupted if stopped else SystemError), interruptible():
        encode()


def test_an_import_that_fails_on_its_way_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It said what had happened, but not that a part was there."""
    file = tmp_path / "experts.jsonl"
    file.write_text("\n".join(json.dumps({**EXPERT, "email": f"some{n}@example.com"}) for n in range(150)))
    engine = AsyncMock()
    engine.expert_emails.return_value = {}
    engine.admin.add_all.side_effect = [100, StoreUnavailable()]
    monkeypatch.setattr(experts, "with_engine", lambda work: asyncio.run(work(engine)))
    with pytest.raises(StoreUnavailable):
        experts.import_(file)
    assert capsys.readouterr().out.startswith("Not all were added: 100 experts added, and perhaps up to 100 more; run")


async def test_bookings_and_a_slot_that_has_some(slotline: Slotline, engine: Engine) -> None:
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    one, two = [(await engine.book(sample.request(-1, notes="[bold]loud[/bold]"))).booking.id for _ in range(2)]
    listed = slotline("bookings", "list", "--expert", sample.expert.id, COLUMNS="300")
    assert listed.returncode == 0, listed.stderr
    assert "[bold]loud[/bold]" in listed.stdout, "what a customer wrote is no markup"
    assert "2 in all" in listed.stdout
    assert "2 in all" in slotline("bookings", "list", "--email", "ANN@example.com", COLUMNS="300").stdout
    assert slotline("bookings", "list").returncode == 1

    assert slotline("bookings", "confirm", one, "--reason", "by telephone").stdout == f"{one} is confirmed.\n"
    last = (await engine.booking(one)).history[-1]
    assert (last.to_status, last.by, last.reason) == (Status.CONFIRMED, "admin", "by telephone")
    assert slotline("bookings", "complete", one).returncode == 0
    wrong = slotline("bookings", "cancel", one)
    assert (wrong.returncode, "cannot go" in wrong.stderr) == (1, True)

    path = sample.group.id
    refused = slotline("slots", "close", path)
    assert refused.returncode == 1
    assert "2 active bookings" in refused.stderr
    assert "--bookings keep or --bookings cancel" in refused.stderr
    assert not (await engine.calendars.read(sample.expert.id)).slots[-1].closed
    closed = slotline("slots", "close", path, "--bookings", "cancel", "--reason", "flooded")
    assert closed.stdout == "Closed; bookings kept: 1, cancelled: 1.\n", "what is completed stays"
    assert (await engine.booking(two)).status is Status.CANCELLED
    assert slotline("slots", "open", path).stdout == "Open, with 6 of 7 seats free.\n"
    assert slotline("slots", "close", path, "--bookings", "burn").returncode == 2
    assert slotline("bookings", "cancel", "nobody-1").returncode == 1


async def test_notes_that_look_like_an_escaped_tag_are_shown_as_they_were_written(
    slotline: Slotline, engine: Engine
) -> None:
    """Brackets were escaped with a backslash. One that was there already took the new one for its own escape, and what
    a customer wrote was live markup: a closing tag without an opening one ended the list with a traceback."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    await engine.book(sample.request(0, notes="\\[/] and \\[red]"))
    listed = slotline("bookings", "list", "--expert", sample.expert.id, COLUMNS="300")
    assert listed.returncode == 0, listed.stderr
    assert "\\[/] and \\[red]" in listed.stdout


async def test_the_hours_of_an_expert(slotline: Slotline, engine: Engine, tmp_path: Path) -> None:
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 400 * 86_400)
    none = slotline("expert", "hours", sample.expert.id)
    assert (none.returncode, none.stdout) == (1, "")
    assert "by hand" in none.stderr
    file = tmp_path / "hours.json"
    file.write_text(json.dumps(ALWAYS))
    put = slotline("expert", "hours", sample.expert.id, str(file))
    assert put.returncode == 0, put.stderr
    shown = await engine.calendar(sample.expert.id)
    assert f"Slots added: {len(shown.slots) - len(sample.slots)}, opened: 0, closed: 0" in put.stdout
    told = slotline("expert", "hours", sample.expert.id)
    assert json.loads(told.stdout) == {"exceptions": [], "bufferMinutes": 0, "seats": 1, "noticeMinutes": 0, **ALWAYS}
    file.write_text(told.stdout)
    assert "Slots added: 0" in slotline("expert", "hours", sample.expert.id, str(file)).stdout, "what it tells it takes"
    for wrong, why in (
        ("{", "cannot be read as JSON"),
        ("[]", "cannot be read as JSON: it is no object"),
        ("[" * 100_000, "cannot be read as JSON: maximum recursion depth"),
        (json.dumps({**ALWAYS, "slotMinutes": 1}), "slotMinutes: "),
        (json.dumps({**ALWAYS, "weekly": ALWAYS["weekly"] * 2}), "opening hours overlap"),
    ):
        file.write_text(wrong)
        refused = slotline("expert", "hours", sample.expert.id, str(file))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert why in refused.stderr
    nobody = slotline("expert", "hours", "nobody0000")
    assert (nobody.returncode, "There is no such expert" in nobody.stderr) == (1, True)
