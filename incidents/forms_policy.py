"""A policy as somebody would have it: rows of steps and of ways of last resort, read back into a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import time
from itertools import pairwise, zip_longest
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.escalation.snapshot import Plan, Step, Target, Way
from incidents.models import PolicyStep, StepTarget
from notifications import numbers
from notifications.models import Webhook
from servicedesk.directory.models import Role, Service, Team, User
from servicedesk.oncall.models import Schedule

PARTS = ("delay", "among", "least", "opens", "closes", "all", "who1", "who2", "who3")
TARGETS = ("who1", "who2", "who3")
SPARE, BEGUN, MOST, LONGEST_MIN = 1, 2, 20, 24 * 60
SEVERITIES = ((4, gettext_lazy("always")), (3, gettext_lazy("SEV1 to SEV3")), (2, gettext_lazy("SEV1 and SEV2")), (1, "SEV1"))
NO_NUMBER = gettext_lazy("Write the number with + and the country, such as +33 1 70 00 02 14.")


@dataclass(slots=True)
class Row:
    """One step as it stands in the form; `error`: what is wrong with it."""

    said: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def whom(self) -> list[tuple[str, str]]:
        return [(name, self.said.get(name, "")) for name in TARGETS]


class PolicyForm(forms.Form):
    """`plan()` once it is valid. `known` names everything a step may page: "person:7" and what it is called."""

    repeat = forms.IntegerField(
        label=gettext_lazy("Then again from the start, times"), min_value=0, max_value=9,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), gettext_lazy("From 0 to 9 times")),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Why it is changed"), required=False, max_length=240, help_text=gettext_lazy("Shown in the review of the plan.")
    )

    def __init__(self, data: Any = None, *, standing: Plan) -> None:
        super().__init__(data, initial={"repeat": standing.repeat})
        self.standing, self.known = standing, dict(_known(standing))
        self.rows = self._posted() if data is not None else [_row(step) for step in standing.steps]
        self.ways = _ways(data) if data is not None else [(str(way.person or ""), way.number) for way in standing.last_resort]
        self.wrong_numbers: set[str] = set()
        self.read: tuple[tuple[Step, ...], tuple[Way, ...]] = ((), ())

    @property
    def spare_steps(self) -> int:
        return SPARE

    @property
    def spare_ways(self) -> int:
        return SPARE

    @property
    def shown(self) -> list[Row]:
        return [*self.rows, *(Row({"least": "4"}) for _nth in range(self.spare_steps))]

    @property
    def shown_ways(self) -> list[tuple[str, str]]:
        return [*self.ways, *[("", "")] * self.spare_ways]

    @property
    def people(self) -> list[tuple[str, str]]:
        return [(key.partition(":")[2], name) for key, name in self.known.items() if key.startswith("person:")]

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        kinds = StepTarget.Kind.choices
        return [(str(label), [(key, name) for key, name in self.known.items() if key.startswith(f"{kind}:")]) for kind, label in kinds]

    no_number = NO_NUMBER
    amongst = PolicyStep.Among.choices
    severities = SEVERITIES

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        read = [(row, step) for position, row in enumerate(self.rows, 1) if (step := self._step(row, position)) is not None]
        for (_above, before), (row, after) in pairwise(read):
            if after.delay_s < before.delay_s:
                row.error = _("It must not come before the step above it")
        if any(row.error for row in self.rows):
            self.add_error(None, _("Correct the marked steps"))
        if not self.rows:
            self.add_error(None, _("Say whom the first step pages"))
        steps = [step for _row, step in read]
        self.read = tuple(steps), tuple(self._read_ways())
        if self.wrong_numbers:
            self.add_error(None, NO_NUMBER)
        return cleaned

    def plan(self) -> Plan:
        steps, ways = self.read
        return replace(self.standing, repeat=self.cleaned_data["repeat"], steps=steps, last_resort=ways)

    def _step(self, row: Row, position: int) -> Step | None:
        said = row.said
        try:
            delay = int(said["delay"] or 0)
            window = _window(said["opens"], said["closes"])
        except ValueError:
            row.error = _("Give minutes as a number, and both ends of the hours as 22:00, or none")
            return None
        named = [said[name] for name in TARGETS if said[name]]
        if not 0 <= delay <= LONGEST_MIN or said["among"] not in PolicyStep.Among.values or said["least"] not in ("1", "2", "3", "4"):
            row.error = _("From 0 to 1440 minutes after the start")
            return None
        if any(name not in self.known for name in named):
            row.error = _("Choose from the list")
            return None
        targets = tuple(self._target(name) for name in dict.fromkeys(named))
        return Step(position, delay * 60, said["among"], int(said["least"]), window, targets, said["all"] == "1")

    def _target(self, name: str) -> Target:
        kind, _colon, number = name.partition(":")
        return Target(kind, int(number), self.known[name])

    def _read_ways(self) -> Iterator[Way]:
        for person, number in self.ways:
            if number and not numbers.dialled(number) and number not in [way.number for way in self.standing.last_resort]:
                self.wrong_numbers.add(number)
            elif person and f"person:{person}" in self.known:
                yield Way(int(person), "", self.known[f"person:{person}"])
            elif number:
                yield Way(None, number, number)

    def _posted(self) -> list[Row]:
        posted = cast("QueryDict", self.data)
        lists = [posted.getlist(name)[:MOST] for name in PARTS]
        rows = [Row(dict(zip(PARTS, (part[:20] for part in parts), strict=True))) for parts in zip_longest(*lists, fillvalue="")]
        return [row for row in rows if any(row.said[name] for name in TARGETS)]


class NewPolicyForm(PolicyForm):
    """A policy that is not yet: also what it is called and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, error_messages={"required": gettext_lazy("Give it a name")})
    services = forms.ModelMultipleChoiceField(
        Service.objects.filter(is_active=True).order_by("name"), to_field_name="slug", label=gettext_lazy("Services that page by it"),
        required=False, widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("One that had another policy leaves it."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Why it is made"), required=False, max_length=240, help_text=gettext_lazy("Shown in the review of the plan.")
    )
    is_default = forms.BooleanField(label=gettext_lazy("Also for every service without a policy"), required=False)

    @property
    def spare_steps(self) -> int:
        return SPARE if self.rows else BEGUN

    @property
    def spare_ways(self) -> int:
        return SPARE if self.ways else BEGUN


def _row(step: Step) -> Row:
    opens, closes = step.window or ("", "")
    whom = [f"{target.kind}:{target.id}" for target in step.targets]
    named = dict(zip(TARGETS, [*whom, "", "", ""], strict=False))
    every = "1" if step.require_all else ""
    said = {"delay": str(step.delay_s // 60), "among": step.among, "least": str(step.least_severity), "all": every}
    return Row({**said, "opens": opens, "closes": closes, **named})


def _ways(data: Any) -> list[tuple[str, str]]:
    people, staffed = data.getlist("way_person")[:MOST], data.getlist("way_number")[:MOST]
    pairs = [(person[:20], number.strip()[:40]) for person, number in zip_longest(people, staffed, fillvalue="")]
    return [pair for pair in pairs if any(pair)]


def _window(opens: str, closes: str) -> tuple[str, str] | None:
    """Raises ValueError where one end is missing or no time of day."""
    if not opens and not closes:
        return None
    return f"{time.fromisoformat(opens):%H:%M}", f"{time.fromisoformat(closes):%H:%M}"


def _known(standing: Plan) -> Iterator[tuple[str, str]]:
    """Everything a step may page, and what this policy names already."""
    desk = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).filter(is_active=True).order_by("name")
    yield from ((f"person:{person.pk}", str(person)) for person in desk)
    yield from ((f"schedule:{row.pk}", str(row)) for row in Schedule.objects.order_by("name"))
    teams = list(Team.objects.order_by("name"))
    yield from ((f"team:{row.pk}", str(row)) for row in teams)
    yield from ((f"manager_of:{row.pk}", str(row)) for row in teams)
    yield from ((f"webhook:{row.pk}", str(row)) for row in Webhook.objects.order_by("name"))
    for step in standing.steps:
        yield from ((f"{target.kind}:{target.id}", target.name) for target in step.targets)
    yield from ((f"person:{way.person}", way.name) for way in standing.last_resort if way.person)
