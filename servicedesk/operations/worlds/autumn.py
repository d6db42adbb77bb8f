"""What ninety days leave behind beside tickets: outages that were told and learned from, votes and answers.

Rows written in bulk, as the desk's own deeds would have left them; nothing is sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from incidents import deskhours, targets
from incidents.models import (
    ActionItem,
    Article,
    ArticleVote,
    Follower,
    Incident,
    Page,
    Report,
    Satisfaction,
    Sentence,
    Silence,
    Ticket,
    TimelineEntry,
    Update,
)
from incidents.states import IncidentState
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEED = 923
SATISFIED = {"good": 14, "fair": 4, "poor": 1}
ASKED_ONE_IN = 4  # of those who were helped, so many say how it was


class Outage(NamedTuple):
    """Minutes count from the beginning; `acked` None: it was over before anybody looked."""

    days_ago: int
    hour: float
    service: str
    severity: int
    title: str
    found: int
    acked: int | None
    eased: int | None
    over: int
    rule: str = ""
    is_shown: bool = True
    cause: str = ""


OUTAGES = (
    Outage(83, 10.2, "vpn", 2, "VPN refuses new sessions", 9, 4, 31, 55, "R2", cause="The pool of addresses was used up."),
    Outage(77, 3.2, "email", 1, "Email: smtp-01 is down", 5, 3, 22, 48, "R5", cause="A certificate had expired at midnight."),
    Outage(
        70, 14.5, "printing", 3, "Printers of building B are offline", 20, 12, None, 95, is_shown=True, cause="A switch lost its power."
    ),
    Outage(61, 9.1, "file-server", 2, "The network drive of Legal is gone", 12, 6, 40, 130, "R2", cause="The quota was reached."),
    Outage(
        55, 2.9, "file-server", 2, "File server: fs-02 is down", 5, None, None, 8, "R5", is_shown=False, cause="It started again by itself."
    ),
    Outage(
        48, 11.0, "email", 2, "Letters with attachments wait", 15, 5, 50, 80, "R2", cause="The scanner of attachments ran out of memory."
    ),
    Outage(41, 22.4, "vpn", 3, "VPN is slow in the evening", 25, 9, None, 120, cause="A gateway was out of the pool."),
    Outage(34, 9.6, "email", 2, "Outlook asks for passwords again", 11, 4, 28, 44, "R2", cause="A sign-in server had the wrong time."),
    Outage(
        27,
        4.1,
        "email",
        1,
        "Email: smtp-01 is down",
        5,
        11,
        35,
        66,
        "R5",
        cause="Sam slept through the first call; the second one woke him.",
    ),
    Outage(20, 13.3, "printing", 3, "The scanners send nothing", 30, 15, None, 140, is_shown=True, cause="Their address had changed."),
    Outage(15, 10.8, "vpn", 2, "VPN drops after signing in", 8, 5, 33, 58, "R2", cause="A client version was withdrawn too early."),
)


def lived(company: Company, *, now: datetime) -> None:
    """All of it; tickets must be there."""
    dice = random.Random(SEED)  # noqa: S311  (no secret: a past that repeats)
    for outage in OUTAGES:
        _outage(company, outage, now)
    _said(dice, now)
    _announced(company, now)


def _outage(company: Company, told: Outage, now: datetime) -> None:
    day = (now - told.days_ago * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    since = day + told.hour * HOUR
    service, sam, dana = company.services[told.service], company.people["sam"], company.people["dana"]
    begun = since + told.found * MINUTE
    acked = begun + told.acked * MINUTE if told.acked is not None else None
    eased = since + told.eased * MINUTE if told.eased else None
    over = since + told.over * MINUTE
    incident = Incident.objects.create(
        title=told.title, severity=told.severity, state=IncidentState.CLOSED, what=told.cause, service=service, team=service.team,
        policy=company.policies["it-ops"], is_shown=told.is_shown, reason=f"{told.title}.", opened_by=None if told.rule else sam,
        since=since, created_at=begun, triggered_at=begun, last_event_at=over, acknowledged_at=acked,
        acknowledged_by=sam if acked else None, mitigated_at=eased, resolved_at=over, closed_at=over + 3 * DAY,
    )  # fmt: skip
    TimelineEntry.objects.bulk_create(_timeline(incident, sam))
    if acked is not None:
        Page.objects.create(incident=incident, person=sam, step=1, because="primary for IT Ops", errand_key=f"past:{incident.pk}", at=begun)
    if told.is_shown:
        Update.objects.bulk_create(_updates(incident, dana))
        Follower.objects.bulk_create(
            Follower(incident=incident, person=one, since=begun + 10 * MINUTE, told_at=over) for one in _followers(company, told.days_ago)
        )
    if told.severity <= 2:
        _learned(company, incident, told)


def _timeline(incident: Incident, who: User) -> Iterator[TimelineEntry]:
    kind = TimelineEntry.Kind
    moments = (
        (kind.STATE, incident.triggered_at, None, f"{incident.title}."),
        (kind.ACK, incident.acknowledged_at, who, f"{who} has it."),
        (kind.NOTE, incident.mitigated_at, who, incident.what),
        (kind.STATE, incident.resolved_at, who if incident.acknowledged_at else None, "Resolved."),
    )
    for kind_of, at, actor, text in moments:
        if at is not None:
            yield TimelineEntry(incident=incident, kind=kind_of, at=at, actor=actor, text=text, is_key=kind_of != kind.NOTE)


def _updates(incident: Incident, author: User) -> Iterator[Update]:
    assert incident.triggered_at is not None
    assert incident.resolved_at is not None
    told = [Update.Audience.STATUS_PAGE.value, Update.Audience.BANNER.value]
    first, last = incident.triggered_at + 12 * MINUTE, incident.resolved_at
    words = {"service": incident.service, "cause": incident.what}
    yield Update(
        incident=incident,
        phase="investigating",
        text="We know of it and look for the cause.",
        audiences=told,
        is_public=True,
        author=author,
        at=first,
    )
    yield Update(
        incident=incident,
        phase="resolved",
        text="{service} works again. {cause}".format(**words),
        audiences=told,
        is_public=True,
        author=author,
        at=last,
    )


def _followers(company: Company, days: int) -> list[User]:
    people = [company.people[name] for name in ("ella", "omar", "lea", "eve")]
    return people[: days % 4 + 1]


def _learned(company: Company, incident: Incident, told: Outage) -> None:
    """The report, of one outage a week too late; one thing to do after each grave one."""
    assert incident.resolved_at is not None
    late = told.days_ago == 61
    report = Report.objects.create(
        incident=incident, drafted_at=incident.resolved_at + DAY, drafted_by=company.people["sam"],
        finished_at=incident.resolved_at + (12 * DAY if late else 2 * DAY), finished_by=company.people["dana"],
    )  # fmt: skip
    Sentence.objects.create(report=report, section="impact", text=f"{told.title}: {told.over} minutes.")
    Sentence.objects.create(report=report, section="resolution", text=told.cause)
    if told.severity == 1:
        due = (incident.resolved_at + 20 * DAY).date()
        ActionItem.objects.create(report=report, text="A check that warns two weeks before.", owner=company.people["sam"], due_on=due)


def _said(dice: random.Random, now: datetime) -> None:
    """How the help was, and whether the article helped."""
    solved = Ticket.objects.filter(solved_at__isnull=False, solved_at__lt=now - DAY).order_by("pk")
    rows = [
        Satisfaction(
            ticket=ticket,
            person=ticket.requester,
            answer=dice.choices(list(SATISFIED), list(SATISFIED.values()))[0],
            at=ticket.solved_at + 3 * HOUR,
        )
        for ticket in solved.select_related("requester")
        if ticket.pk % ASKED_ONE_IN == 1 and ticket.solved_at
    ]
    Satisfaction.objects.bulk_create(rows, batch_size=200)
    article, readers = Article.objects.first(), [row.person for row in rows]
    seen = list(dict.fromkeys(readers))[:31]
    if article is not None:
        ArticleVote.objects.bulk_create(
            ArticleVote(article=article, version=article.version, person=one, helped=nth % 6 != 0, at=now - (80 - 2.5 * nth) * DAY)
            for nth, one in enumerate(seen)
        )


def _announced(company: Company, now: datetime) -> None:
    """Maintenance that is to come: employees read of it today."""
    at = deskhours.working_days(targets.desk(None, company.organisation), now, 3) or now + 3 * DAY
    start = at.replace(hour=18, minute=0, second=0, microsecond=0)
    Silence.objects.create(
        service=company.services["file-server"], reason="New disks", starts_at=start, ends_at=start + 2 * HOUR,
        public_text="The network drives are read-only while disks are replaced.", audience="employees",
        made_by=company.people["ben"], created_at=now - DAY,
    )  # fmt: skip
