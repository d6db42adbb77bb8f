"""`python -m tests.chaos --rounds 20`: a line a round, then one of figures. Exit 1 where a promise broke."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.chaos.rounds import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="which faults strike, and when")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no desk behind
    judged = run(given.rounds, given.seed)
    print(judged.results())
    print(judged, flush=True)
    return 0 if judged.holds else 1


if __name__ == "__main__":
    sys.exit(main())
