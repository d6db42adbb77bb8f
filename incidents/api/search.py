"""Search as its page does it: a number leads to what it names, words to what was found. What is confidential is never found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import finding
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import OneOf, Shape
from servicedesk.directory.models import Role

FOUND = [(kind, kind) for kind in finding.KINDS]
READERS = (Role.AGENT, Role.MANAGER, Role.AUDITOR, Role.ADMIN)


class Of(NamedTuple):
    """Where a kind of thing has its id, its title and its page."""

    id: str
    title: str
    path: Callable[[Any], str]


OF = {
    "ticket": Of("number", "title", lambda row: reverse("ticket", args=[row.pk])),
    "incident": Of("number", "title", lambda row: reverse("incident", args=[row.pk])),
    "problem": Of("number", "title", lambda row: reverse("problem", args=[row.pk])),
    "person": Of("username", "name", lambda row: f"{reverse('search')}?person={quote(row.username)}"),
    "service": Of("slug", "name", lambda row: f"{reverse('queue')}?service={row.slug}"),
    "article": Of("slug", "title", lambda row: reverse("article", args=[row.slug])),
}


class Asked(Shape):
    """`in`: of one kind alone, and more of it."""

    q = serializers.CharField(max_length=finding.LONGEST)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "in": OneOf(FOUND, required=False)}


class Found(Shape):
    """`id` names it in its own resource; of what was said, that of the ticket it was said on."""

    kind = OneOf(FOUND)
    id = serializers.CharField()
    title = serializers.CharField()
    excerpt = serializers.CharField(help_text="Of what was said: the words around.")
    url = serializers.CharField(help_text="Its page.")


class FoundList(Shape):
    """`jump`: the page of what the number names. `more`: kinds of which there are others than these."""

    jump = serializers.CharField(allow_null=True)
    more = serializers.ListField(child=OneOf(FOUND))
    results = Found(many=True)


class SearchResource(Resource):
    areas = ("tickets", "incidents", "people")
    asks = {"retrieve": Asked}
    serializer_class = FoundList

    @extend_schema(parameters=[Asked], responses=FoundList)
    def retrieve(self, request: Request) -> Response:
        """Tickets, what was said on them, incidents, problems, people, services and articles."""
        if not self.person.holds(*READERS):
            raise PermissionDenied(_("Search is for the desk, its administrators and auditors."))
        words = self.asked["q"]
        jump = finding.jump(words, self.person)
        groups = [] if jump else finding.find(words, reader=self.person, kind=self.asked.get("in", ""))
        answer = {
            "jump": request.build_absolute_uri(jump) if jump else None,
            "more": [group.kind for group in groups if group.more],
            "results": [self._told(group.kind, row) for group in groups for row in group.rows],
        }
        return Response(FoundList(answer).data)

    def _told(self, kind: str, row: Any) -> dict[str, str]:
        if kind == finding.ENTRY:
            ticket, _entry, excerpt = row
            return {**self._told(finding.TICKET, ticket), "kind": kind, "excerpt": excerpt}
        of = OF[kind]
        url = self.request.build_absolute_uri(of.path(row))
        return {"kind": kind, "id": getattr(row, of.id), "title": getattr(row, of.title), "excerpt": "", "url": url}
