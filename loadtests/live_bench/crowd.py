"""``python -m loadtests.live_bench.crowd PORT KIND [EXPERT]``: one process that holds thousands of sockets cheaply.

It parses nothing: what comes is searched for a mark. Commands on standard input, answers on standard output, a line
each: ``connect N`` makes sockets until there are N; ``expect K`` answers, once each socket has had K more messages,
when (ns, monotonic clock) half of them, 99 % and all had theirs. Linux only: it waits with epoll.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time

from loadtests.live_bench.payload import MARK

PATHS = {"slotline": "/api/live", "sanic": "/live", "broadcast": "/live"}
SOCKETIO = "/socket.io/?EIO=4&transport=websocket"
MASK = b"\0\0\0\0"
READ = 262_144


def text(payload: bytes) -> bytes:
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else bytes((0x81, 0xFE)) + length.to_bytes(2, "big")
    return head + MASK + payload


class Crowd:
    def __init__(self, port: int, kind: str, expert: str) -> None:
        self.port, self.kind, self.expert = port, kind, expert
        self.sockets: dict[int, socket.socket] = {}
        self.counts: dict[int, int] = {}
        self.target = 0
        self.poll = select.epoll()

    def connect(self, number: int) -> None:
        while len(self.sockets) < number:
            opened = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(opened)
            opened.setblocking(False)
            self.sockets[opened.fileno()] = opened
            self.counts[opened.fileno()] = self.target
            self.poll.register(opened.fileno(), select.EPOLLIN)
            if len(self.sockets) % 200 == 0:
                self.idle(0.001)

    def _greet(self, opened: socket.socket) -> None:
        path = SOCKETIO if self.kind == "socketio" else PATHS[self.kind]
        opened.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._until(opened, b"\r\n\r\n", b"HTTP/1.1 101 ")
        if self.kind == "slotline":
            opened.sendall(text(json.dumps({"type": "subscribe", "expertId": self.expert}).encode()))
            self._until(opened, b"]}", b"")
        elif self.kind == "socketio":
            opened.sendall(text(b"40"))
            self._until(opened, b"40{", b"")

    def _until(self, opened: socket.socket, end: bytes, beginning: bytes) -> None:
        got = b""
        while end not in got:
            more = opened.recv(READ)
            if not more:
                raise SystemExit(f"{self.kind}: the server has hung up")
            got += more
        if not got.startswith(beginning):
            raise SystemExit(f"unexpected: {got[:80]!r}")

    def expect(self, messages: int) -> dict[str, int]:
        self.target += messages
        target, counts, arrived = self.target, self.counts, []
        poll, read, clock, left = self.poll.poll, os.read, time.monotonic_ns, len(counts)
        deadline = time.monotonic() + 60
        while left:
            for fd, _ in poll(1.0, 512):
                data = read(fd, READ)
                if found := data.count(MARK):
                    counts[fd] += found
                    if counts[fd] == target:
                        arrived.append(clock())
                        left -= 1
                if not found or data[0] == 0x89:
                    self._control(fd, data)
            if time.monotonic() > deadline:
                raise SystemExit(f"{left} of {len(counts)} sockets wait in vain")
        arrived.sort()
        return {"p50": arrived[len(arrived) // 2], "p99": arrived[len(arrived) * 99 // 100], "all": arrived[-1]}

    def _control(self, fd: int, data: bytes) -> None:
        if not data:
            raise SystemExit(f"{self.kind}: the server has hung up")
        if data[0] == 0x89:
            os.write(fd, bytes((0x8A, 0x80 | data[1])) + MASK + data[2 : 2 + data[1]])
        elif self.kind == "socketio" and data == b"\x81\x012":
            os.write(fd, text(b"3"))

    def idle(self, seconds: float) -> None:
        """Answers pings."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for fd, _ in self.poll.poll(min(left, 0.1), 512):
                self._control(fd, os.read(fd, READ))


def main() -> None:
    port, kind, expert = int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    crowd = Crowd(port, kind, expert)
    stdin = select.poll()
    stdin.register(0, select.POLLIN)
    while True:
        while not stdin.poll(0):
            crowd.idle(0.02)
        words = os.read(0, 100).decode().split()
        if not words:
            return
        if words[0] == "connect":
            crowd.connect(int(words[1]))
            answer = {"sockets": len(crowd.sockets)}
        else:
            print("{}", flush=True)  # listening
            answer = crowd.expect(int(words[1]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
