"""What a backtest found, as its panel on a rule's page draws it. Results of earlier releases lack some parts; those stay empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import backtest
from incidents.models import LinkedAlert, Rule
from servicedesk.directory.models import User
from servicedesk.jobs.models import Job

SHOWN = 10  # differences, until all are asked for
WHAT = {
    "new": lambda: _("would match"),
    "lost": lambda: _("would no longer match"),
    "up": lambda: _("higher"),
    "down": lambda: _("lower"),
}
VERDICTS = {"accepted": lambda: _("people accepted it"), "rejected": lambda: _("people rejected it")}


@dataclass(frozen=True, slots=True)
class Figure:
    number: int
    label: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """`title` and `because` are empty where the reader may not see the ticket, which then `is_hidden`."""

    at: datetime | None
    thing: str
    href: str
    title: str
    is_hidden: bool
    before: int | None
    after: int | None
    what: str
    because: str
    by_people: bool
    verdict: str = ""
    on_call: str = ""  # who would be paged for it, or no longer


@dataclass(frozen=True, slots=True)
class Found:
    """`took`: from its start to its end; None where that was not kept."""

    job: Job
    is_stale: bool
    start: datetime | None
    end: datetime | None
    considered: int
    took: timedelta | None
    figures: Sequence[Figure]
    said: Sequence[str]
    rows: Sequence[Difference]
    total: int
    version: int | None
    against: int | None


def found(job: Job | None, rule: Rule, reader: User, *, whole: bool) -> Found | None:
    if job is None:
        return None
    result: Mapping[str, Any] = job.result
    period, rows = result.get("period") or {}, result.get("rows") or []
    took = job.finished_at - job.started_at if job.finished_at and job.started_at else None
    return Found(
        job=job,
        is_stale=not backtest.is_of_these_words(job, rule),
        start=_moment(period.get("from")),
        end=_moment(period.get("to")),
        considered=result.get("considered", 0),
        took=took,
        figures=[] if result.get("no_data") or "matches" not in result else list(_figures(result)),
        said=result.get("said") or [],
        rows=_differences(rows if whole else rows[:SHOWN], reader, _on_call(result.get("pages_listed") or [])),
        total=len(rows),
        version=result.get("version"),
        against=result.get("against_version"),
    )


def _figures(result: Mapping[str, Any]) -> Iterable[Figure]:
    pages, severity, against = result["pages"], result["severity"], result.get("against_version")
    before = _("version %(v)d: %(n)d") % {"v": against, "n": result["matches_before"]} if against else ""
    yield Figure(result["matches"], _("would match"), before)
    lowered = _("%(n)d lowered") % {"n": severity["down"]}
    yield Figure(severity["up"], ngettext("ticket raised", "tickets raised", severity["up"]), lowered)
    nights = result.get("nights_added", max(0, pages["nights_after"] - pages["nights_before"]))
    said = _("%(nights)d at night, %(prevented)d fewer") % {"nights": nights, "prevented": pages["prevented"]}
    yield Figure(pages["added_at_least"], ngettext("extra page at least", "extra pages at least", pages["added_at_least"]), said)
    undecided = result.get("undecided", len(result["undecidable"]))
    yield Figure(undecided, _("not decidable"), result["undecidable"][0]["why"] if result["undecidable"] else "")


def sheet(shown: Found) -> Iterator[Sequence[object]]:
    """The rows for a spreadsheet, with a head."""
    yield (_("When (UTC)"), _("No."), _("Title"), _("What changes"), _("In force"), _("On trial"), _("Because"), _("Raised by people"),
           _("People decided"), _("On call then"))  # fmt: skip
    for row in shown.rows:
        at = row.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if row.at else ""
        ranks = (f"SEV{rank}" if rank else "" for rank in (row.before, row.after))
        title = _("confidential") if row.is_hidden else row.title
        yield (at, row.thing, title, row.what, *ranks, row.because, _("yes") if row.by_people else "", row.verdict, row.on_call)


def _on_call(pages: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Of each thing, whom the kept turns of then name."""
    names: dict[str, list[str]] = {}
    for page in pages:
        night = _("%(name)s (at night)") % {"name": page["name"]} if page["is_night"] else str(page["name"])
        names.setdefault(str(page["thing"]), []).append(night)
    return {thing: ", ".join(dict.fromkeys(each)) for thing, each in names.items()}


def _differences(rows: Sequence[Mapping[str, Any]], reader: User, on_call: Mapping[str, str]) -> list[Difference]:
    """Two queries however many there are."""
    things = [str(row["thing"]) for row in rows]
    tickets = [int(thing[2:]) for thing in things if thing.startswith("T-")]
    alerts = [int(thing[6:]) for thing in things if thing.startswith("alert ") and thing[6:].isdecimal()]
    titles = {f"T-{number}": title for number, title in backtest.tickets(reader).filter(pk__in=tickets).values_list("pk", "title")}
    known = LinkedAlert.objects.filter(alert_id__in=alerts).values_list("alert_id", "check_slug", "summary")
    titles |= {f"alert {number}": f"{check}: {summary}" if summary else check for number, check, summary in known}
    return [_difference(row, titles, reader, on_call) for row in rows]


def _difference(row: Mapping[str, Any], titles: Mapping[str, str], reader: User, on_call: Mapping[str, str]) -> Difference:
    thing = str(row["thing"])
    is_hidden = thing not in titles
    opens = thing.startswith("T-") and reader.is_desk_staff and not is_hidden
    what = WHAT.get(row["what"], lambda: "")()
    return Difference(
        _moment(row.get("at")),
        thing,
        reverse("ticket", args=[int(thing[2:])]) if opens else "",
        titles.get(thing, ""),
        is_hidden,
        row.get("before"),
        row.get("after"),
        what,
        "" if is_hidden else row.get("because", ""),
        bool(row.get("by_people")),
        VERDICTS.get(row.get("verdict", ""), lambda: "")(),
        on_call.get(thing, ""),
    )


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
