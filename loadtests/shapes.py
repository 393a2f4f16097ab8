"""How many users there are at which moment: shapes of a run, scaled by locust's ``--users`` and ``--run-time``."""

from __future__ import annotations

from typing import Any

from locust import LoadTestShape

USERS = 20
SECONDS = 60


class Curve(LoadTestShape):
    """Straight lines between the points of ``curve``: (part of the time, part of the users), from (0, 0) on."""

    abstract = True
    use_common_options = True
    curve: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    ramp = 1.0
    """Of the time, for the steepest rise: users a second are worked out from it."""

    def tick(self) -> tuple[int, float] | None:
        options: Any = self.runner.environment.parsed_options if self.runner else None
        users = (options and options.num_users) or USERS
        seconds = (options and options.shape_seconds) or SECONDS
        part = self.get_run_time() / seconds  # type: ignore[no-untyped-call]
        if part >= 1:
            return None
        return max(1, round(users * self.at(part))), max(1.0, users / max(1.0, self.ramp * seconds))

    def at(self, part: float) -> float:
        before = (0.0, 0.0)
        for point in self.curve:
            if part < point[0]:
                share = (part - before[0]) / (point[0] - before[0])
                return before[1] + share * (point[1] - before[1])
            before = point
        return before[1]
