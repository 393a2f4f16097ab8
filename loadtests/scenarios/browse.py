"""`browse`: people look around, and nobody books. Swells like an evening, and ebbs."""

from __future__ import annotations

from locust import between

from loadtests.customers import Reader
from loadtests.scenarios import options as options
from loadtests.shapes import Curve


class Guest(Reader):
    wait_time = between(0.2, 1.5)


class Evening(Curve):
    curve = ((0.3, 0.5), (0.5, 1.0), (0.8, 1.0), (1.0, 0.2))
    ramp = 0.3
