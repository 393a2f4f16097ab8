"""The fan-out of the live feed beside what else there is: `make bench-live`."""
