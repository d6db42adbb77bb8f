"""How long a test waits before it calls something endless: far above what a busy machine needs, below what never ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

LONG_S = 30.0  # for what is waited for until it is so


@contextmanager
def soon(seconds: float = 10.0) -> Iterator[None]:
    """What stands within ends by itself. `seconds` is less than it would take if it did not."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds, f"it took {took:.1f} s"
