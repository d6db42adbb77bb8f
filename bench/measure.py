"""A figure of several rounds: ours, the reference's, their ratio, how far the rounds lie apart, and whether the goal is met."""

from __future__ import annotations

import json
import os
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROUNDS = 5
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """`ours` and `reference` hold a value a round. `goal` is a limit of the ratio, or of ours where `of_ours`."""

    id: str
    name: str
    unit: str
    ours: Sequence[float]
    reference: Sequence[float]
    goal: float
    at_least: bool = False
    of_ours: bool = False
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        return [ours / reference for ours, reference in zip(self.ours, self.reference, strict=True)]

    @property
    def judged(self) -> Sequence[float]:
        return self.ours if self.of_ours else self.ratios

    @property
    def spread(self) -> float:
        return max(self.judged) - min(self.judged)

    @property
    def met(self) -> bool:
        """Only where the margin is larger than the spread of the rounds."""
        margin = statistics.median(self.judged) - self.goal
        return (margin if self.at_least else -margin) >= self.spread

    def __str__(self) -> str:
        ours, reference = (f"{statistics.median(values):.4g}{self.unit}" for values in (self.ours, self.reference))
        goal = f"{'>=' if self.at_least else '<='}{self.goal:g}{self.unit if self.of_ours else 'x'}"
        word = "ok" if self.met else "short"
        words = f"ours={ours} reference={reference} ratio={statistics.median(self.ratios):.3g} spread={self.spread:.3g} goal={goal} {word}"
        return f"{self.id} {self.name}: {words}" + (f" ({self.note})" if self.note else "")

    def keep(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        at = datetime.now(UTC)
        kept = asdict(self) | {"ratios": self.ratios, "spread": self.spread, "met": self.met}
        kept |= {"at": at.isoformat(), "cores": os.cpu_count(), "load": os.getloadavg()}
        name = f"{self.id}-{re.sub('[^a-z0-9]+', '-', self.name)}-{at:%Y%m%dT%H%M%S}.json"
        (RESULTS / name).write_text(json.dumps(kept, indent=1))


def centile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
