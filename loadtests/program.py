"""How the benchmarks end: with 0, with 1 and a line that says what is wrong, or with 130 for Ctrl-C."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from engine.errors import SlotlineError
from engine.stack import StackError


def status_of(work: Callable[[], None], *expected: type[Exception]) -> int:
    """Does ``work``, in which the engine logs errors alone; answers the exit status. What is not ``expected``, nor ours
    or the stack's, comes through."""
    explained: tuple[type[Exception], ...] = (SlotlineError, StackError, *expected)
    logging.getLogger("slotline").setLevel(logging.ERROR)
    try:
        work()
    except explained as error:
        print(f"slotline: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slotline: stopped", file=sys.stderr)
        return 130
    return 0
