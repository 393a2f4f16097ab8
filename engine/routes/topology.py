"""Which server of a cluster has which key: all of it redis-py's knowledge (CLUSTER SLOTS, MOVED, ASK)."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import AskError, MovedError, RedisClusterException, RedisError

from engine.routes.address import Address
from engine.wire import LinkDown

PRIMARY = "primary"

NO_HOST = (None, "", b"")
"""What a node tells as the host of a server of which it knows none: it is where the node was asked."""
NO_NAME = ("?", b"?")
"""What it tells if it is to tell host names, and has none of that server."""


class Topology:
    """Servers are named ``host:port``."""

    def __init__(self, address: Address, timeout: float) -> None:
        patience = min(timeout, 1.0)
        self._address = address
        self._cluster = RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
            require_full_coverage=False,
            username=address.username,
            password=address.password,
            ssl=address.tls,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            protocol=2,
        )
        self._nodes = self._cluster.nodes_manager

    async def close(self) -> None:
        await self._nodes.aclose()
        await self._nodes.aclose("startup_nodes")

    async def refresh(self, silent: str | None = None) -> None:
        """Asks the first node that answers, and the ``silent`` one last. Raises `LinkDown` if there is none."""
        for node in self._nodes.startup_nodes.values():
            node.response_callbacks = {"CLUSTER SLOTS": partial(with_hosts, asked=node.host)}
        try:
            await self._nodes.initialize(last_failed_node_name=silent)
        except (RedisError, RedisClusterException, OSError, IndexError) as error:
            self._begin_anew()
            raise LinkDown(f"the Redis cluster cannot be reached: {error}") from error

    def _begin_anew(self) -> None:
        """Has the nodes of the URL asked as well, next time: those that were last heard of may be gone for good."""
        for host, port in self._address.hosts:
            node = ClusterNode(host, port, **self._nodes.connection_kwargs)
            self._nodes.startup_nodes.setdefault(node.name, node)

    @property
    def primaries(self) -> set[str]:
        return {node.name for node in self._nodes.nodes_cache.values() if node.server_type == PRIMARY}

    def knows(self, server: str) -> bool:
        return server in self._nodes.nodes_cache

    def owner(self, key: str) -> str:
        """The primary of a key's slot; empty while nobody has it."""
        tag, brace, _ = key.partition("}")
        nodes = self._nodes.slots_cache.get(_slot(tag + brace))
        return nodes[0].name if nodes else ""

    async def moved(self, text: str) -> bool:
        """Learns from ``MOVED slot host:port``; False if that says too little and a look at the whole is needed."""
        try:
            error = MovedError(text.partition(" ")[2])
            if error.host in NO_HOST + NO_NAME:
                return False
            await self._nodes.move_slot(error)
        except (RedisError, ValueError, KeyError):
            return False
        return True

    @staticmethod
    def asked(text: str, by: str) -> str:
        """The server that ``ASK slot host:port`` names, where ``by`` said so."""
        error = AskError(text.partition(" ")[2])
        host = by.rpartition(":")[0] if error.host in NO_HOST + NO_NAME else error.host
        return ClusterNode(host, error.port).name


def with_hosts(slots: list[list[Any]], asked: str) -> list[list[Any]]:
    """The answer to CLUSTER SLOTS with a host for every server: with ``cluster-preferred-endpoint-type`` a node tells
    no addresses, and redis-py would dial those words."""
    for _, _, *servers in slots:
        for server in servers:
            if server[0] in NO_NAME:  # its address is told beside, among what else there is to know of it
                server[0] = next((ip for word, ip in pairwise(server[3]) if word in ("ip", b"ip")), None)
            if server[0] in NO_HOST:
                server[0] = asked
    return slots


@lru_cache(maxsize=65_536)
def _slot(tag: str) -> int:
    """Of a key, or of its beginning up to the end of the hash tag: that is all that decides."""
    return key_slot(tag.encode())
