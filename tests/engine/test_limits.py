"""Rate limits: two limiters are two workers."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from engine import limits
from engine.engine import Engine
from engine.errors import RateLimited
from engine.limits import Limit, Limiter
from engine.settings import Settings

TEN = Limit("ten", 10, 60)
QUICK = Limit("quick", 4, 1)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", (*limits.LIMITS, TEN, QUICK))


@pytest.fixture
async def pair(engine: Engine, settings: Settings) -> tuple[Limiter, Limiter]:
    """Two workers that tell each other only when the test says so."""
    own = settings.for_development()
    return Limiter(engine.calls, own), Limiter(engine.calls, own)


def passes(limiter: Limiter, limit: Limit, who: str, times: int) -> int:
    done = 0
    for _ in range(times):
        try:
            limiter.charge(limit, who)
        except RateLimited:
            continue
        done += 1
    return done


async def test_a_worker_is_exact_at_once(pair: tuple[Limiter, Limiter]) -> None:
    assert passes(pair[0], TEN, "ann", 100) == 10
    assert passes(pair[0], TEN, "bob", 100) == 10


async def test_what_is_left_and_when_to_come_back_is_said(pair: tuple[Limiter, Limiter]) -> None:
    left = [pair[0].charge(TEN, "ann") for _ in range(10)]
    assert [each.left for each in left if each] == list(range(9, -1, -1))
    with pytest.raises(RateLimited) as refused:
        pair[0].charge(TEN, "ann")
    assert refused.value.retry_after == 6, "a tenth of a minute"
    assert refused.value.allowance is not None
    assert refused.value.allowance.left == 0
    assert 59 < refused.value.allowance.whole_in <= 60


async def test_workers_learn_from_each_other(pair: tuple[Limiter, Limiter]) -> None:
    one, two = pair
    assert passes(one, TEN, "ann", 7) == 7
    await one.share()
    assert passes(two, TEN, "ann", 1) == 1
    await two.share()
    assert passes(two, TEN, "ann", 100) == 2, "seven there, three here"
    await two.share()
    assert passes(one, TEN, "ann", 100) <= 3
    await one.share()
    assert passes(one, TEN, "ann", 100) == 0


async def test_at_worst_each_worker_gives_a_whole_limit_once(pair: tuple[Limiter, Limiter]) -> None:
    assert sum(passes(each, TEN, "ann", 100) for each in pair) == 20
    for _ in range(5):
        await asyncio.gather(*(each.share() for each in pair))
        assert sum(passes(each, TEN, "ann", 100) for each in pair) == 0


async def test_an_exact_limit_is_exact_over_all_workers(pair: tuple[Limiter, Limiter]) -> None:
    calls = [pair[n % 2].admit(TEN, "ann") for n in range(60)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(outcome, RateLimited) for outcome in outcomes) == 10
    refused = next(outcome for outcome in outcomes if isinstance(outcome, RateLimited))
    assert 5 <= (refused.retry_after or 0) <= 6


@pytest.mark.parametrize("way", ["charge", "admit"])
async def test_a_limit_comes_back_bit_by_bit(pair: tuple[Limiter, Limiter], way: str) -> None:
    async def once() -> bool:
        try:
            if way == "charge":
                pair[0].charge(QUICK, "ann")
            else:
                await pair[0].admit(QUICK, "ann")
        except RateLimited:
            return False
        return True

    assert [await once() for _ in range(4)] == [True] * 4
    assert not await once()
    await asyncio.sleep(0.3)
    assert await once(), "a quarter of it is back after a quarter of its time"
    assert not await once()
    await asyncio.sleep(1.05)
    assert [await once() for _ in range(4)] == [True] * 4


async def test_redis_keeps_no_address_and_nothing_for_ever(pair: tuple[Limiter, Limiter], settings: Settings) -> None:
    pair[0].charge(TEN, "ann@example.com")
    await pair[0].share()
    await pair[1].admit(TEN, "203.0.113.9")
    async with Redis.from_url(settings.redis_url or "", decode_responses=True) as client:
        keys = [key async for key in client.scan_iter("rate:*")]
        assert len(keys) == 2
        for key in keys:
            assert "ann" not in key
            assert "203.0.113" not in key
            assert 0 < await client.pttl(key) <= 60_000


async def test_without_limits_nothing_is_counted(engine: Engine, settings: Settings) -> None:
    off = Limiter(engine.calls, settings.for_development().model_copy(update={"rate_limits": False}))
    assert [off.charge(TEN, "ann") for _ in range(50)] == [None] * 50
    assert await off.admit(TEN, "ann") is None


async def test_a_worker_that_has_seen_many_forgets_those_whose_limit_is_whole(
    pair: tuple[Limiter, Limiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_KNOWN", 50)
    limiter = pair[0]
    assert passes(limiter, TEN, "busy", 100) == 10
    for number in range(200):
        limiter.charge(TEN, f"somebody {number}")
    await limiter.share()
    assert len(limiter._whole_at) <= 50
    assert passes(limiter, TEN, "busy", 1) == 0, "the busy one is not among them"
