"""One-time codes."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from engine.codes import Codes
from engine.engine import Engine
from engine.errors import WrongCode
from engine.settings import Settings

EMAIL = "Ann.Onymous@Example.com"


@pytest.fixture
async def codes(engine: Engine, settings: Settings) -> Codes:
    return Codes(engine.calls, settings.for_development())


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_proves_its_address_once_and_in_any_spelling(codes: Codes) -> None:
    code = await codes.issue(EMAIL)
    assert len(code) == 6
    assert code.isdecimal()
    with pytest.raises(WrongCode):
        await codes.redeem("bob@example.com", code)
    await codes.redeem(EMAIL.lower(), code)
    with pytest.raises(WrongCode):
        await codes.redeem(EMAIL, code)


async def test_after_five_wrong_tries_the_right_code_is_wrong_too(codes: Codes) -> None:
    for tries, fine in ((4, True), (5, False)):
        code = await codes.issue(EMAIL)
        for _ in range(tries):
            with pytest.raises(WrongCode):
                await codes.redeem(EMAIL, another(code))
        if fine:
            await codes.redeem(EMAIL, code)
        else:
            with pytest.raises(WrongCode):
                await codes.redeem(EMAIL, code)


async def test_many_tries_at_once_are_five(codes: Codes) -> None:
    """The count and the comparison are one script: no two tries share a count."""
    code = await codes.issue(EMAIL)
    wrong = [f"{number:06}" for number in range(200) if f"{number:06}" != code]
    outcomes = await asyncio.gather(*(codes.redeem(EMAIL, each) for each in wrong), return_exceptions=True)
    assert all(isinstance(outcome, WrongCode) for outcome in outcomes)
    with pytest.raises(WrongCode):
        await codes.redeem(EMAIL, code)


async def test_the_right_code_many_times_at_once_proves_once(codes: Codes) -> None:
    code = await codes.issue(EMAIL)
    outcomes = await asyncio.gather(*(codes.redeem(EMAIL, code) for _ in range(50)), return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, WrongCode) for outcome in outcomes) == 49


async def test_a_new_code_replaces_the_one_before(codes: Codes) -> None:
    first = await codes.issue(EMAIL)
    second = await codes.issue(EMAIL)
    if first != second:
        with pytest.raises(WrongCode):
            await codes.redeem(EMAIL, first)
    await codes.redeem(EMAIL, second)


async def test_a_code_is_over_after_its_time(engine: Engine, settings: Settings) -> None:
    short = settings.for_development().model_copy(update={"code_seconds": 1})
    codes = Codes(engine.calls, short)
    code = await codes.issue(EMAIL)
    await asyncio.sleep(1.1)
    with pytest.raises(WrongCode):
        await codes.redeem(EMAIL, code)


async def test_redis_knows_neither_the_code_nor_the_address(codes: Codes, settings: Settings) -> None:
    code = await codes.issue(EMAIL)
    async with Redis.from_url(settings.redis_url or "", decode_responses=True) as client:
        keys = [key async for key in client.scan_iter("code:*")]
        stored = [await client.get(key) for key in keys]
        assert [0 < await client.pttl(key) <= 600_000 for key in keys] == [True]
    for text in (*keys, *stored):
        assert code not in text.partition(" ")[0].split(":")
        assert "ann" not in text.lower()
        assert "example" not in text.lower()


@pytest.mark.parametrize("nonsense", ["", "1", "1234567", "x" * 10_000, "12345\0", "１２３４５６"])
async def test_what_is_no_code_is_wrong(codes: Codes, nonsense: str) -> None:
    await codes.issue(EMAIL)
    with pytest.raises(WrongCode):
        await codes.redeem(EMAIL, nonsense)
