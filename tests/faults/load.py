"""The load: clients that book, hold, confirm, move, cancel and look up, on few slots, and write down every answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.generation import Generation
from tests.faults.history import History, Op, outcome_of
from tests.faults.http import Http

TRIES = 8
"""How often a client asks with the same Idempotency-Key before it gives up."""

NAME, EMAIL, PHONE = "Ann Onymous", "ann@example.com", "+49 30 1234567"

Verb = Callable[[Generation], Awaitable[None]]


@dataclass(frozen=True)
class Mix:
    """``clients`` that make one request after another each, with up to ``think`` seconds between two.

    ``keyed`` is the share of bookings with an Idempotency-Key; ``weights`` say how often each verb is begun. With
    ``storms`` every third generation sees a storm of moves, for bookings that take each other's seats.
    """

    clients: int = 12
    think: float = 0.1
    keyed: float = 0.85
    weights: Mapping[str, int] = field(
        default_factory=lambda: {
            "book": 40, "hold": 12, "cancel": 20, "confirm": 8, "reschedule": 12, "look": 6, "browse": 2,
        }
    )  # fmt: skip
    storms: bool = False


STORM = {"book": 30, "reschedule": 60, "cancel": 10}
HASTE = 0.2
"""Of the pause between two requests, in a storm."""


class Load:
    def __init__(self, port: int, history: History, seed: int, mix: Mix) -> None:
        self.current: Generation | None = None
        self._clients = [Client(self, port, history, n, random.Random(f"{seed}/{n}"), mix) for n in range(mix.clients)]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(client.run()) for client in self._clients]

    async def stop(self) -> None:
        """Lets every client finish what it has begun."""
        for client in self._clients:
            client.going = False
        await asyncio.gather(*self._tasks)

    async def move_to(self, generation: Generation) -> Generation | None:
        """Sends the clients to another generation; answers the one they have left, once nobody is in it any more."""
        left, self.current = self.current, generation
        while left and left.busy:
            await asyncio.sleep(0.05)
        if left:
            left.retired = time.time()
        return left


class Client:
    def __init__(self, load: Load, port: int, history: History, number: int, rng: random.Random, mix: Mix) -> None:
        self.going = True
        self._load = load
        self._http = Http(port)
        self._history = history
        self._number = number
        self._rng = rng
        self._mix = mix
        self._count = 0
        self._verbs: dict[str, Verb] = {
            "book": self._book, "hold": self._hold, "cancel": self._cancel, "confirm": self._confirm,
            "reschedule": self._move, "look": self._look, "browse": self._browse,
        }  # fmt: skip

    async def run(self) -> None:
        while self.going:
            generation = self._load.current
            if generation is None:
                await asyncio.sleep(0.05)
                continue
            storm = self._mix.storms and generation.number % 3 == 2
            weights = STORM if storm else self._mix.weights
            generation.busy += 1
            try:
                await self._verbs[self._rng.choices(list(weights), list(weights.values()))[0]](generation)
            finally:
                generation.busy -= 1
            await asyncio.sleep(self._rng.random() * self._mix.think * (HASTE if storm else 1))
        self._http.close()

    def _name(self, generation: Generation) -> str:
        self._count += 1
        return f"g{generation.number}c{self._number}n{self._count}"

    async def _ask(
        self, generation: Generation, verb: str, method: str, path: str, body: Any, args: dict[str, Any],
        key: str | None = None, name: str | None = None,
    ) -> Op:  # fmt: skip
        invoke = time.monotonic()
        status, headers, answer = await self._http.ask(method, path, body, key)
        op: Op = {
            "kind": "op",
            "id": name or self._name(generation),
            "client": self._number,
            "verb": verb,
            "args": args,
            "invoke": invoke,
            "return": time.monotonic(),
            "wall": time.time(),
            "outcome": outcome_of(status),
            "status": status,
            "code": answer.get("code"),
            "replayed": "idempotent-replayed" in headers,
            "body": excerpt(answer),
        }
        self._history.record(generation.number, op)
        return op

    def _slot(self, generation: Generation) -> str:
        """The first ones far more often: that is where the fights are."""
        slots = list(generation.seats)
        return slots[min(int(self._rng.expovariate(3 / len(slots))), len(slots) - 1)]

    async def _book(self, generation: Generation, slot: str | None = None, token: str = "") -> None:
        slot = slot or self._slot(generation)
        tag = self._name(generation)
        key = f"key-{tag}" if self._rng.random() < self._mix.keyed else None
        body = {
            "expertId": slot.partition("-")[0], "slotId": slot, "name": NAME, "email": EMAIL, "phone": PHONE,
            "notes": tag,
        }  # fmt: skip
        if token:
            body["holdToken"] = token
        args = {"tag": tag, "key": key, "slot": slot, "token": token}
        op: Op = {}
        for attempt in range(TRIES if key else 1):
            op = await self._ask(generation, "book", "POST", "/api/bookings", body, args, key)
            if op["outcome"] != "unknown":
                break
            await asyncio.sleep(0.1 + self._rng.random() * min(0.2 * 2**attempt, 2))
        if op["outcome"] == "ok":
            generation.pool.append((op["body"]["id"], slot))
            if key and self._rng.random() < 0.1:
                await self._ask(generation, "book", "POST", "/api/bookings", body, args, key)

    async def _hold(self, generation: Generation) -> None:
        slot = self._slot(generation)
        body = {"expertId": slot.partition("-")[0], "slotId": slot}
        op = await self._ask(generation, "hold", "POST", "/api/holds", body, {"slot": slot})
        if op["outcome"] != "ok":
            return
        token = op["body"]["holdToken"]
        await asyncio.sleep(self._rng.random() * 0.5)
        fate = self._rng.random()
        if fate < 0.1:
            await self._ask(generation, "renew", "PATCH", f"/api/holds/{token}", None, {"slot": slot, "token": token})
        if fate < 0.6:
            await self._book(generation, slot, token)
        elif fate < 0.85:
            await self._ask(
                generation, "release", "DELETE", f"/api/holds/{token}", None, {"slot": slot, "token": token}
            )

    def _pick(self, generation: Generation, *, take: bool = False) -> tuple[str, str] | None:
        if not generation.pool:
            return None
        index = self._rng.randrange(len(generation.pool))
        return generation.pool.pop(index) if take else generation.pool[index]

    async def _change(self, generation: Generation, verb: str, booking: str, status: str) -> None:
        for _ in range(3):
            name = self._name(generation)
            path, body = f"/api/bookings/{booking}/status", {"status": status, "reason": name}
            op = await self._ask(generation, verb, "PATCH", path, body, {"booking": booking}, name=name)
            if op["outcome"] != "unknown":
                return
            await asyncio.sleep(0.2 + self._rng.random())

    async def _cancel(self, generation: Generation) -> None:
        if chosen := self._pick(generation, take=True):
            await self._change(generation, "cancel", chosen[0], "cancelled")

    async def _confirm(self, generation: Generation) -> None:
        if chosen := self._pick(generation):
            await self._change(generation, "confirm", chosen[0], "confirmed")

    async def _move(self, generation: Generation) -> None:
        if (chosen := self._pick(generation)) is None:
            return
        booking, slot = chosen
        expert = slot.partition("-")[0]
        there = self._rng.choice([s for s in generation.seats if s.startswith(f"{expert}-")])
        name = self._name(generation)
        path, body = f"/api/bookings/{booking}/reschedule", {"slotId": there, "reason": name}
        args = {"booking": booking, "slot": there}
        await self._ask(generation, "reschedule", "POST", path, body, args, name=name)

    async def _look(self, generation: Generation) -> None:
        if chosen := self._pick(generation):
            await self._ask(generation, "look", "GET", f"/api/bookings/{chosen[0]}", None, {"booking": chosen[0]})

    async def _browse(self, generation: Generation) -> None:
        expert = self._rng.choice(generation.experts)
        await self._ask(generation, "browse", "GET", f"/api/experts/{expert}", None, {"expert": expert})


def excerpt(answer: dict[str, Any]) -> dict[str, Any]:
    """What the checker needs of a body."""
    if "holdToken" in answer:
        return {"holdToken": answer["holdToken"], "expiresAt": answer["expiresAt"]}
    if (booking := answer.get("booking")) is None:
        return {"detail": answer["detail"]} if answer.get("status") == 500 else {}
    return {
        "id": booking["id"],
        "status": booking["status"],
        "slot": booking["slot"]["id"],
        "notes": booking["notes"],
        "history": booking["history"],
    }
