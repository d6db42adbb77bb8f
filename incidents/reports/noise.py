"""How much of it was noise: incidents over by themselves, what came by night, and where most of it comes from."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import LinkedAlert, Page
from incidents.models.incidents import IncidentQuerySet
from incidents.reports.asked import DAY, Asked
from incidents.reports.shapes import Cell, Line, Table, count, share
from servicedesk.directory import zones

TITLE = gettext_lazy("Noise")
SHORT = timedelta(minutes=5)
NIGHT = (22, 7)
DEFINITIONS = (
    (gettext_lazy("Over by itself"), gettext_lazy("resolved within 5 minutes of the alarm, and nobody had acknowledged it")),
    (gettext_lazy("Nothing done"), gettext_lazy(
        "acknowledged and resolved without a note, an update or a mitigation by a person in "
        "between")),
    (gettext_lazy("Woken nights"), gettext_lazy(
        "Nights in which a page came between 22:00 and 07:00 on the clock of the person it came to; people by name, never in an order of "
        "more or less, and only for who reads all teams.")),
    (gettext_lazy("Alerts"), gettext_lazy("bad checks that were told to the desk, by service and day")),
)  # fmt: skip


def alarms(asked: Asked) -> IncidentQuerySet:
    return asked.incidents().filter(triggered_at__gte=asked.since, triggered_at__lt=asked.until).exclude(state__in=("merged", "rejected"))


def short(found: IncidentQuerySet) -> IncidentQuerySet:
    return found.filter(acknowledged_at=None, resolved_at__lt=F("triggered_at") + SHORT)


def idle(found: IncidentQuerySet) -> IncidentQuerySet:
    """A person had it, and left no trace of having done anything."""
    deeds = Count("timeline", filter=Q(timeline__actor__isnull=False, timeline__kind__in=("note", "update")))
    return found.filter(acknowledged_at__isnull=False, resolved_at__isnull=False, mitigated_at=None).annotate(deeds=deeds).filter(deeds=0)


def build(asked: Asked) -> list[Table]:
    found, alerts = alarms(asked), _alerts(asked)
    if not found.exists() and not alerts.exists():
        return []
    n = found.count()
    whole = Line(_("All"), [count(n, "all.0"), share(short(found).count(), n, "short.0"), share(idle(found).count(), n, "idle.0")])
    columns = [_("Incidents"), _("Over by themselves"), _("Nothing done")]
    tables = [Table("incidents", _("Incidents that needed nobody"), "", columns, [whole]), _services(asked)]
    return [*tables, _nights(asked)] if asked.reader.sees_all else tables


def _alerts(asked: Asked) -> QuerySet[LinkedAlert]:
    rows = LinkedAlert.objects.filter(since__gte=asked.since, since__lt=asked.until)
    rows = rows.filter(service=asked.service) if asked.service else rows
    if asked.team is not None:
        return rows.filter(service__team=asked.team)
    return rows if asked.reader.sees_all else rows.filter(service__team__in=asked.reader.user.team_ids)


def _services(asked: Asked) -> Table:
    alerts = dict(_alerts(asked).values("service__name").annotate(n=Count("pk")).values_list("service__name", "n"))
    opened = dict(alarms(asked).values("service__name").annotate(n=Count("pk")).values_list("service__name", "n"))
    ids = dict(alarms(asked).values_list("service__name", "service_id"))
    lines = [
        Line(name or str(_("No service")), [
            Cell(str(alerts.get(name, 0)), {"alerts": alerts.get(name, 0)}, drawn=alerts.get(name, 0)),
            Cell(f"{alerts.get(name, 0) / asked.days:.1f}", {"alerts_per_day": round(alerts.get(name, 0) / asked.days, 2)}),
            count(opened.get(name, 0), f"service.{ids.get(name) or 0}", "incidents"),
        ])
        for name in sorted({*alerts, *opened}, key=lambda one: (-alerts.get(one, 0), -opened.get(one, 0)))
    ]  # fmt: skip
    return Table("services", _("By service"), _("Service"), [_("Alerts"), _("a day"), _("Incidents")], lines, drawn=0)


def _nights(asked: Asked) -> Table:
    pages = Page.objects.filter(at__gte=asked.since, at__lt=asked.until, incident__in=asked.incidents()).select_related("person__site")
    nights: Counter[str] = Counter()
    for person, _evening in {(page.person, night) for page in pages.iterator(chunk_size=1000) if (night := _night_of(page))}:
        nights[str(person)] += 1
    weeks = max(asked.span / (7 * DAY), 1)
    lines = [
        Line(name, [Cell(str(n), {"nights": n}, drawn=n), Cell(f"{n / weeks:.1f}", {"nights_per_week": round(n / weeks, 2)})])
        for name, n in sorted(nights.items())
    ]
    return Table("nights", _("Woken nights"), _("Person"), [_("Nights"), _("a week")], lines)


def _night_of(page: Page) -> object:
    here = page.at.astimezone(ZoneInfo(zones.of(page.person)))
    return None if NIGHT[1] <= here.hour < NIGHT[0] else (here - timedelta(hours=NIGHT[1])).date()


def rows(asked: Asked, key: str) -> IncidentQuerySet:
    """ "short.0", "idle.0", "all.0", "service.4". Raises ValueError, KeyError."""
    what, _between, number = key.partition(".")
    if what == "service":
        return alarms(asked).filter(service=int(number) or None)
    found = alarms(asked)
    return {"short": short(found), "idle": idle(found), "all": found}[what]
