"""Ctrl-C and its relatives become one exception, once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Somebody wants us to stop."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` in the body on the first signal, wherever it is; then ignore more of them.

    So the clean-up on the way out of the body runs to its end, which every part of it bounds by a time-out.
    """

    interrupted = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    except SystemError as error:  # what PyMongo's encoder, in C, makes of an exception that comes up in its midst
        if interrupted:
            raise Interrupted from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def own_foreground(wanted: bool) -> Iterator[None]:
    """Have the terminal to ourselves, so that Ctrl-C reaches us but not the ``make`` that started us.

    Make would otherwise end by that signal, after us, and ``make run`` could not end with 0. Without a terminal,
    or when we already lead our process group, nothing changes.
    """
    group = os.getpgrp()
    if not (wanted and sys.stdin.isatty() and group != os.getpid() and os.tcgetpgrp(0) == group):
        yield
        return
    for number in (signal.SIGTTOU, signal.SIGTSTP):  # may hand the terminal over; cannot be suspended alone
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(0, group)
