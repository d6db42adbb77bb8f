"""`python -m bench [id]`: P1, P4, P7, P9 or P11; all without an id. One line a figure, JSON in bench/results/."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from bench import hung, ingest, paging, replay, small

BENCHES = {"P1": ingest.bench, "P4": paging.bench, "P7": replay.bench, "P9": hung.bench, "P11": small.bench}
NAMES = {"ingest": "P1", "paging": "P4", "backtest": "P7", "hung": "P9", "small": "P11"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("id", nargs="?", choices=[*BENCHES, *NAMES], metavar="id", help=", ".join([*BENCHES, *NAMES]))
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no desk behind
    chosen = [NAMES.get(given.id, given.id)] if given.id else list(BENCHES)
    print(f"# {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start", flush=True)
    for one in chosen:
        for figure in BENCHES[one]():
            figure.keep()
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
