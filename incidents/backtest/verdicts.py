"""What people made of a rule's proposals, and which of its matches are its best and worst."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from incidents.backtest.tally import Tally
from incidents.models import Incident, Rule, TimelineEntry
from incidents.states import IncidentState

SHOWN = 10
MONTH = timedelta(days=30)
ACCEPTED, REJECTED = "accepted", "rejected"


def of_proposals(rule: Rule, start: datetime, end: datetime) -> dict[str, str]:
    """Tickets and alerts of the incidents this rule opened then: accepted or rejected by a person. What nobody decided is left out."""
    opened = Incident.objects.filter(rule=rule, created_at__gte=start, created_at__lt=end)
    by_person = TimelineEntry.objects.filter(kind=TimelineEntry.Kind.STATE, actor__isnull=False, at=F("incident__triggered_at"))
    accepted = set(by_person.filter(incident__in=opened, incident__opened_by=None).values_list("incident", flat=True))
    rejected = set(opened.filter(state=IncidentState.REJECTED).values_list("pk", flat=True))
    told = TimelineEntry.objects.filter(incident__in=accepted | rejected, kind__in=(TimelineEntry.Kind.TICKET, TimelineEntry.Kind.CHECK))
    return {
        thing: ACCEPTED if incident in accepted else REJECTED
        for incident, data in told.order_by("id").values_list("incident", "data")
        if (thing := _thing(data))
    }


def _thing(data: dict[str, object]) -> str:
    return f"T-{data['ticket']}" if "ticket" in data else f"alert {data['alert']}" if "alert" in data else ""


def caught(tally: Tally) -> list[str]:
    """Of what people raised themselves, the first few it matches, the gravest first."""
    return _gravest(tally, [thing for thing in tally.raised if thing in tally.trial.matched])


def false_ones(tally: Tally, said: dict[str, str]) -> list[str]:
    """Matched, raised by nobody and accepted by nobody: those that people rejected first, then the gravest."""
    found = [thing for thing in tally.trial.matched if thing not in tally.raised and said.get(thing) != ACCEPTED]
    return sorted(_gravest(tally, found, most=len(found)), key=lambda thing: said.get(thing) != REJECTED)[:SHOWN]


def months(tally: Tally, start: datetime, end: datetime) -> Sequence[int]:
    """How often the version in force matched in each whole month of 30 days, the last first; empty: there are fewer than two."""
    number = int((end - start) / MONTH)
    if number < 2 or tally.question.against is None:
        return ()
    counts = [0] * number
    for at in tally.in_force.matched.values():
        place = int((end - at) / MONTH)
        if place < number:
            counts[place] += 1
    return counts


def _gravest(tally: Tally, things: list[str], most: int = SHOWN) -> list[str]:
    return sorted(things, key=lambda thing: (tally.ranks[thing][1], tally.trial.matched[thing], thing))[:most]
