"""Which Redis and MongoDB to use, and whether they answer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pymongo import MongoClient
from pymongo.errors import (
    ConfigurationError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from redis import Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import AuthenticationError, RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from engine.cli.say import shown
from engine.errors import StoreUnavailable
from engine.routes import Address, parse
from engine.routes.topology import with_hosts
from engine.settings import Settings
from engine.stack import Stack, StackError, running

PATIENCE = 2.5  # seconds
REDIS_ERRORS = (RedisError, RedisClusterException)
"""The second is none of the first, for all that the library's documentation says of errors."""


def given_settings() -> Settings:
    """What the environment and .env say. Raises StackError for a .env that cannot be read, ValidationError."""
    try:
        return Settings()
    except UnicodeDecodeError as error:
        raise StackError(".env is not UTF-8 text") from error
    except OSError as error:
        raise StackError(f".env cannot be read: {error.strerror}") from error


def redis_client(url: str) -> Redis | RedisCluster:
    """A client of a server, a cluster or the master of sentinels, that gives up after `PATIENCE`.

    Raises StackError for a URL that is none, one of `REDIS_ERRORS` if a cluster or the sentinels do not answer.
    """
    options = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "decode_responses": True}
    try:
        address = parse(url)
        if address is None:
            return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    except StoreUnavailable as error:
        raise StackError(str(error)) from error
    except (ValueError, TypeError) as error:
        raise StackError("REDIS_URL is not a valid redis://, rediss:// or unix:// URL") from error
    return _of_many(address, options)


def _of_many(address: Address, options: dict[str, Any]) -> Redis | RedisCluster:
    options |= {"username": address.username, "password": address.password, "ssl": address.tls}
    if not address.master:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(_to_ask(host, port, options)) for host, port in address.hosts]
            nodes = [
                ClusterNode(host, port, redis_connection=client)  # type: ignore[no-untyped-call]
                for (host, port), client in zip(address.hosts, clients, strict=True)
            ]
            return RedisCluster(startup_nodes=nodes, require_full_coverage=False, **options)
    patience = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
    patience |= address.sentinel_login
    with contextlib.ExitStack() as stack:
        sentinel = Sentinel(list(address.hosts), sentinel_kwargs=patience)  # type: ignore[no-untyped-call]
        for each in sentinel.sentinels:
            stack.callback(each.close)
        host, port = sentinel.discover_master(address.master)  # type: ignore[no-untyped-call]
    return Redis(host=host, port=port, retry=Retry(NoBackoff(), 0), **options)


def _to_ask(host: str, port: int, options: dict[str, Any]) -> Redis:
    """A client to ask a node where the others are, as `engine.routes.topology` does."""
    client = Redis(host=host, port=port, retry=Retry(NoBackoff(), 0), protocol=2, **options)
    client.set_response_callback("CLUSTER SLOTS", partial(with_hosts, asked=host))
    return client


def mongo_client(url: str) -> MongoClient[dict[str, object]]:
    """A client that gives up after `PATIENCE`. Raises StackError for a URL that is none."""
    milliseconds = int(PATIENCE * 1000)
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise StackError("MONGO_URL is not a mongodb:// URL")
    try:
        return MongoClient(
            url,
            serverSelectionTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
        )
    except ConfigurationError as error:
        if isinstance(error, InvalidURI):
            raise StackError("MONGO_URL is not a valid mongodb:// URL") from error
        raise StackError("MONGO_URL: its host is not known or its options are not valid") from error
    except OSError as error:
        raise StackError(f"MONGO_URL: a file that it names cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise StackError("MONGO_URL is not a valid mongodb:// URL") from error


def check_redis(url: str) -> None:
    """Raises StackError, without any password, if Redis does not answer."""
    try:
        with redis_client(url) as client:
            client.ping()
    except AuthenticationError as error:
        raise StackError(f"Redis at {shown(url)} refuses the password or user of REDIS_URL") from error
    except (TypeError, AttributeError) as error:  # redis-py hands what stands behind the ? to its connection, unseen
        raise StackError("REDIS_URL has an option that is not known or not valid") from error
    except (*REDIS_ERRORS, OSError) as error:
        if "Cluster mode is not enabled" in str(error):
            raise StackError(f"Redis at {shown(url)} is no cluster; REDIS_URL begins with redis:// then") from error
        raise StackError(f"cannot reach Redis at {shown(url)}; look at REDIS_URL, and whether it runs") from error


def check_mongo(url: str) -> None:
    """Raises StackError, without any password, if MongoDB does not answer or has no primary."""
    with mongo_client(url) as client:
        try:
            client.admin.command("ping")
        except OperationFailure as error:
            raise StackError(f"MongoDB at {shown(url)} refuses the user or password of MONGO_URL") from error
        except ServerSelectionTimeoutError as error:
            raise StackError(f"cannot reach MongoDB at {shown(url)}; look at MONGO_URL, and whether it runs") from error
        except PyMongoError as error:
            raise StackError(f"MongoDB at {shown(url)} does not answer: {type(error).__name__}") from error


def check_given(settings: Settings) -> None:
    """Check the servers that the environment names."""
    if settings.redis_url:
        check_redis(settings.redis_url)
    if settings.mongo_url:
        check_mongo(settings.mongo_url)


def with_running(settings: Settings) -> Settings:
    """The settings, with the URLs of the stack that runs in the data folder where none are given."""
    found = running(settings.data_dir)
    if found is None:
        return settings
    return settings.model_copy(
        update={
            "redis_url": settings.redis_url or found.redis_url,
            "mongo_url": settings.mongo_url or found.mongo_url,
        }
    )


@contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """Settings with both URLs: given ones, those of a running stack, or those of one that is started meanwhile."""
    settings = with_running(settings)
    check_given(settings)
    if settings.redis_url and settings.mongo_url:
        yield settings
        return
    with Stack(settings.data_dir, redis=not settings.redis_url, mongo=not settings.mongo_url) as stack:
        yield stacked(settings, stack)


def stacked(settings: Settings, stack: Stack) -> Settings:
    """The settings with the URLs of what the stack runs."""
    return settings.model_copy(
        update={
            "redis_url": stack.redis_url or settings.redis_url,
            "mongo_url": stack.mongo_url or settings.mongo_url,
        }
    )
