"""How long tickets waited for a vendor, and how often longer than the contract says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Entry, Ticket, Vendor, VendorCase
from incidents.models.tickets import TicketQuerySet
from incidents.reports.asked import Asked
from incidents.reports.shapes import Cell, Line, Table, count, spans
from servicedesk.directory import moments

TITLE = gettext_lazy("Vendors")
DEFINITIONS = (
    (gettext_lazy("Counted"), gettext_lazy("Waits for a vendor that began in the period; one that goes on is counted up to its end.")),
    (gettext_lazy("A wait"), gettext_lazy(
        "from the moment a ticket was set to wait for a vendor until its state next changed, round "
        "the clock")),
    (gettext_lazy("Late"), gettext_lazy(
        "longer than the vendor of the service promised by contract, round the clock; a service with several "
        "takes the shortest promise")),
    (gettext_lazy("Case"), gettext_lazy("a ticket that was handed to a vendor in the period, from then until it was theirs no more")),
    (gettext_lazy("Chased"), gettext_lazy("cases whose answer was owed in the vendor's own hours, and that were chased at least once")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wait:
    ticket: int
    service: int | None
    began_at: datetime
    ended_at: datetime

    @property
    def span(self) -> timedelta:
        return self.ended_at - self.began_at


def build(asked: Asked) -> list[Table]:
    return [*_by_service(asked), *_by_vendor(asked)]


def _by_vendor(asked: Asked) -> list[Table]:
    """What the vendors' case numbers stand for."""
    found: dict[tuple[int, str], list[VendorCase]] = defaultdict(list)
    for case in _cases(asked).select_related("vendor").order_by("vendor__name", "pk"):
        found[case.vendor_id, case.vendor.name].append(case)
    lines = [
        Line(
            name,
            [
                count(len(cases), f"vendor.{pk}.all"),
                spans([min(case.ended_at or asked.until, asked.until) - case.since for case in cases]),
                count(sum(case.ended_at is None for case in cases), f"vendor.{pk}.open", "open"),
                count(sum(case.chased > 0 for case in cases), f"vendor.{pk}.chased", "chased"),
            ],
        )
        for (pk, name), cases in found.items()
    ]
    columns = [_("Cases"), _("median / p90"), _("open"), _("chased")]
    return [Table("vendors", _("By vendor"), _("Vendor"), columns, lines, drawn=0)] if lines else []


def _cases(asked: Asked) -> QuerySet[VendorCase]:
    """Of each ticket the last one a vendor had."""
    rows = VendorCase.objects.filter(since__gte=asked.since, since__lt=asked.until, ticket__in=asked.tickets())
    newest = rows.filter(vendor=OuterRef("vendor"), ticket=OuterRef("ticket")).order_by("-pk")
    return rows.filter(pk=Subquery(newest.values("pk")[:1]))


def _by_service(asked: Asked) -> list[Table]:
    by_service: dict[int | None, list[Wait]] = defaultdict(list)
    for wait in waits(asked):
        by_service[wait.service].append(wait)
    names = dict(Ticket.objects.filter(service__in=[one for one in by_service if one]).values_list("service_id", "service__name"))
    promised = _promised()
    lines = []
    for service, found in sorted(by_service.items(), key=lambda one: -len(one[1])):
        whole = sum((wait.span for wait in found), timedelta())
        late = [wait for wait in found if service in promised and wait.span > promised[service]]
        total = Cell(moments.duration(whole), {"total_s": int(whole.total_seconds())}, drawn=whole.total_seconds() / 3600)
        key = f"service.{service or 0}"
        lines.append(
            Line(
                names.get(service or 0, str(_("No service"))),
                [count(len(found), f"{key}.all"), spans([one.span for one in found]), total, count(len(late), f"{key}.late", "late")],
            )
        )
    return (
        [Table("services", _("By service"), _("Service"), [_("Waits"), _("median / p90"), _("in all"), _("late")], lines, drawn=2)]
        if lines
        else []
    )


def waits(asked: Asked) -> Iterator[Wait]:
    moved = Entry.objects.filter(kind=Entry.Kind.EVENT, at__gte=asked.since, at__lt=asked.until, ticket__in=asked.tickets())
    for entry in moved.filter(data__after__waiting_for=Ticket.Waiting.VENDOR).select_related("ticket").order_by("id"):
        after = entry.ticket.entries.filter(kind=Entry.Kind.EVENT, id__gt=entry.pk, data__after__has_key="state").order_by("id").first()
        end = after.at if after else asked.until
        yield Wait(entry.ticket_id, entry.ticket.service_id, entry.at, min(end, asked.until))


def _promised() -> dict[int | None, timedelta]:
    """By service, the shortest promise of the vendors behind it."""
    found = Vendor.objects.filter(is_active=True, services__isnull=False).order_by("-answers_within_s")
    return {service: timedelta(seconds=seconds) for service, seconds in found.values_list("services", "answers_within_s")}


def rows(asked: Asked, key: str) -> TicketQuerySet:
    """ "service.4.late", "vendor.2.chased". Raises ValueError, KeyError."""
    what, number, which = key.split(".")
    if what == "vendor":
        narrow = {"all": Q(), "open": Q(ended_at=None), "chased": Q(chased__gt=0)}[which]
        return asked.tickets().filter(pk__in=_cases(asked).filter(narrow, vendor=int(number)).values("ticket"))
    service, promised = int(number) or None, _promised()
    found = [one for one in waits(asked) if one.service == service]
    late = [one for one in found if service in promised and one.span > promised[service]]
    return asked.tickets().filter(pk__in={one.ticket for one in (late if which == "late" else found)})
