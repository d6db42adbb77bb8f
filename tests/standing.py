"""A world that takes seconds to make is made once for a module; each test of it sees it as it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction

World = TypeVar("World")


@contextmanager
def standing(blocker: Any, make: Callable[[], World]) -> Iterator[World]:
    """What `make` wrote stands until the block ends. Tests within it ask for `db` as well, which takes back what they write."""
    whole = transaction.atomic()
    with blocker.unblock():
        whole.__enter__()
        try:
            world = make()
        except BaseException:
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
            raise
    try:
        yield world
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
