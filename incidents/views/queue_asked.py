"""What a queue's address asks for: view, words, filters, order. Read once, written back in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import InboundMail
from incidents.models.tickets import DUE_AT, MOST_COUNTED, Capped, TicketQuerySet, capped, counted
from incidents.states import OPEN_TICKET, Severity, TicketState
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.models import Role, Service, Team, User


@dataclass(frozen=True, slots=True)
class View:
    """`along_clock`: many of the most urgent are in it, so that it is counted in their order."""

    slug: str
    word: str | Promise
    narrow: Callable[[User], Q]
    empty: str | Promise
    along_clock: bool = False


SOON = timedelta(hours=1)


def _due_by(moment: datetime) -> Q:
    """An answer or a solution is owed by then."""
    first = Q(first_answered_at=None, first_answer_due_at__lte=moment)
    return ~Q(state=TicketState.WAITING) & (first | Q(next_answer_due_at__lte=moment) | Q(solution_due_at__lte=moment))


VIEWS = (
    View("all", gettext_lazy("All open"), lambda user: Q(), gettext_lazy("No ticket is open."), along_clock=True),
    View("triage", gettext_lazy("Needs triage"), lambda user: Q(state=TicketState.NEW, assignee=None), gettext_lazy("Nothing to triage.")),
    View("mine", gettext_lazy("Mine"), lambda user: Q(assignee=user), gettext_lazy("You have no open tickets.")),
    View("team", gettext_lazy("My team"), lambda user: Q(team__in=user.team_ids), gettext_lazy("Your team has no open tickets.")),
    View(
        "unassigned",
        gettext_lazy("Unassigned"),
        lambda user: Q(assignee=None),
        gettext_lazy("Every open ticket has somebody."),
        along_clock=True,
    ),
    View(
        "breaching",
        gettext_lazy("Due in 1 h"),
        lambda user: _due_by(clock.now() + SOON),
        gettext_lazy("Nothing falls due within an hour."),
        along_clock=True,
    ),
    View("waiting", gettext_lazy("Waiting"), lambda user: Q(state=TicketState.WAITING), gettext_lazy("No ticket waits for anybody.")),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """`word` is its name for people; `choices` gives value and word, at most once a page and only where asked."""

    word: str | Promise
    column: str
    choices: Callable[[], Mapping[str, str]]


def _severities() -> dict[str, str]:
    return {**{str(rank): f"SEV{rank}" for rank in Severity.values}, "none": _("Not rated")}


def _people() -> dict[str, str]:
    staff = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER)
    return {**{person.username: person.name for person in staff}, "nobody": _("Nobody")}


FILTERS: dict[str, Filter] = {
    "status": Filter(gettext_lazy("Status"), "state", lambda: {str(s): str(TicketState(s).label) for s in OPEN_TICKET}),
    "sev": Filter(gettext_lazy("Severity"), "severity", _severities),
    "team": Filter(gettext_lazy("Team"), "team__slug", lambda: dict(Team.objects.values_list("slug", "name"))),
    "assignee": Filter(gettext_lazy("Assignee"), "assignee__username", _people),
    "service": Filter(gettext_lazy("Service"), "service__slug", lambda: dict(Service.objects.values_list("slug", "name"))),
}
SORTS = {"clock": gettext_lazy("Time to breach"), "newest": gettext_lazy("Newest first"), "oldest": gettext_lazy("Oldest first")}
COLUMNS = {
    "from": gettext_lazy("From"),
    "service": gettext_lazy("Service"),
    "team": gettext_lazy("Team"),
    "assignee": gettext_lazy("Assignee"),
    "clock": gettext_lazy("Clock"),
    "created": gettext_lazy("Created"),
    "changed": gettext_lazy("Changed"),
}
USUAL = ("from", "service", "assignee", "clock", "changed")
NAMES = ("view", "q", *FILTERS, "sort", "cols", "after", "before")
OWN = {"pulse", "on", "since", "edit", "saved"}  # not part of what is asked
EMPTY = {"none", "nobody"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A queue's address, understood; `unknown` are the parts that mean nothing here."""

    view: View
    words: str
    values: dict[str, str]
    sort: str
    after: str
    unknown: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)  # the filters' values in words
    columns: tuple[str, ...] = USUAL
    before: str = ""

    @property
    def chips(self) -> list[tuple[str | Promise, str, str]]:
        """Name, value in words, and the address without it."""
        return [(FILTERS[name].word, self.named[name], self.link(**{name: ""})) for name in self.values]

    @property
    def query(self) -> str:
        return self.link().removeprefix("?")

    def link(self, **changes: str) -> str:
        """The first page of this address with some parts changed, in one order; empty parts are left out."""
        parts = {"view": self.view.slug, "q": self.words, **self.values, "sort": self.sort}
        parts["cols"] = "" if self.columns == USUAL else ".".join(self.columns)
        parts.update(changes)
        clean = QueryDict(mutable=True)
        for name in NAMES:
            if parts.get(name) and not (name == "sort" and parts[name] == "clock"):
                clean[name] = str(parts[name])
        return f"?{clean.urlencode()}"

    def narrow(self, visible: TicketQuerySet, user: User) -> TicketQuerySet:
        rows = visible.filter(self.view.narrow(user))
        for name, value in self.values.items():
            column = FILTERS[name].column
            rows = rows.filter(**{column: value}) if value not in EMPTY else rows.filter(**{f"{column.partition('__')[0]}__isnull": True})
        if self.words:
            number = numbers.whole(self.words.upper().removeprefix("T-"))
            rows = rows.filter(Q(title__icontains=self.words) | Q(pk=number or 0))
        return rows


def read(asked: QueryDict) -> Asked:
    """What is understood of the address; a name or a value nobody knows is left out and told."""
    view = next((v for v in VIEWS if v.slug == asked.get("view")), None)
    values, named, unknown = {}, {}, [name for name in asked if name not in NAMES and name not in OWN]
    for name, chosen in FILTERS.items():
        if value := asked.get(name, ""):
            word = chosen.choices().get(value)
            if word is None:
                unknown.append(f"{name}={value[:40]}")
            else:
                values[name], named[name] = value, word
    sort = asked.get("sort", "clock")
    unknown += [f"{name}={asked[name][:40]}" for name, known in (("view", view), ("sort", sort in SORTS)) if asked.get(name) and not known]
    wanted = [name for part in asked.getlist("cols") for name in part.split(".") if name]
    unknown += [f"cols={name[:40]}" for name in wanted if name not in COLUMNS]
    columns = tuple(name for name in COLUMNS if name in wanted) or USUAL
    sorted_by, words = sort if sort in SORTS else "clock", asked.get("q", "").strip()
    return Asked(view or VIEWS[0], words, values, sorted_by, asked.get("after", ""), unknown, named, columns, asked.get("before", ""))


def counts(visible: TicketQuerySet, user: User, **beside: Capped) -> dict[str, int]:
    """How many tickets each view has, how many mails wait for a person, and what is counted beside: one statement."""
    asked = {view.slug: _of_view(view, visible, user) for view in VIEWS}
    return counted(user, mails=capped(InboundMail.objects.held().visible_to(user)), **asked, **beside)


def at_most(number: int) -> str:
    """Above the cap "1000+"."""
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


def _of_view(view: View, visible: TicketQuerySet, user: User) -> Capped:
    """Counting ends at the cap: an index of open tickets is walked, in the order in which most of them count."""
    rows = visible.filter(view.narrow(user))
    return capped(rows, *(DUE_AT, "pk") if view.along_clock else ())


def options() -> list[tuple[str, str | Promise, Mapping[str, str]]]:
    """What the filter form offers."""
    return [(name, chosen.word, chosen.choices()) for name, chosen in FILTERS.items()]


def numbers_on(on: str) -> list[int]:
    """The tickets a browser shows, by its own word."""
    return [number for part in on.split(".")[:200] if (number := numbers.whole(part))]
