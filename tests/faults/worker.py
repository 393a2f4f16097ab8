"""An API worker of the tests: the product, with a clock that can be moved and, if asked for, a planted bug."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from api.worker import main
from tests.faults import planted

real_time = time.time
offset = 0.0


def shifted() -> float:
    return real_time() + offset


def read_offset(*_: object) -> None:
    global offset
    offset = float(Path(os.environ["FAULTS_CLOCK"]).read_text() or 0)


if __name__ == "__main__":
    time.time = shifted
    signal.signal(signal.SIGUSR1, read_offset)
    if bug := os.environ.get("FAULTS_PLANTED"):
        planted.BUGS[bug]()
    main()
