"""The embedded Redis and MongoDB of ``make run`` and the tests. Production brings its own."""

from engine.stack.child import Child
from engine.stack.cluster import RedisCluster
from engine.stack.errors import StackError
from engine.stack.servers import MongoServer, RedisServer
from engine.stack.stack import Running, Stack, running

__all__ = ["Child", "MongoServer", "RedisCluster", "RedisServer", "Running", "Stack", "StackError", "running"]
