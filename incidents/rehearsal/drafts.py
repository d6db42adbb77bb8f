"""What a change would do before it is saved: the walk as it stands, the walk with the change, and the lines that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import ndiff

from django.utils.translation import gettext as _

from incidents.escalation import arranging
from incidents.escalation.snapshot import Plan
from incidents.models import Policy
from incidents.rehearsal import walks
from incidents.rehearsal.walks import Line, Walk
from notifications.models import Channel
from servicedesk.directory import moments
from servicedesk.directory.models import Service

UNSAVED = "unsaved"


@dataclass(frozen=True, slots=True)
class Difference:
    """ "-", "+" or " " and what is said of a page; the same on both sides: nobody notices the change at that moment."""

    policy: str
    at: datetime
    lines: Sequence[tuple[str, str]]

    @property
    def is_same(self) -> bool:
        return all(mark == " " for mark, _line in self.lines)


def of_plan(policy: Policy | None, plan: Plan, *, service: Service | None, severity: int, at: datetime) -> Difference:
    """A policy rewritten as this plan; None: one that is not yet."""
    before = _lines(walks.rehearse(policy=policy, service=service, severity=severity, at=at), at) if policy else []
    with walks.undone():
        row = Policy.objects.get(pk=policy.pk) if policy else Policy.objects.create(slug=UNSAVED, name=_("New policy"))
        arranging.rewrite(row, plan)
        after = _lines(walks.rehearse(policy=row, service=service, severity=severity, at=at), at)
    return _difference(str(row), at, before, after)


def of_change(policies: Sequence[Policy], change: Callable[[], object], *, severity: int, at: datetime) -> list[Difference]:
    """The same for each policy, of any deed: a schedule arranged anew, a cover."""
    before = [_lines(walks.rehearse(policy=policy, service=None, severity=severity, at=at), at) for policy in policies]
    with walks.undone():
        change()
        after = [_lines(walks.rehearse(policy=policy, service=None, severity=severity, at=at), at) for policy in policies]
    return [_difference(str(policy), at, old, new) for policy, old, new in zip(policies, before, after, strict=True)]


def _difference(name: str, at: datetime, before: list[str], after: list[str]) -> Difference:
    told = (line for line in ndiff(before, after) if line[0] in "-+ ")
    return Difference(name, at, [(line[0], line[2:]) for line in told])


def _lines(walk: Walk, at: datetime) -> list[str]:
    return [_said(line, at) for line in walk.lines] or [_("Nobody is paged.")]


def _said(line: Line, at: datetime) -> str:
    words = {"after": moments.duration(line.at - at), "name": line.person, "how": Channel(line.channel).label, "because": line.because}
    return _("+%(after)s %(name)s by %(how)s: %(because)s") % words
