"""An embedded Redis Cluster: three masters with a replica each, on loopback. For trying out and for tests.

On one machine it makes nothing safer or faster; it shows that everything works across several servers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from engine.stack.errors import StackError
from engine.stack.ports import free_port
from engine.stack.servers import START_TIMEOUT, RedisServer

MASTERS = 3
SLOTS = 16_384
NODE_TIMEOUT = 2000
"""Milliseconds of silence after which the others hold a node for dead."""
MOURNING = 6.0
"""Seconds after which a cluster with a dead node counts as dead."""
PAUSE = 0.02


class ClusterNode(RedisServer):
    label = "Redis node"

    def _spawn(self) -> None:
        if self._any_port:
            self.bus_port = free_port()
        super()._spawn()

    def _command(self) -> list[str]:
        options = {
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-port": str(self.bus_port),
            "cluster-node-timeout": str(NODE_TIMEOUT),
            # Partitions whose master is well go on while another one is replaced.
            "cluster-require-full-coverage": "no",
            "repl-diskless-sync-delay": "0",
        }
        return [*super()._command(), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=5, decode_responses=True)


class RedisCluster:
    """Stands for a `RedisServer` in a `Stack`: the same methods, over six of them."""

    label = "Redis"

    def __init__(self, directory: Path, *, binary: Path | None = None) -> None:
        """Raises StackError if the embedded server is not installed."""
        self.directory = directory.absolute()
        self.nodes = [ClusterNode(self.directory / f"node{n}", binary=binary) for n in range(1, 2 * MASTERS + 1)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def local_url(self) -> str:
        """A cluster is always reached by TCP."""
        return self.url

    @property
    def place(self) -> str:
        return f"a cluster of {len(self.nodes)} on 127.0.0.1:{','.join(str(node.port) for node in self.nodes)}"

    @property
    def alive(self) -> bool:
        """A node may be dead for a while, so that its replica takes over, as if its machine were gone."""
        if all(node.alive for node in self.nodes):
            self._all_lived = time.monotonic()
        return time.monotonic() - self._all_lived < MOURNING

    def launch(self) -> None:
        """Start the nodes without waiting for them. Raises StackError if their folders cannot be written."""
        self._all_lived = time.monotonic()
        for node in self.nodes:
            node.launch()

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Make the nodes a cluster, or have one that is on disk find together again. Raises StackError."""
        deadline = time.monotonic() + timeout
        for node in self.nodes:
            node.wait_ready(timeout)
        try:
            self._form(deadline)
        except RedisError as error:
            self.kill()
            raise StackError(f"the Redis cluster cannot be formed: {error}") from error

    def start(self, timeout: float = START_TIMEOUT) -> Self:
        self.launch()
        self.wait_ready(timeout)
        return self

    def restart(self, timeout: float = START_TIMEOUT) -> None:
        """Start those nodes again that have died, on their ports and data."""
        for node in self.nodes:
            if not node.alive:
                node.restart(timeout)

    def stop(self, grace: float = 10.0) -> None:
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda node: node.stop(grace), self.nodes))

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def masters(self) -> list[ClusterNode]:
        """The nodes that live and have slots."""
        ports = set(self._ranges().values())
        return [node for node in self.nodes if node.alive and node.port in ports]

    def master_of(self, key: str) -> ClusterNode:
        """The node that has a key now. Raises StackError if none that lives has it."""
        return self.master_of_slot(key_slot(key.encode()))

    def master_of_slot(self, slot: int) -> ClusterNode:
        """The node that has a slot now, as the first node that lives sees it. Raises StackError."""
        for (first, last), port in self._ranges().items():
            owner = next((node for node in self.nodes if node.port == port), None)
            if first <= slot <= last and owner is not None and owner.alive:
                return owner
        raise StackError(f"no node that lives has slot {slot}")

    def replica_of(self, master: ClusterNode) -> ClusterNode:
        """Raises StackError if none lives."""
        for node in self.nodes:
            if node.alive and node is not master:
                with node.client() as client:
                    if client.info("replication").get("master_port") == master.port:
                        return node
        raise StackError(f"the node on port {master.port} has no replica that lives")

    def _ranges(self) -> dict[tuple[int, int], int]:
        """First and last slot → port of the master."""
        for node in self.nodes:
            if node.alive:
                with node.client() as client:
                    return {(first, last): port for first, last, (_, port, *_), *_ in _run(client, "SLOTS")}
        return {}

    def kill_master_of(self, key: str) -> ClusterNode:
        """SIGKILL for the node that has the key. Start it again with `restart`."""
        node = self.master_of(key)
        node.kill()
        return node

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _form(self, deadline: float) -> None:
        with ExitStack() as stack:
            clients = [stack.enter_context(node.client()) for node in self.nodes]
            # Somebody may have ended the first start half-way: nobody had written anything then.
            fresh = not _formed(clients) and not any(client.dbsize() for client in clients)
            if fresh:
                for client in clients:
                    _run(client, "RESET", "HARD")
                self._deal_slots(clients[:MASTERS])
            # Each pair meets: that is faster than gossip, and nodes on disk learn each other's new ports.
            for (_, client), (other, _) in combinations(zip(self.nodes, clients, strict=True), 2):
                _run(client, "MEET", "127.0.0.1", other.port, other.bus_port)
            _wait(deadline, "know each other", lambda: _all_meet(clients))
            if fresh:
                for replica, master in zip(clients[MASTERS:], clients, strict=False):
                    _run(replica, "REPLICATE", _run(master, "MYID"))
        self.wait_whole(deadline - time.monotonic())

    def wait_whole(self, timeout: float = START_TIMEOUT) -> None:
        """Return when every node sees all slots served, and replicas have their masters' data. Raises StackError."""
        deadline = time.monotonic() + timeout
        with ExitStack() as stack:
            clients = [stack.enter_context(node.client()) for node in self.nodes]
            _wait(deadline, "know each other", lambda: _all_meet(clients))
            _wait(deadline, "have every slot", lambda: all(_is_ok(client) for client in clients))
            _wait(deadline, "have replicas", lambda: _replicated(clients))

    @staticmethod
    def _deal_slots(clients: Iterable[Redis]) -> None:
        for number, client in enumerate(clients):
            _run(client, "SET-CONFIG-EPOCH", number + 1)
            _run(client, "ADDSLOTSRANGE", number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS - 1)


def _run(client: Redis, subcommand: str, *words: str | int) -> Any:
    """A CLUSTER command, its answer as redis-py reads it."""
    return client.execute_command(f"CLUSTER {subcommand}", *words)  # type: ignore[no-untyped-call]


def _info(client: Redis) -> dict[str, str]:
    found: dict[str, str] = _run(client, "INFO")
    return found


def _formed(clients: list[Redis]) -> bool:
    """Whether each node knows of all slots, and as many as there are to be are replicas."""
    replicas = sum(client.info("replication")["role"] == "slave" for client in clients)
    return replicas == MASTERS and all(_info(client)["cluster_slots_assigned"] == str(SLOTS) for client in clients)


def _all_meet(clients: list[Redis]) -> bool:
    """Whether every node has a link to every other one, and none is unknown or held for dead."""
    for client in clients:
        nodes = _run(client, "NODES")
        if len(nodes) != len(clients):
            return False
        if any(word in node["flags"] for node in nodes.values() for word in ("handshake", "fail", "noaddr")):
            return False
    return True


def _is_ok(client: Redis) -> bool:
    info = _info(client)
    return info["cluster_state"] == "ok" and info["cluster_slots_ok"] == str(SLOTS)


def _replicated(clients: Iterable[Redis]) -> bool:
    """Whether every replica has its master's data."""
    infos = [client.info("replication") for client in clients]
    return all(info["master_link_status"] == "up" for info in infos if info["role"] == "slave")


def _wait(deadline: float, what: str, done: Callable[[], bool]) -> None:
    while not done():
        if time.monotonic() > deadline:
            raise StackError(f"the nodes of the Redis cluster do not {what} in time")
        time.sleep(PAUSE)
