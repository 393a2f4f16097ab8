"""``python -m loadtests.bench``: what a request costs beside a hello-world, in one interleaved run."""
