"""The files in which a worker keeps its metrics for the others, with room on the disk from the first.

The library maps them into memory and makes them of holes. Whoever writes into a hole that a full disk cannot fill is
ended by SIGBUS: every worker was, one after the other, and the API was gone for want of a few kilobytes.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from prometheus_client import values

log = logging.getLogger("slotline.metrics")

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SIZES = {"counter": 1 << 16, "gauge_livesum": 1 << 16, "gauge_sum": 1 << 16, "histogram": 1 << 20}
"""Bytes, by the library's word for a kind of metric. A histogram takes 3 KB for each route and status."""


def make() -> None:
    """To be called before there is any metric. Where there is no room, this worker's numbers are its own alone."""
    if FOLDER not in os.environ:
        return
    files = {Path(os.environ[FOLDER], f"{kind}_{os.getpid()}.db"): size for kind, size in SIZES.items()}
    try:
        for path, size in files.items():
            with path.open("ab") as file:
                file.write(bytes(size - min(file.tell(), size)))
    except OSError as error:
        log.warning("the metrics of this worker are told to nobody else: %s: %s", os.environ[FOLDER], error.strerror)
        for path in files:
            path.unlink(missing_ok=True)
        del os.environ[FOLDER]
        values.ValueClass = values.MutexValue
