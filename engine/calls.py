"""Calls of the scripts: errors by the one table, and a retry where the answer was lost on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import hiredis

from engine.errors import BY_LUA_CODE, BadCall, EpochMissing, SlotlineError, StoreUnavailable
from engine.keys import Partition
from engine.model import Booking
from engine.records import from_record
from engine.routes import Route
from engine.scripts import script
from engine.settings import Settings
from engine.wire import Arg, LinkLost

log = logging.getLogger("slotline.calls")

NOT_NOW = (
    "LOADING",
    "OOM",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "BUSY",
    "MISCONF",
    "NOREPLICAS",
    "UNBLOCKED",
    "TRYAGAIN",
)
"""Redis's own words for: this was not done, and may be possible in a moment."""

TRIES = 3

PATIENCE = 1.0
"""Seconds that one of several servers gets to answer in a round over all of them, which comes again soon anyway."""

T = TypeVar("T")

CLAIMS = ("book", "hold", "reschedule")
"""Verbs whose repetition may be refused and whose first call, delayed on a connection that we gave up, still claims."""


class Calls:
    def __init__(self, route: Route, settings: Settings) -> None:
        self._route = route
        self.on_missing_epoch: Callable[[], None] = lambda: None
        """Called whenever a partition turns out to be without an epoch."""
        self._trusted: dict[Partition, tuple[float, bytes]] = {}
        self._log_limits = (settings.log_entries, settings.log_age)
        self.publish: tuple[Arg, ...] = (route.publish, *self._log_limits)
        """The last arguments of every script that announces."""

    async def open(self) -> None:
        """Connects to Redis. Raises `LinkDown`."""
        await self._route.open()
        self.publish = (self._route.publish, *self._log_limits)

    async def run(
        self, verb: str, keys: tuple[str, ...], args: tuple[Arg, ...], begun: asyncio.Future[Any] | None = None
    ) -> list[Any]:
        """Runs a verb's script. The call is repeated when its answer was lost: every script can be. ``begun`` is this
        very call, if it has been started.

        Raises what its answer's code stands for in `engine.errors.BY_LUA_CODE`, or `StoreUnavailable`.
        """
        answer, again = await self._try(self._route.run, script(verb), keys, args, begun=begun)
        if (error := self.refusal(verb, answer)) is not None:
            if again and verb in CLAIMS:
                raise LinkLost("a repeated call was refused, but the first may still be on its way")
            try:
                raise error
            finally:
                del error  # else it would be in a frame of its own traceback: a cycle, for the collector to find
        return cast(list[Any], answer)

    def start(self, verb: str, keys: tuple[str, ...], args: tuple[Arg, ...]) -> asyncio.Future[Any] | None:
        """Sends a verb's script, for `run` to take up if the answer is an error; None if it cannot be sent at once."""
        return self._route.start(script(verb), keys, args)

    def read(self, *packed: bytes, at: str) -> asyncio.Future[Any] | None:
        """Reads keys of one partition at one moment; None if that cannot be sent at once. The future gets the answers,
        or an error after which another way has to be taken."""
        return self._route.read(*packed, at=at)

    def refusal(self, verb: str, answer: Sequence[Any]) -> SlotlineError | None:
        """What a script answered instead of an effect, if it did."""
        if (error := BY_LUA_CODE.get(answer[0])) is not None:
            if error is EpochMissing:
                self.on_missing_epoch()
            refusal = error()
            if len(answer) > 1:
                refusal.epoch = answer[1]
            return refusal
        if answer[0] == b"bad-call":
            return BadCall(f"{verb}: {answer[1].decode()}")
        return None

    async def command(self, *command: Arg, at: str | None = None) -> Any:
        """Runs a plain command that can be repeated, on the server of the key ``at``.

        Without ``at``, its first argument is taken for a key: a command without arguments needs it.
        """
        if at is None:
            return (await self._try(self._route.call, *command))[0]
        return (await self._try(partial(self._route.call, at=at), *command))[0]

    async def clocks(self, keys: Sequence[str]) -> list[int]:
        """The time (epoch ms) at the server of each key: one question a server, not a key. Raises StoreUnavailable."""
        servers = [self._route.owner(key) for key in keys]
        some_key = dict(zip(servers, keys, strict=True))
        times = await asyncio.gather(*(self.command("TIME", at=key) for key in some_key.values()))
        clocks = {
            server: int(seconds) * 1000 + int(microseconds) // 1000
            for server, (seconds, microseconds) in zip(some_key, times, strict=True)
        }
        return [clocks[server] for server in servers]

    async def at_each_server(
        self,
        partitions: Sequence[Partition],
        work: Callable[[Sequence[Partition], int], Awaitable[T]],
        patience: float | None = PATIENCE,
    ) -> tuple[list[T], list[Exception]]:
        """Does ``work`` with the partitions of each server and its time (epoch ms), at all of them at once; answers
        what came of it, and what went wrong at the others, which names their partitions.

        ``patience``: seconds in which a server has to say its time, if there are several; None: as long as it takes to
        find that it is away.
        """
        servers: dict[str, list[Partition]] = {}
        for partition in partitions:
            servers.setdefault(self._route.owner(partition.epoch), []).append(partition)
        several = len(servers) > 1

        async def at(group: list[Partition]) -> T:
            try:
                async with asyncio.timeout(patience if several else None):
                    [now] = await self.clocks([group[0].epoch])
            except TimeoutError:
                raise StoreUnavailable("their Redis does not answer") from None
            return await work(group, now)

        done: list[T] = []
        wrong: list[Exception] = []
        results = await asyncio.gather(*map(at, servers.values()), return_exceptions=True)
        for group, result in zip(servers.values(), results, strict=True):
            if not isinstance(result, BaseException):
                done.append(result)
            elif not isinstance(result, Exception):
                raise result
            elif several and isinstance(result, StoreUnavailable):
                numbers = ", ".join(str(partition.number) for partition in group)
                wrong.append(StoreUnavailable(f"partitions {numbers}: {result}"))
            else:
                wrong.append(result)
        return done, wrong

    async def wherever_possible(
        self, partitions: Sequence[Partition], work: Callable[[Sequence[Partition], int], Awaitable[T]], what: str
    ) -> list[T]:
        """The same, for rounds that come again: one server that is away keeps nothing from being done at the others. It
        is logged, after ``what`` could not be done. Raises what went wrong if that is so everywhere."""
        done, wrong = await self.at_each_server(partitions, work)
        if wrong and not done:
            raise wrong[0]
        for error in wrong:
            log.warning("%s: %s", what, error, exc_info=None if isinstance(error, StoreUnavailable) else error)
        return done

    @property
    def since(self) -> float:
        """When the youngest connection was made, on the loop's clock."""
        return self._route.since

    def trust(self, partition: Partition, since: float, epoch: bytes) -> None:
        """On the connection made then, the partition's state with that epoch was found to be as it was last compared
        with MongoDB."""
        self._trusted[partition] = since, epoch

    def distrust(self, partition: Partition) -> None:
        """Something turned out to be forgotten there: until it has been compared again."""
        self._trusted.pop(partition, None)

    def trusts(self, partition: Partition, epoch: bytes | None) -> bool:
        """Whether nothing can have been forgotten in the state with that epoch. Else it may be new, or its server have
        just come back, and not been compared with MongoDB yet."""
        return self._trusted.get(partition) == (self._route.since, epoch)

    def send(self, *command: Arg, heard: Callable[[Any], None] | None = None) -> None:
        """Sends a plain command that nobody waits for. ``heard`` gets the answer, if one comes."""
        self._route.send(*command, heard=heard)

    @staticmethod
    def booking(answer: Sequence[bytes]) -> Booking:
        """The booking in a script's answer."""
        return from_record(answer[1])

    @staticmethod
    async def _try(call: Callable[..., Any], *args: Any, begun: asyncio.Future[Any] | None = None) -> tuple[Any, int]:
        """The answer, and how many calls before it were lost on the way."""
        for lost in range(TRIES):
            try:
                if begun is not None and lost == 0:
                    with suppress(hiredis.ReplyError):  # it did nothing, and `call` may know what can be done about it
                        return await begun, 0
                return await call(*args), lost
            except LinkLost:
                if lost == TRIES - 1:
                    raise
            except hiredis.ReplyError as error:
                raise translate(error) from error
        raise AssertionError("unreachable")


def translate(error: Exception) -> SlotlineError:
    """A refusal by Redis itself, as one of ours."""
    if str(error).startswith(NOT_NOW):
        return StoreUnavailable(f"Redis cannot do that now: {str(error).split(' ')[0]}")
    log.error("Redis refused a call: %s", error)
    return BadCall()
