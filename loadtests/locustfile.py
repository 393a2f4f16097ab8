"""Impatient customers, as CI sends them: ``python -m loadtests.ci``, or against a server that runs already

locust -f loadtests/locustfile.py --host http://127.0.0.1:8000
"""

from __future__ import annotations

from locust import between

from loadtests.customers import Customer


class Guest(Customer):
    wait_time = between(0.05, 0.25)
