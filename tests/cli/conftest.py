from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.stack import Stack
from tests.cli.command_line import Slotline, command, environment


@pytest.fixture
def slotline(tmp_path: Path) -> Slotline:
    """``slotline("seed", "--weeks", "1", MONGO_URL=…)`` runs it in an empty folder; answers the finished process."""

    def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            env=environment(tmp_path, **changes),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as both:
        yield both
