from __future__ import annotations

import secrets
import socket
import subprocess
import time
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from engine.cli import watch
from engine.cli.reach import redis_client
from engine.cli.say import shown
from engine.errors import StoreUnavailable
from engine.settings import Settings
from engine.stack import RedisServer, Stack
from engine.store import Store
from tests.cli.command_line import CLOSED, SECRET, Slotline


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The complaint of a command that failed as it should."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    line, rest = done.stderr.split("\n", 1)
    assert rest == ""
    assert line.startswith("slotline: ")
    return line.removeprefix("slotline: ")


def test_usage(slotline: Slotline) -> None:
    assert slotline("--help").returncode == 0
    for words in ([], ["fly"], ["up", "--what"], ["seed", "--experts", "none"]):
        assert slotline(*words).returncode == 2, words


@pytest.mark.parametrize("verb", ["up", "serve", "seed"])
def test_an_unreachable_server_is_one_line_soon_and_no_password(slotline: Slotline, verb: str) -> None:
    began = time.monotonic()
    mongo = slotline(verb, MONGO_URL=f"mongodb://me:{SECRET}@{CLOSED}/?a=b", REDIS_URL=f"redis://:{SECRET}@{CLOSED}")
    assert one_line(mongo) == f"cannot reach Redis at redis://{CLOSED}; look at REDIS_URL, and whether it runs"
    assert time.monotonic() - began < 8


def test_a_wrong_mongo_url(slotline: Slotline, stack: Stack) -> None:
    redis = {"REDIS_URL": stack.redis_url or ""}
    assert one_line(slotline("up", MONGO_URL=f"mongodb://me:{SECRET}@{CLOSED}/", **redis)).startswith(
        f"cannot reach MongoDB at mongodb://{CLOSED}/; look at MONGO_URL"
    )
    assert "not a mongodb:// URL" in one_line(slotline("up", MONGO_URL=SECRET, **redis))
    assert "not a valid mongodb:// URL" in one_line(slotline("up", MONGO_URL=f"mongodb://me:{SECRET}", **redis))
    assert "not a valid redis://" in one_line(slotline("up", REDIS_URL=f"https://me:{SECRET}@{CLOSED}"))


def test_a_url_that_the_drivers_stumble_over_is_one_line(slotline: Slotline, stack: Stack) -> None:
    """Each was a traceback: redis-py has an error for clusters that is none of its errors, and looks at the options of
    a URL no sooner than it connects; PyMongo reads the files that are named in one as soon as it has it."""
    mongo = {"MONGO_URL": stack.mongo_url or ""}
    assert isinstance(stack.redis, RedisServer)
    own = f"127.0.0.1:{stack.redis.port}"
    for verb in ("up", "audit"):
        for url, said in (
            (f"redis+cluster://:{SECRET}@{CLOSED}", f"cannot reach Redis at redis+cluster://{CLOSED}"),
            (f"redis+cluster://{own}", f"Redis at redis+cluster://{own} is no cluster"),
            (f"redis://:{SECRET}@{own}/0?foo=bar", "REDIS_URL has an option that is not known"),
            (f"redis://{own}/0?retry=3", "REDIS_URL has an option that is not known or not valid"),
        ):
            assert one_line(slotline(verb, REDIS_URL=url, **mongo)).startswith(said)
        file = f"mongodb://me:{SECRET}@{CLOSED}/?tls=true&tlsCAFile=/nonexistent"
        assert one_line(slotline(verb, REDIS_URL=stack.redis_url or "", MONGO_URL=file)) == (
            "MONGO_URL: a file that it names cannot be read: No such file or directory"
        )
    done = slotline("doctor", REDIS_URL=f"redis+cluster://{own}", MONGO_URL=file)
    assert (done.returncode, done.stderr) == (1, "")
    assert "is no cluster" in done.stdout
    assert "a file that it names cannot be read" in done.stdout
    with pytest.raises(StoreUnavailable, match=r"MONGO_URL cannot be used: .*No such file"):
        Store(file, "none", timeout=1)


def test_an_env_file_in_another_encoding_is_one_line(slotline: Slotline, tmp_path: Path) -> None:
    """It was a traceback of the decoder, which did not say what it had read."""
    (tmp_path / ".env").write_bytes("MAIL_FROM=Müller <a@b.de>\n".encode("latin-1"))
    for verb in ("up", "audit"):
        assert one_line(slotline(verb)) == ".env is not UTF-8 text"
    done = slotline("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "settings: .env is not UTF-8 text" in done.stdout


def test_an_env_file_from_windows_counts_from_its_first_line(slotline: Slotline, tmp_path: Path) -> None:
    """Its first setting was of another name, for the mark that some editors put before it, and passed over."""
    (tmp_path / ".env").write_text("ACCESS=closed\n", encoding="utf-8-sig")
    assert one_line(slotline("up")).startswith("ACCESS: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("slots", "add", "abc", "9999-12-31T23:59Z"), "a slot begins within the next two years"),
        (("slots", "add", "abc", "0001-01-01T00:00+10:00"), "a slot begins within the next two years"),
        (("slots", "add", "abc", "2027-03-01T09:00Z", "--minutes", "9" * 14), "lasts 5 minutes to 24 hours"),
        (("watch", "abc", "--once", "--tz", "America"), "there is no time zone America"),
        (("bookings", "list", "--email", "\udcff@example.com"), "the command line is not UTF-8 text"),
        (("expert", "remove", "\udcff"), "the command line is not UTF-8 text"),
        (("bookings", "cancel", "abc-1", "--reason", "\udce9"), "the command line is not UTF-8 text"),
    ],
)
def test_words_that_make_no_sense_are_one_line(slotline: Slotline, words: tuple[str, ...], said: str) -> None:
    """Each was a traceback: of a date beyond the calendar, of a folder of zones, or of a driver that wants UTF-8."""
    assert said in one_line(slotline(*words))


def test_watch_puts_an_address_of_ipv6_in_brackets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With HOST=::1 it looked for a server at http://::1:8000, and never found the one that ran there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOST", "::1")
    monkeypatch.setenv("PORT", "8000")
    asked = AsyncMock()
    monkeypatch.setattr(watch, "watch", asked)
    watch.command("abc", url="", tz="")
    assert asked.call_args[0][:2] == ("http://[::1]:8000", "abc")


def test_a_page_beyond_all_pages_is_wrong_usage(slotline: Slotline) -> None:
    """The number went to MongoDB, which takes 64 bits, and came back as a traceback."""
    done = slotline("bookings", "list", "--email", "a@example.com", "--page", "9" * 20)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_busy_port(slotline: Slotline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert one_line(slotline("up", PORT=str(port))) == (
            f"port {port} of 127.0.0.1 is in use; stop what uses it, or set PORT"
        )


@pytest.mark.parametrize("verb", ["up", "seed"])
def test_a_data_folder_that_cannot_be_written(slotline: Slotline, tmp_path: Path, verb: str) -> None:
    (tmp_path / "file").touch()
    assert one_line(slotline(verb, DATA_DIR=str(tmp_path / "file" / "data"))).startswith(
        "cannot write in the data folder"
    )


def test_settings_that_are_not_valid_are_named_without_their_values(slotline: Slotline) -> None:
    assert one_line(slotline("up", PORT="99999", WORKERS=SECRET)) == (
        "PORT: Input should be less than or equal to 65535; "
        "WORKERS: Input should be a valid integer, unable to parse string as an integer"
    )


@pytest.mark.parametrize(
    "name", ["TOKEN_SECONDS", "KEEP_PAST", "KEEP_BOOKINGS", "LOG_AGE", "HOLD_SECONDS", "HOLD_MOST"]
)
def test_for_ever_is_ten_years(slotline: Slotline, name: str) -> None:
    """The server started, and each booking was a 500: the scripts do not take such a number."""
    assert one_line(slotline("up", **{name: "9" * 23})) == (f"{name}: Input should be less than or equal to 315360000")
    longest = {"keep_bookings": 315_360_000, name.lower(): 315_360_000}
    assert Settings(_env_file=None, **longest)  # type: ignore[arg-type]


def test_a_slot_does_not_stay_for_longer_than_its_bookings(slotline: Slotline) -> None:
    """The key of a booking was forgotten, and its repetition answered as another customer's who came too late."""
    assert one_line(slotline("up", KEEP_BOOKINGS="86399")) == (
        "KEEP_PAST=86400 keeps slots for longer than their bookings: KEEP_BOOKINGS is 86399, and may not be less"
    )
    for seconds in (0, 86_400):
        assert Settings(_env_file=None, keep_past=seconds, keep_bookings=seconds)  # type: ignore[call-arg]


def test_an_open_server_stays_on_this_machine(slotline: Slotline) -> None:
    assert "listens on loopback only, not on 0.0.0.0" in one_line(slotline("up", HOST="0.0.0.0", ACCESS="open"))
    assert "listens on loopback only, not on 0.0.0.0" in one_line(slotline("up", HOST="0.0.0.0", RATE_LIMITS="off"))
    assert "listens on loopback only, not on 0.0.0.0" in one_line(slotline("up", HOST="0.0.0.0", PRINT_CODES="on"))
    assert "SMTP_URL is not set" in one_line(slotline("up", HOST="0.0.0.0"))


@pytest.mark.parametrize("name", ["SECRET", "ADMIN_TOKEN"])
@pytest.mark.parametrize("value", [SECRET, "x" * 64, "changeme-" * 8, "abcabcabc" * 8])
def test_a_secret_that_can_be_guessed_is_refused_and_not_repeated(slotline: Slotline, name: str, value: str) -> None:
    said = one_line(slotline("up", **{name: value}))
    assert said.startswith(f"{name}: ")
    assert "openssl rand" in said
    assert value not in said


@pytest.mark.parametrize("name", ["secret", "admin-token"])
@pytest.mark.parametrize("kept", [b"", b"changeme", b"\xff" * 40])
def test_a_kept_secret_that_is_none_is_one_line(slotline: Slotline, tmp_path: Path, name: str, kept: bytes) -> None:
    """An empty file, as a full disk leaves it, passed for a secret: each worker ended with a traceback."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(kept)
    said = one_line(slotline("up"))
    assert said.startswith(str(tmp_path / "data" / name))
    assert "remove it, and another one is made" in said


def test_an_empty_data_folder_is_the_usual_one(slotline: Slotline, tmp_path: Path) -> None:
    """It was the current folder, and the servers' files lay about in it."""
    done = slotline("doctor", DATA_DIR="")
    assert "data folder .data can be written" in done.stdout
    (tmp_path / ".env").write_text("DATA_DIR=\n")
    assert Settings(_env_file=tmp_path / ".env").data_dir == Path(".data")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", f"https://me:{SECRET}@mail"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, everybody"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "*"),
        ("ACCESS", "closed"),
    ],
)
def test_an_access_setting_that_is_not_valid_is_named(slotline: Slotline, name: str, value: str) -> None:
    assert one_line(slotline("up", **{name: value})).startswith(f"{name}: ")


def test_serve_wants_a_secret_from_the_environment_and_a_way_to_send_codes(slotline: Slotline, stack: Stack) -> None:
    urls = {"REDIS_URL": stack.redis_url or "", "MONGO_URL": stack.mongo_url or "", "MONGO_DATABASE": "closed"}
    assert one_line(slotline("serve", **urls)).startswith("SECRET is not set")
    secret = secrets.token_urlsafe(33)
    assert one_line(slotline("serve", SECRET=secret, **urls)).startswith("SMTP_URL is not set")


def test_serve_brings_no_servers_of_its_own(slotline: Slotline) -> None:
    assert one_line(slotline("serve")).startswith("set REDIS_URL and MONGO_URL; or use `slotline up`")


def test_seed_adds_once_and_then_nothing_new(slotline: Slotline, stack: Stack) -> None:
    urls = {"REDIS_URL": stack.redis_url or "", "MONGO_URL": stack.mongo_url or "", "MONGO_DATABASE": "seeded"}
    empty_redis(stack)
    first = slotline("seed", "--experts", "3", "--weeks", "1", **urls)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Added 3 experts and ")
    assert "slots/s" in first.stdout
    again = slotline("seed", "--experts", "3", "--weeks", "1", **urls)
    assert again.stdout == "Nothing new: these experts and slots are there already.\n"


def test_two_slotlines_do_not_share_a_redis(slotline: Slotline, stack: Stack) -> None:
    """The repair of the one took all slots of the other off sale."""
    empty_redis(stack)
    urls = {"REDIS_URL": stack.redis_url or "", "MONGO_URL": stack.mongo_url or ""}
    assert slotline("seed", "--experts", "1", "--weeks", "1", MONGO_DATABASE="ours", **urls).returncode == 0
    for words in (["audit", "--repair"], ["seed"], ["rebuild"], ["up"]):
        assert one_line(slotline(*words, MONGO_DATABASE="theirs", **urls)) == (
            "this Redis belongs to another Slotline, whose database is ours, and not to that of theirs: "
            "give each a Redis of its own, or end the other one and empty this Redis (FLUSHALL)"
        )
    empty_redis(stack)
    assert slotline("audit", MONGO_DATABASE="theirs", **urls).returncode == 0


def empty_redis(stack: Stack) -> None:
    with redis_client(stack.redis_url or "") as client:
        client.flushall()


def test_seed_finds_the_stack_that_runs_in_the_folder(slotline: Slotline, stack: Stack) -> None:
    empty_redis(stack)
    done = slotline("seed", "--experts", "2", "--weeks", "1", DATA_DIR=str(stack.data_dir), MONGO_DATABASE="found")
    assert (done.returncode, done.stdout[:15]) == (0, "Added 2 experts"), done.stderr


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("rediss://me:s3cr3t@host:6379/0?password=s3cr3t", "rediss://host:6379/0"),
        ("mongodb://me:s3cr3t@a:1,b:2/?authSource=x", "mongodb://a:1,b:2/"),
        ("mongodb://me:s3@cr3t@host/", "mongodb://host/"),
        ("mongodb://me:s3cr3t", "mongodb://…"),
        ("redis://host/?password=s@s3cr3t", "redis://…"),
        ("redis://me:s3?cr3t@host", "redis://…"),
        ("s3cr3t", "…"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, seen: str) -> None:
    assert shown(url) == seen
