"""The tickets that one belongs to: its parent and children, what it has to do with, what was split or merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from incidents import families, merging
from incidents.api.ticket_rows import TicketRows, joining
from incidents.api.work_shapes import LinksShape, TicketTie
from incidents.models import Ticket, TicketLink
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock


class LinkResource(TicketRows):
    serializer_class = LinksShape

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """The tickets it belongs to."""
        return self._shown(self.to_read(number))

    @extend_schema(request=TicketTie, responses={201: LinksShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Tie it to another. What is tied already: unchanged."""
        return self._tied(number, TYING, 201)

    @extend_schema(request=TicketTie, responses=LinksShape)
    def end(self, request: Request, number: int) -> HttpResponse:
        """Untie it from another. What is not tied: unchanged."""
        return self._tied(number, UNTYING, 200)

    def _tied(self, number: int, deeds: Mapping[str, Any], status: int) -> HttpResponse:
        self.to_work(number)
        said, told = self.said(TicketTie), {"actor": self.person, "now": clock.now()}
        with joining("ticket"), transaction.atomic():
            row = self.to_change(number, said["ticket"])
            deeds[said["kind"]](row, said["ticket"], told)
        return self._shown(self.find(number), status)

    def _shown(self, found: Ticket, status: int = 200) -> HttpResponse:
        return self.shown(self._ties_of(found), LinksShape, status)

    def _ties_of(self, found: Ticket) -> dict[str, Any]:
        links = list(TicketLink.objects.filter(Q(one=found) | Q(other=found)).values_list("one", "other", "kind"))
        ends = {(one if other == found.pk else other): kind for one, other, kind in links}
        children, merged = (Ticket.objects.filter(**{to: found}).values_list("pk", flat=True) for to in ("parent", "merged_into"))
        above = {"parent": found.parent_id, "merged_into": found.merged_into_id, "follows": found.follows_id}
        below: dict[str, list[int]] = {"children": list(children), "merged": list(merged)}
        below |= {kind: [number for number, what in ends.items() if what == kind] for kind in TicketLink.Kind.values}
        named = {*ends, *below["children"], *below["merged"], *filter(None, above.values())}
        seen = set(TicketQuerySet(Ticket).visible_to(self.person).filter(pk__in=named).values_list("pk", flat=True))
        one = {name: f"T-{number}" if number in seen else None for name, number in above.items()}
        return one | {name: [f"T-{number}" for number in sorted(seen.intersection(numbers))] for name, numbers in below.items()}


def _unrelated(row: Ticket, other: Ticket, told: dict[str, Any]) -> None:
    ends = sorted((row.pk, other.pk))
    for tie in TicketLink.objects.select_related("one", "other").filter(one=ends[0], other=ends[1]):
        merging.unlink(tie, **told)


def _out_of(child: Ticket, parent: Ticket, told: dict[str, Any]) -> None:
    if child.parent_id == parent.pk:
        families.set_parent(child, None, **told)


TYING = {
    "related": lambda row, other, told: merging.link(row, other, **told),
    "parent": lambda row, other, told: families.set_parent(row, other, **told),
    "child": lambda row, other, told: families.set_parent(other, row, **told),
}
UNTYING = {"related": _unrelated, "parent": _out_of, "child": lambda row, other, told: _out_of(other, row, told)}
