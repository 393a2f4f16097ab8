"""``python -m loadtests.growth``: what becomes slower, and how large things get, as there is more of everything."""
