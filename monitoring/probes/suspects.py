"""One alert for one suspect: opened once, told again when it got worse, closed when it was quiet for long enough. Never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitoring.verdict import RANK

MOST_OPEN = 20  # alerts at a time; a botnet of thousands is one more alert, not thousands


@dataclass
class Suspects:
    """`known`: suspect to {"last", "status", "words"}; `others`: those beyond MOST_OPEN, to the time they were last seen."""

    check: str
    quiet: timedelta
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, check: str, quiet: timedelta, memory: Mapping[str, Any]) -> Suspects:
        return cls(check, quiet, {name: dict(one) for name, one in memory.get("known", {}).items()}, dict(memory.get("others", {})))

    def dump(self) -> dict[str, Any]:
        return {"known": self.known, "others": dict(list(self.others.items())[-5000:])}

    def accuse(self, name: str, at: datetime, status: str, words: str) -> None:
        """Open, or keep open; told at once when it is new or worse."""
        row = self.known.get(name)
        if row is None and len(self.known) >= MOST_OPEN and status != "critical":
            is_first = not self.others
            self.others[name] = at.isoformat()
            if is_first:
                self._tell("many others", status, f"more than {MOST_OPEN} at a time; further ones are counted here")
            return
        if row is None or RANK[status] > RANK[row["status"]]:
            self._tell(name, status, words)
            self.known[name] = {"last": at.isoformat(), "status": status, "words": words}
        else:
            row["last"] = max(row["last"], at.isoformat())

    def is_known(self, name: str) -> bool:
        return name in self.known or name in self.others

    def forget(self, now: datetime) -> None:
        """Close those that were quiet."""
        before = (now - self.quiet).isoformat()
        for name in [name for name, row in self.known.items() if row["last"] <= before]:
            row = self.known.pop(name)
            self._tell(name, "ok", f"quiet for {int(self.quiet.total_seconds() // 60)} min; it was: {row['words']}")
        gone = [name for name, last in self.others.items() if last <= before]
        for name in gone:
            del self.others[name]
        if gone and not self.others:
            self._tell("many others", "ok", "quiet again")

    def _tell(self, name: str, status: str, words: str) -> None:
        self.told.append({"check": f"{self.check} {name}"[:120], "status": status, "summary": words[:1024], "labels": {"suspect": name}})
