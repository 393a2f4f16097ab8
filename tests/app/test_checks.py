"""The app's own checks: types, its tests as an iPhone and as an Android phone, and that its client fits the server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import api.app  # noqa: F401  (its import declares the routes)
from api.openapi import document
from api.routes import ROUTES
from tests.needs import MOBILE, packages


def run(*command: str, seconds: float) -> None:
    environment = {**os.environ, "CI": "1", "EXPO_NO_TELEMETRY": "1", "EXPO_OFFLINE": "1"}
    done = subprocess.run(
        command, cwd=packages(), env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[-6000:]}"


@pytest.mark.timeout(300)
def test_the_app_passes_its_type_check() -> None:
    run("npx", "tsc", "--noEmit", seconds=280)


@pytest.mark.timeout(500)
def test_the_app_passes_its_tests_on_ios_and_android() -> None:
    run("npx", "jest", "--ci", "--forceExit", seconds=480)


def test_the_apps_client_fits_the_servers_api(tmp_path: Path) -> None:
    """mobile/api/schema.d.ts is made from the OpenAPI document: `make client` after a change of the API."""
    published = tmp_path / "openapi.json"
    published.write_text(json.dumps(document(ROUTES, open_to_all=False)))
    run("node", "scripts/client.mjs", "--check", str(published), seconds=100)


def test_a_client_that_drifted_is_noticed(tmp_path: Path) -> None:
    changed = document(ROUTES, open_to_all=False)
    del changed["components"]["schemas"]["Slot"]["properties"]["seats"]
    published = tmp_path / "openapi.json"
    published.write_text(json.dumps(changed))
    with pytest.raises(AssertionError, match="run `make client`"):
        run("node", "scripts/client.mjs", "--check", str(published), seconds=100)


def test_the_lock_file_names_no_host() -> None:
    text = (MOBILE / "package-lock.json").read_text()
    locked = json.loads(text)["packages"]
    assert '"resolved"' not in text
    assert not re.search(r"https?://[^\"]*regist", text)
    assert all("integrity" in entry for name, entry in locked.items() if name), "every package is pinned by its hash"
