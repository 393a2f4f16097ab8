"""The app for phones: it can be bundled for both, and Expo Go gets the manifest it asks for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from engine.stack.ports import free_port
from tests.needs import packages

SDK = "54.0.0"

ENVIRONMENT = {**os.environ, "CI": "1", "EXPO_OFFLINE": "1", "EXPO_NO_TELEMETRY": "1", "EXPO_NO_DOTENV": "1"}


@pytest.mark.timeout(600)
def test_the_app_can_be_exported_for_ios_and_android(tmp_path: Path) -> None:
    command = ["npx", "expo", "export", "--platform", "android", "--platform", "ios", "--output-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=packages(), env=ENVIRONMENT, capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    made = json.loads((tmp_path / "metadata.json").read_text())["fileMetadata"]
    for platform in ("android", "ios"):
        bundle = tmp_path / made[platform]["bundle"]
        assert bundle.suffix == ".hbc", "Hermes bytecode, as Expo Go runs it"
        assert bundle.stat().st_size > 500_000
        fonts = [asset for asset in made[platform]["assets"] if asset["ext"] == "ttf"]
        assert len(fonts) >= 5, "the app's own typefaces come with it"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("platform", ["ios", "android"])
def test_expo_go_gets_a_manifest_for_its_sdk(platform: str) -> None:
    port = free_port()
    with subprocess.Popen(
        ["npx", "expo", "start", "--port", str(port), "--localhost"],
        cwd=packages(),
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as metro:
        try:
            manifest = ask_for_manifest(port, platform)
        finally:
            os.killpg(metro.pid, signal.SIGTERM)
            try:
                metro.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(metro.pid, signal.SIGKILL)
    assert manifest["runtimeVersion"] == f"exposdk:{SDK}"
    expo = manifest["extra"]["expoClient"]
    assert (expo["name"], expo["sdkVersion"]) == ("Slotline", SDK)
    assert platform in expo["platforms"]
    assert manifest["launchAsset"]["url"].startswith(f"http://127.0.0.1:{port}/")
    assert f"platform={platform}" in manifest["launchAsset"]["url"]


def ask_for_manifest(port: int, platform: str) -> dict[str, dict[str, dict[str, str]]]:
    """As Expo Go does."""
    headers = {"Expo-Platform": platform, "Accept": "application/expo+json,application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)
    deadline = time.monotonic() + 150
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                manifest: dict[str, dict[str, dict[str, str]]] = json.load(answer)
                return manifest
        except OSError:
            assert time.monotonic() < deadline, "Metro does not answer"
            time.sleep(0.3)
