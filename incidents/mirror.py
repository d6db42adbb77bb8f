"""Mirror mode: the old pager goes on paging and tells us; we page nobody, and show whom we would have paged against who was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from incidents import escalation, guess, rehearsal
from incidents.models import MirroredPage
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Service
from servicedesk.oncall import bringing

MOST_OURS = 12
Verdict = Literal["same", "partly", "other", "nobody", "unknown"]


def heard(
    *, pager: str, reference: str, deed: str, at: datetime, title: str, service: str, severity: int, people: Sequence[str]
) -> MirroredPage | None:
    """One thing the other pager did. Heard again it changes nothing; of a page whose beginning was not heard only a new page begins one."""
    row = MirroredPage.objects.filter(pager=pager, reference=reference[:120]).first()
    if row is None and deed == "paged":
        row = _begun(pager, reference[:120], at=at, title=title, theirs=service, severity=severity)
    if row is None:
        return None
    with transaction.atomic():
        row = MirroredPage.objects.select_for_update().get(pk=row.pk)
        _note(row, deed, at, people)
        row.save(update_fields=["at", "people", "acknowledged_by", "acknowledged_at", "ended_at"])
    return row


def _begun(pager: str, reference: str, *, at: datetime, title: str, theirs: str, severity: int) -> MirroredPage:
    """With what our policy says at this moment: nothing of it is kept but the names."""
    service = service_called(theirs, title)
    policy = escalation.policy_for(rehearsal.Question(None, service))
    walk = rehearsal.rehearse(policy=policy, service=service, severity=severity, at=at)
    ours: dict[int, dict[str, str]] = {}
    for line in walk.lines:
        said = {"name": str(line.person), "person": line.person.username, "at": moments.utc(line.at)}
        ours.setdefault(line.person.pk, said)
    columns = {"title": title[:240], "their_service": theirs[:120], "service": service, "severity": severity, "at": at}
    kept = {"ours": list(ours.values())[:MOST_OURS], "ours_by": policy.name if policy else ""}
    row, _is_new = MirroredPage.objects.get_or_create(pager=pager, reference=reference, defaults={**columns, **kept})
    return row


def _note(row: MirroredPage, deed: str, at: datetime, people: Sequence[str]) -> None:
    if deed == "ended":
        row.ended_at = row.ended_at or at
    elif deed == "acknowledged":
        row.acknowledged_at = row.acknowledged_at or at
        row.acknowledged_by = row.acknowledged_by or _called(next(iter(people), ""))["name"]
    else:
        new = [{**_called(name), "at": moments.utc(at)} for name in people]
        first: dict[str, dict[str, str]] = {}
        for one in sorted([*row.people, *new], key=lambda one: one["at"]):  # they do not come in the order they were paged in
            first.setdefault(one["name"], one)
        row.at, row.people = min(row.at, at), list(first.values())


def _called(name: str) -> dict[str, str]:
    """Somebody of the desk, else the name as it stands there."""
    person = bringing.person_called(name) if name else None
    return {"name": (str(person) if person else name)[:120], "person": person.username if person else ""}


def service_called(name: str, title: str) -> Service | None:
    """Ours of that name, else the one whose words stand in the name and the title."""
    active = Service.objects.filter(is_active=True)
    named = active.filter(Q(name__iexact=name) | Q(slug__iexact=name)).first() if name else None
    if named is not None:
        return named
    known = {service.pk: service for service in active}
    found = guess.guess(f"{name} {title}", [guess.Known(pk, (one.name, *one.words)) for pk, one in known.items()])
    return known[found.key] if found else None


# What is shown


@dataclass(frozen=True, slots=True)
class Row:
    """One page of theirs beside ours."""

    page: MirroredPage

    @property
    def verdict(self) -> Verdict:
        """By who was paged first: that is who wakes up."""
        ours, theirs = set(_first(self.page.ours)), set(_first(self.page.people))
        if not ours:
            return "nobody"
        if not theirs or "" in theirs:
            return "unknown"
        return "same" if ours == theirs else "partly" if ours & theirs else "other"


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    rows: list[Row]

    @property
    def same(self) -> int:
        return sum(row.verdict == "same" for row in self.rows)


def _first(people: Sequence[dict[str, Any]]) -> list[str]:
    return [one["person"] for one in people if one["at"] == people[0]["at"]]


def days(*, start: datetime, end: datetime) -> list[Day]:
    """The newest first, on the desk's calendar."""
    return [Day(day, list(rows)) for day, rows in groupby(between(start, end), key=lambda row: _day(row.page.at))]


def between(start: datetime, end: datetime) -> Iterator[Row]:
    pages = MirroredPage.objects.filter(at__gte=start, at__lt=end).select_related("service")
    return (Row(page) for page in pages.order_by("-at", "-pk"))


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(zones.of(None))).date()


def forget(before: datetime) -> int:
    return MirroredPage.objects.filter(at__lt=before).delete()[0]
