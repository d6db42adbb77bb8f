"""Reports that take long or come by mail: a job that writes the CSV, and letters on Monday or on the first of the month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.models import ReportMail
from incidents.reports.asked import Asked, ask
from incidents.reports.catalogue import Kind, find
from incidents.reports.shapes import Table
from notifications import outbox
from notifications.models import Errand, Urgency
from servicedesk import walltime
from servicedesk.audit import trail
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import User
from servicedesk.jobs import sheets, work
from servicedesk.jobs.models import Job
from servicedesk.jobs.running import JobRefused, Result, Run

KIND = "report"
AT = time(7, 30)
MOST_LINES = 12


def may_read(user: User, kind: Kind) -> bool:
    """Agents read what knows teams; managers, auditors and administrators everything."""
    return user.is_machine or user.holds("manager", "auditor", "admin") or (user.is_agent and kind.everybodys)


def start(kind: Kind, asked: Asked, *, now: datetime) -> Job:
    """A job that counts a long period and writes its CSV file."""
    title = _("Report: %(title)s, %(period)s") % {"title": kind.title, "period": asked.period}
    parameters = {"name": kind.name, "query": asked.query, "now": now.isoformat()}
    return work.start(KIND, asked_by=asked.reader.user, title=title, parameters=parameters, now=now)


def done(run: Run) -> Result:
    """The kind of job. What the asker may read is asked again."""
    told = run.job.parameters
    kind = find(told["name"])
    if kind is None or not may_read(run.job.asked_by, kind):
        raise JobRefused(_("This report is not yours to read."))
    asked = ask(dict(_pairs(told["query"])), run.job.asked_by, now=datetime.fromisoformat(told["now"]))
    tables = kind.build(asked)
    for n, table in enumerate(tables, 1):
        run.progress(n, total=len(tables), text=sheets.lines([*sheet(table), []]))
    return Result(figures={"tables": len(tables)}, file_name=f"{kind.name}-{asked.since:%Y-%m-%d}-{asked.until:%Y-%m-%d}.csv")


def sheet(table: Table) -> Iterator[list[Any]]:
    """A table as lines of CSV: one column a value, named by its column."""
    names = [dict.fromkeys(name for line in table.lines for name in line.cells[n].values) for n in range(len(table.columns))]
    yield [str(table.title)]
    yield [str(table.first), *(f"{column} {name}".strip() for column, each in zip(table.columns, names, strict=True) for name in each)]
    for line in table.lines:
        yield [line.label, *(line.cells[n].values.get(name, "") for n, each in enumerate(names) for name in each)]


@tongues.deed
def subscribe(person: User, kind: Kind, query: str, *, every: str, now: datetime) -> ReportMail:
    """Mail it to this person from now on; the same report once more changes how often."""
    row, _new = ReportMail.objects.update_or_create(
        person=person, name=kind.name, query=query[:300], defaults={"every": every, "next_at": following(every, person, now)}
    )
    trail.record(row, "subscribe", actor=person, now=now, after={"report": kind.name, "every": every})
    return row


@tongues.deed
def stop(row: ReportMail, *, now: datetime) -> None:
    trail.record(row, "stop", actor=row.person, now=now, before={"report": row.name})
    ReportMail.objects.filter(pk=row.pk).update(next_at=None)


def following(every: str, person: User, now: datetime) -> datetime:
    """The next Monday, or first of a month, at half past seven on this person's clock."""
    zone = ZoneInfo(zones.of(person))
    today = now.astimezone(zone).date()
    monday, first = today + timedelta(days=7 - today.weekday()), date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return walltime.first(datetime.combine(monday if every == ReportMail.Every.WEEK else first, AT), zone)


def mail_due(*, now: datetime) -> int:
    """The engine's pass."""
    return sum(_mail(pk, now) for pk in list(ReportMail.objects.due(now).values_list("pk", flat=True)[:50]))


@tongues.deed
def _mail(pk: int, now: datetime) -> int:
    row = ReportMail.objects.select_for_update(of=("self",)).select_related("person__site").get(pk=pk)
    if row.next_at is None or row.next_at > now:
        return 0
    kind = find(row.name)
    if kind is None or not row.person.is_active or not may_read(row.person, kind):
        row.next_at = None
    else:
        _write(row, kind, now)
        row.next_at = following(row.every, row.person, now)
    row.save(update_fields=["next_at"])
    return 1


def _write(row: ReportMail, kind: Kind, now: datetime) -> None:
    with tongues.reader(row.person):
        asked = ask(dict(_pairs(row.query)), row.person, now=now)
        tables = kind.build(asked)
        text = "\n\n".join(_in_words(table) for table in tables) or str(kind.empty)
        url = f"{settings.SITE_URL}/reports/{kind.name}/?{urlencode(dict(_pairs(row.query)))}"
        subject = _("%(title)s, %(from)s to %(to)s") % {
            "title": kind.title,
            "from": date_format(asked.since, pgettext("date format", "j M")),
            "to": date_format(asked.until, pgettext("date format", "j M Y")),
        }
        letter = outbox.Letter(subject=subject, text=f"{subject}\n\n{text}\n\n{url}\n", html="", sms=subject[:160], short=_("Report"))
    outbox.queue(
        row.person, thread=f"report-{row.pk}", key=f"report:{row.pk}:{now:%Y-%m-%d}", letter=letter, urgency=Urgency.NORMAL,
        kind=Errand.Kind.NOTICE, rank=4, because=subject, on_duty=False, now=now,
    )  # fmt: skip


def _in_words(table: Table) -> str:
    heads = [str(column) for column in table.columns]
    if table.heat:
        return ": ".join([str(table.title), _("see the page")])
    lines = [f"{line.label}: {_cells(heads, [cell.text for cell in line.cells])}" for line in table.lines[:MOST_LINES]]
    return "\n".join([str(table.title), *lines])


def _cells(heads: Sequence[str], texts: Sequence[str]) -> str:
    return "; ".join(f"{head} {text}" for head, text in zip(heads, texts, strict=True))


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(query)
