"""One walk through a policy, by the engine's own deeds, inside a transaction that is always rolled back.

Nothing leaves: workers are rung on commit only, and there is none. The invented incident has a number of its own, so no
real one is used up. People's reactions are not known: nobody acknowledges, and every method that is tried works.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import escalation
from incidents.escalation import paging
from incidents.models import Incident, Page, Policy, Run, TimelineEntry
from incidents.states import IncidentState, RunState
from notifications import outbox
from notifications.access import masked_address
from notifications.models import WAKING, ContactMethod, Errand, Message
from servicedesk.directory.models import Organisation, Service, User

INVENTED = 900_000_000  # far above any number a desk comes to, and short enough for a text message
MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One message: `step` 0 is the last resort. `wakes` says that it rings: mail and chat are read by who is awake."""

    at: datetime
    person: User
    channel: str
    to_masked: str
    because: str
    step: int
    verified_at: datetime | None
    wakes: bool


Wanted: TypeAlias = Callable[[Line], bool]


@dataclass(frozen=True, slots=True)
class Walk:
    """What the engine did: `missed` are people a step meant and no method reaches; `ended_at`, when nobody was left."""

    policy: str
    version: int | None
    lines: tuple[Line, ...]
    missed: tuple[tuple[User, str], ...]
    warnings: tuple[str, ...]
    ended_at: datetime | None

    @property
    def first_at(self) -> datetime | None:
        return next((line.at for line in self.lines), None)

    @property
    def first_woken(self) -> Line | None:
        return next((line for line in self.lines if line.wakes), None)


def rehearse(
    *, policy: Policy | None, service: Service | None, severity: int, at: datetime, without: Iterable[str] = (), until: Wanted | None = None
) -> Walk:
    """The walk at that moment with everything as it is configured now. `without`: channels whose provider is down.

    `until`: the line somebody looks for; the walk ends once no later step can come before the one it found.
    """
    with undone():
        ContactMethod.objects.filter(kind__in=list(without), disabled_at=None).update(
            disabled_at=at, disabled_reason=_("its provider is down")
        )
        incident = _invent(policy, service, severity, at)
        run = escalation.start(incident, why="", now=at)
        return _read(incident, _advance(run, until))


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written in here is taken back."""
    with transaction.atomic(), Organisation.remembered():
        yield
        transaction.set_rollback(True)


def _invent(policy: Policy | None, service: Service | None, severity: int, at: datetime) -> Incident:
    return Incident.objects.create(
        pk=INVENTED + secrets.randbelow(99_000_000),
        title=service.name if service else _("Rehearsal"),
        state=IncidentState.TRIGGERED,
        severity=severity,
        service=service,
        team=service.team if service else None,
        policy=policy,
        since=at,
        created_at=at,
        last_event_at=at,
        triggered_at=at,
    )


def _advance(run: Run, until: Wanted | None) -> Run:
    """Every step at its own time, until nobody is left; the run as it stands then."""
    for _step in range(MOST_STEPS):
        if run.next_step_at is None or run.state == RunState.EXHAUSTED:
            break
        outbox.rehearse(run.incident.number, before=run.next_step_at)
        if until is not None and any(until(line) and line.at <= run.next_step_at for line in _read(run.incident, run).lines):
            return run
        run = escalation.advance(run.pk, now=run.next_step_at)
    outbox.rehearse(run.incident.number)
    return run


def _read(incident: Incident, run: Run) -> Walk:
    pages = {page.errand_key: page for page in incident.pages.select_related("person__site").order_by("id")}
    errands = Errand.objects.filter(key__in=list(pages))
    missed = [(pages[errand.key].person, paging.why_missed(errand)) for errand in errands.order_by("id") if paging.is_missed(errand)]
    lines = sorted(_lines(incident, pages), key=lambda line: line.at)
    warnings = incident.timeline.filter(kind=TimelineEntry.Kind.WARNING).order_by("id")
    texts = tuple(dict.fromkeys(_said(entry) for entry in warnings if set(entry.data) != {"run"}))
    policy = run.policy.slug if run.policy else ""
    return Walk(policy, run.policy_version, tuple(lines), tuple(dict(missed).items()), texts, run.exhausted_at)


def _lines(incident: Incident, pages: dict[str, Page]) -> Iterator[Line]:
    rows = Message.objects.of_thread(incident.number).filter(lane=Message.Lane.PAGE).select_related("errand", "method").order_by("id")
    for message in rows:
        page = pages.get(message.errand.key) if message.errand else None
        if page is not None:
            verified_at = message.method.verified_at if message.method else None
            to, wakes = masked_address(message), message.channel in WAKING
            yield Line(message.due_at, page.person, message.channel, to, page.because, page.step, verified_at, wakes)


def _said(entry: TimelineEntry) -> str:
    """A warning of the timeline, with its reason where the sentence does not hold it already."""
    return f"{entry.text} {entry.because}".strip() if entry.because and entry.because not in entry.text else entry.text
