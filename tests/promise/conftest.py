from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.settings import Settings
from tests.promise.proxy import Proxy


@pytest.fixture
async def redis_proxy(settings: Settings) -> AsyncIterator[Proxy]:
    assert settings.redis_url
    async with Proxy(settings.redis_url) as proxy:
        yield proxy
