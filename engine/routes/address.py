"""``redis+cluster://user:password@host:port,host:port`` and ``redis+sentinel://user:password@host:port,…/name``.

``rediss+…`` speaks TLS. User and password are those of the Redis servers; the sentinels' own stand at the end, as in
``/name?sentinel_username=user&sentinel_password=password``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import StoreUnavailable

KINDS = {"cluster": 6379, "sentinel": 26379}
"""And the ports that are meant when none is given."""


@dataclass(frozen=True, slots=True)
class Address:
    hosts: tuple[tuple[str, int], ...]
    """Some nodes of the cluster, or the sentinels."""
    master: str = ""
    """The name under which the sentinels know the master; empty for a cluster."""
    tls: bool = False
    credentials: str = ""
    """``user:password@`` as it stands in the URL, or nothing."""
    sentinel_login: dict[str, str] = field(default_factory=dict)
    """``username`` and ``password``, where the sentinels want them."""

    @property
    def username(self) -> str | None:
        return unquote(self.credentials[:-1].partition(":")[0]) or None

    @property
    def password(self) -> str | None:
        return unquote(self.credentials[:-1].partition(":")[2]) or None

    def url_of(self, host: str, port: int) -> str:
        """The URL of one of the servers."""
        bracketed = f"[{host}]" if ":" in host else host
        return f"redis{'s' if self.tls else ''}://{self.credentials}{bracketed}:{port}"


def parse(url: str) -> Address | None:
    """None for the URL of a single server. Raises StoreUnavailable for one that is not valid."""
    scheme, _, rest = url.partition("://")
    transport, _, kind = scheme.partition("+")
    if not kind:
        return None
    if kind not in KINDS or transport not in ("redis", "rediss"):
        raise StoreUnavailable(
            "REDIS_URL starts with redis://, rediss://, unix://, redis+cluster:// or redis+sentinel://"
        )
    rest, _, query = rest.partition("?")
    places, _, path = rest.partition("/")
    credentials, at, hosts = places.rpartition("@")
    if bool(path) != (kind == "sentinel"):
        raise StoreUnavailable("REDIS_URL: the name of the master follows the sentinels, and nothing follows a cluster")
    try:
        found = tuple(_host(text, KINDS[kind]) for text in hosts.split(","))
    except ValueError as error:
        raise StoreUnavailable("REDIS_URL: not a list of HOST:PORT") from error
    options = parse_qs(query)
    login = {word: options[f"sentinel_{word}"][0] for word in ("username", "password") if f"sentinel_{word}" in options}
    return Address(found, path, transport == "rediss", credentials + at, login)


def _host(text: str, default: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(text)
    return parts.hostname, parts.port or default
