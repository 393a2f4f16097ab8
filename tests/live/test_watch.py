"""``slotline watch``."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx

from engine.engine import Engine
from tests.api.serving import Server
from tests.cli.command_line import command, environment
from tests.live.watching import book
from tests.samples import Sample

CLOSED = "http://127.0.0.1:1"


async def slotline(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words), env=environment(folder), capture_output=True, text=True, timeout=40, check=False
        )

    return await asyncio.to_thread(run)


async def test_once_shows_the_calendar_and_ends(
    server: Server, tmp_path: Path, client: httpx.AsyncClient, sample: Sample
) -> None:
    await book(client, sample, 8)
    done = await slotline(tmp_path, "watch", sample.expert.id, "--url", server.base, "--tz", "UTC", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    for slot in sample.slots[:8]:
        assert time.strftime("%H:%M", time.gmtime(slot.start)) in done.stdout
    assert f"{time.strftime('%H:%M', time.gmtime(sample.group.start))}·6" in done.stdout


async def test_what_cannot_be_watched_is_one_line(server: Server, tmp_path: Path, sample: Sample) -> None:
    wrong = {
        "there is no expert nobody": ("nobody", "--url", server.base),
        "there is no time zone Mars/Olympus": (sample.expert.id, "--url", server.base, "--tz", "Mars/Olympus"),
        "does not answer": (sample.expert.id, "--url", CLOSED),
    }
    for complaint, words in wrong.items():
        done = await slotline(tmp_path, "watch", *words)
        assert done.returncode == 1
        assert complaint in done.stderr
        assert len(done.stderr.splitlines()) == 1


async def test_without_a_terminal_each_change_is_a_line(
    server: Server, tmp_path: Path, engine: Engine, client: httpx.AsyncClient, sample: Sample
) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("watch", sample.expert.id, "--url", server.base, "--tz", "UTC"),
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        lines: list[str] = []
        async with asyncio.timeout(30):
            number = 0
            while not lines:  # until it watches, nobody is told
                hold = await engine.holds.hold(sample.slots[number % 8].id)
                await engine.holds.release(hold.token)
                number += 1
                try:
                    lines.append((await asyncio.wait_for(process.stdout.readline(), 0.5)).decode())
                except TimeoutError:
                    continue
            await book(client, sample, 8)
            while "6 of 7 free" not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
        assert all(re.search(r"\d\d:\d\d  \w+ → \w+", line) for line in lines)
        assert "open → open (6 of 7 free)" in lines[-1]
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_in_a_terminal_it_redraws(
    server: Server, tmp_path: Path, client: httpx.AsyncClient, sample: Sample
) -> None:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = await asyncio.create_subprocess_exec(
        *command("watch", sample.expert.id, "--url", server.base, "--tz", "UTC"),
        env=environment(tmp_path, TERM="xterm-256color", COLUMNS="100", LINES="30"),
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = ""

    async def until(text: str) -> None:
        nonlocal seen
        async with asyncio.timeout(30):
            while text not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen):
                try:
                    seen += os.read(ours, 65_536).decode(errors="replace")
                except BlockingIOError:
                    await asyncio.sleep(0.05)

    try:
        await until("live")
        await book(client, sample, 2)
        await until("open → booked")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
        os.close(ours)
