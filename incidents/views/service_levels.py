"""Service levels as staff read them: in the order they are asked, for whom each is, and within which times."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents import levels
from incidents.clocks import Target
from incidents.models import ServiceLevel
from incidents.views.ticket_clocks import span
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def shown(request: PersonRequest) -> HttpResponse:
    asked = levels.in_force() or [levels.of(None)]
    taken = {level.id: by.name for level, by in levels.hidden(asked)}
    told = [
        {
            "level": level,
            "whom": levels.because(level),
            "times": [_times(rank, target) for rank, target in sorted(level.terms.targets.items())],
            "pauses": [str(label) for value, label in ServiceLevel.Pause.choices if value in level.terms.pauses],
            "taken_by": taken.get(level.id),
        }
        for level in asked
    ]
    return render(request, "desk/service_levels.html", {"told": told})


def _times(rank: int, target: Target) -> tuple[int, str, str, str, str]:
    when = _("round the clock") if target.is_round_the_clock else _("in desk hours")
    return rank, span(target.first_answer_s), span(target.next_answer_s), span(target.solution_s), when
