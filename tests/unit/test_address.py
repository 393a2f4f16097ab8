from __future__ import annotations

from types import SimpleNamespace

import pytest
from sanic.compat import Header

from api.address import address_of
from engine.settings import Settings

PROXIES = "10.0.0.0/8, 2001:db8:1::/48, 127.0.0.1"


def seen(peer: str, *forwarded: str, proxies: str = PROXIES) -> str:
    settings = Settings(trusted_proxies=proxies, _env_file=None)  # type: ignore[call-arg]
    app = SimpleNamespace(ctx=SimpleNamespace(settings=settings))
    headers = Header([("x-forwarded-for", line) for line in forwarded])
    return address_of(SimpleNamespace(ip=peer, app=app, headers=headers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody we know says so
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # the first was written by the client
        ("10.1.2.3", ["6.6.6.6", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),  # two lines are one
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1,"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.2.3", ["[2001:db8:2::7]:4711"], "2001:db8:2::/64"),
        ("10.1.2.3", ["unknown"], "unknown"),
        ("10.1.2.3", ["x" * 1000], "x" * 64),
        ("2001:db8:9:1:2:3:4:5", [], "2001:db8:9:1::/64"),  # a customer has all of it
        ("2001:db8:9:1:ffff::1", [], "2001:db8:9:1::/64"),
        ("2001:db8:1::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: list[str], expected: str) -> None:
    assert seen(peer, *forwarded) == expected


def test_without_proxies_nobody_is_believed() -> None:
    assert seen("127.0.0.1", "198.51.100.1", proxies="") == "127.0.0.1"
