"""`python -m bench [id]`: P1, P2, P3 (with P10), P4 to P9, P11 or noise; all without an id.

One line a figure, JSON in bench/results/.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

from bench import batches, flood, hung, ingest, noise, pages, paging, pings, replay, small, stored

BENCHES = {
    "P1": ingest.bench, "P2": batches.bench, "P3": pages.bench, "P4": paging.bench,
    "P5": flood.bench,
    "P6": pings.bench, "P7": replay.bench, "P8": stored.bench,
    "P9": hung.bench, "P11": small.bench, "noise": noise.bench,
}  # fmt: skip
NAMES = {
    "ingest": "P1", "batches": "P2", "pages": "P3", "P10": "P3", "weights": "P3", "paging": "P4", "flood": "P5",
    "heartbeats": "P6", "backtest": "P7", "stored": "P8", "hung": "P9", "small": "P11",
}  # fmt: skip


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
