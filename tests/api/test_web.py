"""The app's build at ``/``: what is sent for which address, how, and for how long it may be kept."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from api.web import Site, accepted
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, eventually, serving

PAGE = "<!doctype html><title>Slotline</title><div id=root></div>"
SCRIPT = "console.log('a script that is long enough to be worth compressing')" * 20
HASHED = "/_expo/static/js/web/index-76fb534a7c44813194bd1d1b2021594e.js"
PACKED = {"br": b"as brotli", "gzip": gzip.compress(SCRIPT.encode(), mtime=0), None: SCRIPT.encode()}
NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def build(folder: Path) -> Path:
    files: dict[str, bytes] = {
        "/index.html": PAGE.encode(),
        "/favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "/fonts/hanken-grotesk-latin.e9201eddf1d41d0b.woff2": b"wOF2",
        HASHED: SCRIPT.encode(),
        HASHED + ".gz": PACKED["gzip"],
        HASHED + ".br": PACKED["br"],
    }
    for name, content in files.items():
        path = folder / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def site(mongo_server: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("web")
    with (
        RedisServer(folder / "redis", persist=False) as redis,
        serving(redis, mongo_server, "web", folder, workers=1, web_dir=build(folder / "dist")) as served,
    ):
        yield served


@pytest.fixture
async def browser(site: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/experts/abc", "/experts/abc/book/abc-1", "/bookings"])
async def test_an_address_of_the_app_gets_its_page_which_is_asked_for_each_time(
    browser: httpx.AsyncClient, path: str
) -> None:
    answer = await browser.get(path, headers=NAVIGATION)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = await browser.get(path, headers={**NAVIGATION, "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_may_load_from_here_only(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers=NAVIGATION)
    policies = answer.headers.get_list("content-security-policy")
    assert len(policies) == 1
    rules = dict(rule.strip().partition(" ")[::2] for rule in policies[0].split(";"))
    assert rules["default-src"] in ("'none'", "'self'")
    assert rules["script-src"] == "'self'"
    assert "http" not in policies[0].replace("https://", "")
    assert rules["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("wants", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)]
)
async def test_a_script_comes_as_small_as_the_browser_can_read_it_and_for_ever(
    browser: httpx.AsyncClient, wants: str, encoding: str | None
) -> None:
    async with browser.stream("GET", HASHED, headers={"Accept-Encoding": wants}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert {"br": b"as brotli", "gzip": gzip.compress(SCRIPT.encode()), None: SCRIPT.encode()}[encoding][10:] == body[
        10:
    ]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in answer.headers["content-type"]


async def test_a_head_is_a_get_without_its_body(browser: httpx.AsyncClient) -> None:
    answer = await browser.head("/favicon.svg")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/nothing"),
        ("GET", "/api/../api/nothing"),
        ("POST", "/api/nothing"),
        ("POST", "/experts/abc"),
        ("GET", "/_expo/static/js/web/index-of-yesterday.js"),
        ("GET", HASHED + ".br"),
        ("GET", "/../pyproject.toml"),
        ("GET", "/%2e%2e/secret.toml"),
        ("GET", "//etc/passwd.txt"),
    ],
)
async def test_what_is_no_page_and_no_file_stays_a_problem(browser: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await browser.request(method, path, headers=NAVIGATION)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


async def test_a_program_that_asks_for_no_page_gets_a_problem(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/experts/abc", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_the_apis_own_pages_stay_where_they_are(browser: httpx.AsyncClient) -> None:
    assert "Slotline API" in (await browser.get("/docs", headers=NAVIGATION)).text
    assert (await browser.get("/healthz")).json() == {"status": "ok"}


async def test_a_build_that_is_made_while_the_server_runs_is_sent_from_then_on(
    mongo_server: MongoServer, tmp_path: Path
) -> None:
    with (
        RedisServer(tmp_path / "redis", persist=False) as redis,
        serving(redis, mongo_server, "web_late", tmp_path, workers=1, web_dir=tmp_path / "dist") as served,
    ):
        async with httpx.AsyncClient(base_url=served.base) as browser:
            before = await browser.get("/", headers=NAVIGATION)
            assert before.status_code == 404
            assert "make web" in before.text
            build(tmp_path / "dist")

            async def is_there() -> bool:
                return (await browser.get("/", headers=NAVIGATION)).text == PAGE

            await eventually(is_there)


def test_a_newer_build_replaces_the_older_one(tmp_path: Path) -> None:
    site = Site(build(tmp_path))
    assert site.find(HASHED)
    (tmp_path / HASHED[1:]).rename(tmp_path / "other-0123456789abcdef.js")
    os.utime(tmp_path / "index.html", (1, 1))
    assert site.find(HASHED) is None
    assert site.find("/other-0123456789abcdef.js")


def test_an_encoding_that_is_weighed_at_nothing_is_not_accepted() -> None:
    assert accepted("gzip, br;q=0.5, zstd;q=0, deflate; q = 0.000") == {"gzip", "br"}
    assert accepted("") == {""}
