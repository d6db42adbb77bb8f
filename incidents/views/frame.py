"""What the frame of every page shows: the house's name, where one can go, a shown incident, whether one is on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.escalation.paging import URGENT_UNTIL
from incidents.models import Incident, Run
from incidents.states import RunState, Severity
from servicedesk import clock
from servicedesk.directory.models import Organisation, User
from servicedesk.oncall import roster

THEMES = ("light", "dark")
DENSITIES = ("compact", "relaxed")
MOST_TOLD = 5
FOLDED = "folded"  # a cookie of this visit: the incident whose banner was made small


class Place(NamedTuple):
    """One item of a navigation: the keys are typed one after the other."""

    name: str
    icon: str
    word: str | Promise
    keys: str
    beside: tuple[str, ...] = ()  # other pages that belong to it, by name


class Item(NamedTuple):
    href: str
    icon: str
    word: str | Promise
    keys: str
    active: bool


RAIL = (
    Place("queue", "queue", _("Queue"), "g q"),
    Place("incidents", "incident", _("Incidents"), "g i"),
    Place("services", "services", _("Services"), "g s"),
    Place("on_call", "oncall", _("On call"), "g o"),
    Place("reports", "reports", _("Reports"), "g r"),
    Place("settings", "settings", _("Settings"), "g t", ("rules",)),
)
PORTAL = (Place("my_tickets", "queue", _("My tickets"), "g m"), Place("help", "file", _("Help articles"), "g h"))


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor. Everything costly is looked up only when a template asks."""
    return {"frame": Frame(request), "now": clock.now()}


@dataclass
class Frame:
    request: HttpRequest

    @cached_property
    def person(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def is_staff(self) -> bool:
        """Whether the staff frame is drawn: rail, search, who is on call."""
        return self.person is not None and (self.person.is_desk_staff or self.person.is_admin)

    @cached_property
    def organisation(self) -> Organisation | None:
        return Organisation.current()

    @cached_property
    def name(self) -> str:
        return self.organisation.name if self.organisation else str(_("Servicedesk"))

    @property
    def help_phone(self) -> str:
        return self.organisation.desk_phone if self.organisation else ""

    @property
    def help_address(self) -> str:
        return str(settings.SUPPORT_ADDRESS)

    @cached_property
    def nav(self) -> list[Item]:
        if self.person is None:
            return []
        rail = RAIL if self.person.is_admin else RAIL[:-1]  # the settings are the administrators' own
        return self._items(rail if self.is_staff else PORTAL)

    @cached_property
    def banner(self) -> Incident | None:
        """The gravest incident employees may see, for everyone signed in."""
        return next((each for each in self._told if each.is_shown and each not in self.unanswered), None)

    @property
    def is_banner_folded(self) -> bool:
        """Whether this visitor made it small; never of a SEV1, and another incident stands whole again."""
        shown = self.banner
        return shown is not None and shown.severity != Severity.SEV1 and self.request.COOKIES.get(FOLDED) == str(shown.pk)

    @cached_property
    def unanswered(self) -> list[Incident]:
        """For staff: what nobody acknowledged after the last step of its policy."""
        return [each for each in self._told if each.is_unanswered] if self.is_staff else []

    @cached_property
    def _told(self) -> list[Any]:
        """Open incidents a banner may stand for, the gravest first; never a confidential one."""
        if self.person is None:
            return []
        nobody = Run.objects.filter(incident=OuterRef("pk"), state=RunState.EXHAUSTED, incident__severity__lte=URGENT_UNTIL)
        live = Incident.objects.live().filter(is_confidential=False).annotate(is_unanswered=Exists(nobody))
        told = live.filter(Q(is_shown=True) | Q(is_unanswered=True)).select_related("acknowledged_by")
        return list(told.order_by("severity", "since")[:MOST_TOLD])

    @cached_property
    def on_call_until(self) -> datetime | None:
        """Until when this person is on call; None when off duty. Looked up once a minute."""
        if self.person is None or not self.is_staff:
            return None
        now = clock.now()
        key = f"on-call:{self.person.pk}:{now:%Y%m%d%H%M}"
        found: datetime | None = cache.get_or_set(key, lambda: roster.until(self.person, at=now) if self.person else None, 60)
        return found

    @property
    def theme(self) -> str:
        """The theme the person chose in this browser, or "" for the system's."""
        return self._chosen("theme", THEMES)

    @property
    def density(self) -> str:
        return self._chosen("density", DENSITIES)

    def _chosen(self, name: str, known: tuple[str, ...]) -> str:
        value = self.request.COOKIES.get(name, "")
        return value if value in known else ""

    def _items(self, places: tuple[Place, ...]) -> list[Item]:
        found = [(place, href) for place in places if (href := _reach(place.name))]
        return [Item(href, place.icon, place.word, place.keys, self._is_at(href, *map(_reach, place.beside))) for place, href in found]

    def _is_at(self, *paths: str) -> bool:
        return self.request.path.startswith(tuple(filter(None, paths)))


def _reach(name: str) -> str:
    """The path of a page, or "" while no such page exists."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
