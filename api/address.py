"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from sanic import Request

from engine.settings import Network


def address_of(request: Request) -> str:
    """What stands for the client: its IPv4 address, or its IPv6 network, for one customer has 2⁶⁴ of those addresses.

    Behind one of ``TRUSTED_PROXIES`` it is the last address of X-Forwarded-For that is no such proxy: what stands
    before it was written by the client itself. From anybody else that header says nothing.
    """
    peer: str = request.ip
    proxies: tuple[Network, ...] = request.app.ctx.settings.proxies
    if not proxies or not _trusted(peer, proxies):
        return _client(peer) if ":" in peer else peer
    hops = [hop.strip() for hop in ",".join(request.headers.getall("x-forwarded-for", [])).split(",")]
    for hop in reversed(hops):
        if not hop:
            break
        peer = hop
        if not _trusted(hop, proxies):
            break
    return _client(peer)


@lru_cache(maxsize=65_536)
def _client(text: str) -> str:
    """Without a port or zone; what is no address stands for itself, cut short: a trusted proxy has said it."""
    try:
        address = ip_address(_bare(text))
    except ValueError:
        return text[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), 64), strict=False))
    return str(address)


def _bare(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") == 1:
        text = text.partition(":")[0]
    return text.partition("%")[0]


@lru_cache(maxsize=4096)
def _trusted(text: str, proxies: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(_bare(text))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in proxies)
