"""Takes a connection over from Sanic."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode, b64encode
from hashlib import sha1
from typing import Any, cast

from sanic import Request

from api.live.websocket import WebSocket
from api.problems import BadRequest
from api.replies import request_id

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
VERSION = "13"


def accept_key(request: Request) -> str:
    """What proves to the client that it was understood. Raises BadRequest for what is no WebSocket handshake."""
    headers = request.headers
    connection = [each.strip().lower() for each in headers.get("connection", "").split(",")]
    asked = headers.get("upgrade", "").lower() == "websocket" and "upgrade" in connection
    if not asked or request.version == "1.0":  # RFC 9110, 7.8: a proxy of that age takes no notice of either
        raise BadRequest("this address speaks WebSocket only")
    if headers.get("sec-websocket-version") != VERSION:
        said = f"this address speaks version {VERSION} of the WebSocket protocol"
        raise BadRequest(said, sec_websocket_version=VERSION)  # RFC 6455, 4.4
    key = headers.get("sec-websocket-key", "")
    try:
        if len(b64decode(key, validate=True)) != 16:
            raise BadRequest("Sec-WebSocket-Key has 16 bytes")
    except (binascii.Error, ValueError):
        raise BadRequest("Sec-WebSocket-Key is not Base64") from None
    return b64encode(sha1(key.encode() + GUID).digest()).decode()


def take_over(request: Request, socket: WebSocket) -> None:
    """Answers the handshake and gives the transport to ``socket``. Raises BadRequest.

    Sanic's protocol object ends with the request: it no longer has a transport to close, and is not among the
    connections that Sanic waits for when it stops.
    """
    key = accept_key(request)
    http = cast(Any, request.stream)
    protocol = http.protocol
    transport: asyncio.Transport = protocol.transport
    http.upgrade_websocket = True  # no answer but ours is to be expected
    early = bytes(http.recv_buffer)
    http.recv_buffer.clear()
    protocol.connections.discard(protocol)
    protocol.transport = None
    transport.set_protocol(socket)
    socket.connection_made(transport)
    transport.write(
        f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {key}\r\nX-Request-Id: {request_id(request)}\r\n\r\n".encode()
    )
    transport.resume_reading()
    if early:
        socket.data_received(early)
