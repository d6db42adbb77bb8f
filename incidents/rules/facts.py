"""Facts that follow from others. Derived again at each evaluation, so what is stored stays what was seen."""

from __future__ import annotations

from collections.abc import Mapping

from incidents.rules.shapes import JSON, Facts

LARGE_GROUP = 50  # several people count as everyone from here on, unless the fact desk.large_group says another number
SERVICE_IMPACT: Mapping[JSON, str] = {1: "everyone", 2: "department", 3: "me"}  # by tier: the company stops, work suffers, can wait
NOT_OK = ("warning", "critical")


def derive(facts: Facts) -> dict[str, JSON]:
    """The facts, and `ticket.impact`: who is impacted as it counts for severity. A given one is kept."""
    known = dict(facts)
    if "ticket.impacted" in known:
        known.setdefault("ticket.impact", _impact(known))
    return known


def _impact(facts: Facts) -> JSON:
    """Not known counts as only me, or as the service's own impact while a check of it is not OK."""
    impacted = facts["ticket.impacted"]
    if impacted == "unknown":
        return SERVICE_IMPACT.get(facts.get("service.tier"), "me") if is_failing(facts) else "me"
    return "everyone" if impacted == "several" and _is_large(facts) else impacted


def is_failing(facts: Facts) -> bool:
    """A check of the service is not OK. A service without checks has no data, which is not a failing check."""
    return facts.get("check.state") in (*NOT_OK, "unknown") or facts.get("service.state") in NOT_OK


def _is_large(facts: Facts) -> bool:
    count, large = facts.get("ticket.impacted_count"), facts.get("desk.large_group", LARGE_GROUP)
    return isinstance(count, int) and isinstance(large, int) and count >= large
