"""Sample data: ``python seed.py [--experts N] [--weeks N] [--seed N]``, the same as ``slotline seed``."""

import sys

from engine.cli import main

if __name__ == "__main__":
    main(["seed", *sys.argv[1:]])
