from __future__ import annotations

from tests.lua.calls import RedisClient

State = dict[bytes, tuple[bytes, int]]
"""Key → its serialised value and when it expires."""


def state(client: RedisClient) -> State:
    return {key: (client.dump(key), client.execute_command("PEXPIRETIME", key)) for key in client.scan_iter()}


class Witness:
    """Sees whether anything was changed or published since it was made."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._ears = client.pubsub(ignore_subscribe_messages=True)
        self._ears.psubscribe("*")
        self._ears.ping()
        self._heard()
        self.before = state(client)

    def _heard(self) -> list[bytes]:
        """Everything published until now: messages come in order, and so does the answer to a PING."""
        heard = []
        while True:
            message = self._ears.get_message(timeout=5)
            if message and message["type"] == "pong":
                return heard
            if message and message["type"] == "pmessage":
                heard.append(message["data"])

    def changed(self) -> set[str]:
        """The keys that are not what they were."""
        after = state(self._client)
        return {key.decode() for key in self.before.keys() | after.keys() if self.before.get(key) != after.get(key)}

    def assert_nothing_happened(self) -> None:
        self._ears.ping()
        heard = self._heard()
        self._ears.close()
        assert self.changed() == set()
        assert heard == []
