"""``python -m loadtests.cost``: what a request costs in things that can be counted, on a machine of any speed."""
