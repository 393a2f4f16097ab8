"""Load: the benchmark that prints ratios, and the scenarios that must pass without a single unexpected answer."""
