from __future__ import annotations

from prometheus_client import Histogram

from api.metrics import BUCKETS, Timer


def test_a_flush_adds_what_single_observations_would_have_added() -> None:
    counted, single = (Histogram(name, "", buckets=BUCKETS, registry=None) for name in ("counted", "single"))
    timer = Timer(counted)
    for seconds in (0.0005, 0.001, 0.0011, 0.3, 10.0, 11.0):
        timer.add(seconds)
        single.observe(seconds)
    timer.flush()
    timer.flush()
    first, second = ([(s.name, s.labels, s.value) for s in each._child_samples()] for each in (counted, single))
    assert [each for each in first if each[0] != "_created"] == [each for each in second if each[0] != "_created"]
