"""The yardstick: a Sanic app that reads a JSON body and answers a small one. Started like ``api.worker``."""

from __future__ import annotations

import argparse
import os
import socket
from typing import Any

import orjson
from sanic import Request, Sanic
from sanic.response import HTTPResponse, json


def create_app() -> Sanic[Any, Any]:
    app: Sanic[Any, Any] = Sanic("hello", configure_logging=False, dumps=orjson.dumps, loads=orjson.loads)

    @app.post("/hello")
    async def hello(request: Request) -> HTTPResponse:
        return json({"hello": request.json["name"]})

    return app


def main() -> None:
    parser = argparse.ArgumentParser(prog="loadtests.bench.hello")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    given = parser.parse_args()
    app = create_app()

    @app.after_server_start
    async def ready(app: Sanic[Any, Any]) -> None:
        os.write(given.ready_fd, b"R")
        os.close(given.ready_fd)

    app.run(sock=socket.socket(fileno=given.fd), single_process=True, motd=False, access_log=False)


if __name__ == "__main__":
    main()
