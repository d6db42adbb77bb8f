"""What one version of a rule would have done over a period: what matched, and the occasions it would have opened. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.rules import ABOVE_CAP, Decision, Facts, Outcome, Rule

ATTACHES_FOR = timedelta(hours=4)  # of one group: what comes so soon after joins what is open
HOUR = timedelta(hours=1)
DEEDS = ("declare", "propose")


@dataclass(slots=True)
class Occasion:
    """One incident that would have been opened, from its first match to its last."""

    group: str
    deed: str
    thing: str
    service: str
    severity: int
    at: datetime
    last_at: datetime
    policy: str = ""

    def overlaps(self, other: Occasion) -> bool:
        near = self.at <= other.last_at + ATTACHES_FOR and other.at <= self.last_at + ATTACHES_FOR
        return near and self.group == other.group


@dataclass(slots=True)
class Side:
    """`matched`: each thing by when it matched first; `why`: what decided that, of a confidential thing nothing."""

    rule: Rule | None
    matched: dict[str, datetime] = field(default_factory=dict)
    why: dict[str, Outcome] = field(default_factory=dict)
    occasions: list[Occasion] = field(default_factory=list)
    open: dict[str, Occasion] = field(default_factory=dict)

    def hear(self, thing: str, facts: Facts, outcome: Outcome | None, decision: Decision, at: datetime) -> None:
        if outcome is None or not outcome.matched or thing in self.matched:
            return
        self.matched[thing] = at
        if not is_confidential(thing, facts):
            self.why[thing] = outcome
        deed = next((deed for deed in DEEDS if outcome.action(deed)), "")
        if deed:
            self._open(thing, deed, facts, outcome, decision, at)

    def _open(self, thing: str, deed: str, facts: Facts, outcome: Outcome, decision: Decision, at: datetime) -> None:
        group = self._group(thing, facts, outcome, at)
        known = self.open.get(group)
        if known is not None and at - known.last_at <= ATTACHES_FOR:
            known.last_at = at
            if deed == "declare":
                known.deed = deed
            return
        said = outcome.action("declare")
        policy = str((said and said.args.get("policy")) or "")
        service = str(facts.get("service.slug") or "")
        self.open[group] = Occasion(group, deed, thing, service, decision.severity or 3, at, at, policy)
        self.occasions.append(self.open[group])

    def _group(self, thing: str, facts: Facts, outcome: Outcome, at: datetime) -> str:
        """As live: what is confidential is a group of its own, and above its cap a rule gathers all in one storm."""
        if is_confidential(thing, facts):
            return f"ticket:{thing}"
        cap = self.rule.fire_cap if self.rule else None
        lately = [one for one in self.occasions[-cap:] if at - one.at < HOUR] if cap else []
        return f"{ABOVE_CAP}{outcome.key}" if cap and len(lately) >= cap else outcome.group_key


def is_confidential(thing: str, facts: Facts) -> bool:
    """Of a confidential ticket no words are kept."""
    return thing.startswith("T-") and "ticket.signature" not in facts
