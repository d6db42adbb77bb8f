"""The post-incident report: drafted from the timeline, corrected by people, and needed before a severe incident is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents import deskhours, journal, letters, moves, targets
from incidents.models import ActionItem, Incident, Report, Sentence, Ticket, TimelineEntry
from incidents.states import IllegalMove, IncidentState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation, User

WORKING_DAYS = 5
NEEDS_UNTIL = 2  # SEV1 and SEV2
OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)
Kind, Section = TimelineEntry.Kind, Sentence.Section


class ReportNeeded(ValueError):
    """A SEV1 or SEV2 is closed once its report is finished."""

    def __str__(self) -> str:
        return _("A SEV1 or SEV2 is closed once its report is finished.")


def due_at(incident: Incident) -> datetime | None:
    """Five working days after the end of a severe one; None where no report is owed."""
    if incident.severity > NEEDS_UNTIL or incident.state != IncidentState.RESOLVED or incident.resolved_at is None:
        return None
    return deskhours.working_days(targets.desk(None, Organisation.current()), incident.resolved_at, WORKING_DAYS)


@tongues.deed
def draft(incident: Incident, *, actor: User, now: datetime) -> Report:
    """Written from the timeline once it is over. Drafted already: that one. Raises IllegalMove before the end."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state not in OVER:
        raise IllegalMove(incident.number, incident.state, str(_("reported on")))
    known = Report.objects.filter(incident=incident).first()
    if known is not None:
        return known
    made = Report.objects.create(incident=incident, drafted_at=now, drafted_by=actor)
    Sentence.objects.bulk_create(Sentence(report=made, section=section, text=text, entry=entry) for section, text, entry in _told(incident))
    trail.record(incident, "draft report", actor=actor, now=now)
    return made


@tongues.deed
def correct(
    report: Report, texts: Mapping[int, str], added: Mapping[str, str], notes: Mapping[int, str], *, actor: User, now: datetime
) -> Report:
    """Sentences as they now read, new ones by section, and notes taken up, by number, with their section.

    Raises IllegalMove once it is finished.
    """
    report = _open(report)
    changed = []
    for sentence in report.sentences.filter(pk__in=texts):
        if sentence.text != texts[sentence.pk].strip():
            changed.append((sentence.pk, sentence.text))
            sentence.text = texts[sentence.pk].strip()
            sentence.save(update_fields=["text"])
    for section, text in added.items():
        if text.strip():
            changed.append((Sentence.objects.create(report=report, section=section, text=text.strip()).pk, ""))
    taken_up = notes_left(report).filter(pk__in=notes)
    taken = [Sentence(report=report, section=notes[entry.pk], text=entry.text, entry=entry) for entry in taken_up]
    changed += [(sentence.pk, "") for sentence in Sentence.objects.bulk_create(taken)]
    if changed:
        trail.record(report.incident, "correct report", actor=actor, now=now, before={str(pk): text for pk, text in changed})
    return report


def notes_left(report: Report) -> QuerySet[TimelineEntry]:
    """What people noted while it went on, and no sentence tells."""
    noted = report.incident.timeline.filter(kind=Kind.NOTE, actor__isnull=False, at__lt=report.drafted_at)
    return noted.exclude(pk__in=report.sentences.exclude(entry=None).values("entry")).select_related("actor")


@tongues.deed
def tick(item: ActionItem, *, is_done: bool, actor: User, now: datetime) -> ActionItem:
    """Done, or not after all; also of a finished report. One with a ticket is done when that is: unchanged. So already: unchanged."""
    incident = Incident.objects.locked(item.report.incident_id)
    item = ActionItem.objects.get(pk=item.pk)
    if item.ticket_id is not None or is_done == (item.done_at is not None):
        return item
    item.done_at, item.done_by = (now, actor) if is_done else (None, None)
    item.save(update_fields=["done_at", "done_by"])
    trail.record(incident, "action done" if is_done else "action not done", actor=actor, now=now, after={"text": item.text})
    return item


@tongues.deed
def act(report: Report, *, text: str, owner: User, due_on: date, ticket: Ticket | None, actor: User, now: datetime) -> ActionItem:
    """Something is done about it, by somebody, by a day. The same again is the same."""
    report = _open(report)
    made, is_new = ActionItem.objects.get_or_create(report=report, text=text, owner=owner, due_on=due_on, ticket=ticket)
    if is_new:
        after = {"text": text, "owner": owner.username, "due_on": due_on.isoformat(), "ticket": ticket.number if ticket else None}
        trail.record(report.incident, "action item", actor=actor, now=now, after=after)
    return made


@tongues.deed
def finish(report: Report, *, actor: User, now: datetime) -> Report:
    """It stands as it is. Finished already: unchanged."""
    Incident.objects.locked(report.incident_id)
    report.refresh_from_db()
    if report.finished_at is not None:
        return report
    report.finished_at, report.finished_by = now, actor
    report.save(update_fields=["finished_at", "finished_by"])
    text = _("%(name)s finished the report.") % {"name": actor}
    journal.line(report.incident, Kind.NOTE, text, now=now, actor=actor)
    trail.record(report.incident, "finish report", actor=actor, now=now)
    return report


@tongues.deed
def close(incident: Incident, *, actor: User, now: datetime) -> Incident:
    """Nothing more is done on it. Closed already: unchanged. Raises ReportNeeded, IllegalMove."""
    incident = Incident.objects.locked(incident.pk)
    if incident.state == IncidentState.CLOSED:
        return incident
    if incident.severity <= NEEDS_UNTIL and not Report.objects.filter(incident=incident, finished_at__isnull=False).exists():
        raise ReportNeeded
    text = _("Closed by %(name)s.") % {"name": actor}
    return moves.move_incident(incident, IncidentState.CLOSED, now=now, actor=actor, text=text, closed_at=now)


def times(incident: Incident) -> list[tuple[str, str, timedelta | None]]:
    """(short, meaning, span): to detect, mitigate and resolve from the beginning, to acknowledge from the alarm."""
    began, alarm = incident.since, incident.triggered_at

    def span(end: datetime | None, start: datetime | None) -> timedelta | None:
        return end - start if end and start else None

    return [
        ("TTD", _("until it was detected"), span(incident.created_at, began)),
        ("TTA", _("from the alarm until somebody had it"), span(incident.acknowledged_at, alarm)),
        ("TTM", _("until the harm was stopped"), span(incident.mitigated_at, began)),
        ("TTR", _("until it was over"), span(incident.resolved_at, began)),
    ]


def _open(report: Report) -> Report:
    """The report, to be changed; its incident's row is held."""
    incident = Incident.objects.locked(report.incident_id)
    report.refresh_from_db()
    if report.finished_at is not None:
        raise IllegalMove(incident.number, incident.state, str(_("reported on again")))
    return report


def _told(incident: Incident) -> Iterator[tuple[str, str, TimelineEntry | None]]:
    """What the timeline says of each part."""
    lines = list(incident.timeline.order_by("at", "pk"))
    words = {"what": incident.title, "who": letters.who_is_hit(incident) or _("an unknown number of people"), "n": incident.tickets.count()}
    first = lines[0] if lines else None
    yield Section.IMPACT, _("%(what)s. Hit: %(who)s; %(n)d tickets were linked.") % words, first
    for line in lines:
        section = _section(line, first)
        if section:
            yield section, f"{line.text} {line.because}".strip(), line


def _section(line: TimelineEntry, first: TimelineEntry | None) -> str:
    """Which part an event belongs to; empty: none."""
    ends = (IncidentState.MITIGATED, IncidentState.RESOLVED)
    if line == first or line.kind == Kind.CHECK:
        return Section.DETECTION
    if line.kind == Kind.STATE and line.data.get("state") in ends:
        return Section.RESOLUTION
    return Section.RESPONSE if line.kind in (Kind.ACK, Kind.PAGE, Kind.UPDATE, Kind.SEVERITY) or line.is_key else ""
