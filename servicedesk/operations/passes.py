"""What the engine does, in this order: each pass takes `now` and returns the number of rows it handled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Run(Protocol):
    def __call__(self, *, now: datetime) -> int: ...


@dataclass(frozen=True)
class Pass:
    """`lane`: passes of one lane run one after the other; the post's lane may wait for a provider without holding up the desk's."""

    name: str
    every_s: int
    run: Run | Callable[..., int]
    lane: str = "desk"


PASSES: tuple[Pass, ...] = ()
