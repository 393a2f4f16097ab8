"""A full disk ends no worker: each file of metrics was a hole, and a write into it SIGBUS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WORKER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from api import metrics
for status in range(200, 300):
    metrics.observe("GET", "/api/experts", status, 0.1)
metrics.set_journal(3, 2, 1)
print(metrics.exposition().decode())
"""


def worker(folder: Path, most: int) -> tuple[str, str]:
    """What a worker says whose files may have so many bytes."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(most)], env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_disk_has_room_for_all_of_each_file(tmp_path: Path) -> None:
    said, _ = worker(tmp_path, 1 << 30)
    assert "slotline_journal_backlog 3.0" in said
    files = {path.name.rpartition("_")[0]: path.stat() for path in tmp_path.iterdir()}
    assert files.keys() == {"counter", "gauge_livesum", "gauge_sum", "histogram"}
    assert [kind for kind, file in files.items() if file.st_blocks * 512 < file.st_size] == []


def test_where_there_is_no_room_a_worker_keeps_its_numbers_to_itself(tmp_path: Path) -> None:
    said, complaint = worker(tmp_path, 100_000)
    assert "slotline_journal_backlog 3.0" in said
    assert 'slotline_request_seconds_count{method="GET",route="/api/experts",status="200"} 1.0' in said
    assert "told to nobody else" in complaint
    assert list(tmp_path.iterdir()) == [], "another worker reads what is there"
