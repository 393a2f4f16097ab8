from __future__ import annotations

import pytest

from engine.errors import StoreUnavailable
from engine.routes import Address, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1:6379/0", None),
        ("unix:///run/redis.sock", None),
        ("redis+cluster://a:7000,b:7001", Address((("a", 7000), ("b", 7001)))),
        ("redis+cluster://a", Address((("a", 6379),))),
        ("rediss+cluster://u:p%40@a:1,[::1]:2", Address((("a", 1), ("::1", 2)), tls=True, credentials="u:p%40@")),
        ("redis+sentinel://a:1,b/mine", Address((("a", 1), ("b", 26379)), master="mine")),
        (
            "redis+sentinel://u:p@a:1/mine?sentinel_username=v&sentinel_password=q%26",
            Address((("a", 1),), "mine", credentials="u:p@", sentinel_login={"username": "v", "password": "q&"}),
        ),
    ],
)
def test_it_reads_the_ways_to_redis(url: str, address: Address | None) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://",
        "redis+cluster://a:b",
        "redis+cluster://a:1/name",
        "redis+sentinel://a:1",
        "redis+ring://a:1",
        "http+cluster://a:1",
    ],
)
def test_what_is_none_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        parse(url.replace("://", "://user:secret@"))
    assert "secret" not in str(refusal.value)


def test_each_server_is_reached_with_the_same_credentials() -> None:
    address = parse("rediss+cluster://u:p%40@a:1")
    assert address is not None
    assert (address.username, address.password) == ("u", "p@")
    assert address.url_of("::1", 7) == "rediss://u:p%40@[::1]:7"
