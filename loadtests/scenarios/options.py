"""The command line that all scenarios share, beside locust's own."""

from __future__ import annotations

from locust import events
from locust.argument_parser import LocustArgumentParser

from loadtests.shapes import SECONDS


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add(parser: LocustArgumentParser) -> None:
    parser.add_argument("--shape-seconds", type=int, default=SECONDS, help="length of the run's shape")
    parser.add_argument("--expert", default="", help="whom everybody wants (rush, live)")
