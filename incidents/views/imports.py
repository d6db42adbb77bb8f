"""Tickets of another desk: a file and a map, twenty rows as they would be with a word in each wrong cell, then a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incidents import vault
from incidents.forms_import import ImportForm
from incidents.imports import mapping, work
from incidents.states import TicketState
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role

SHOWN = ("title", "requester", "assignee", "service", "severity", "state", "created_at")


@dataclass(frozen=True, slots=True)
class Cell:
    """What would stand there, or why it cannot."""

    name: str
    value: Any
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    changes: int
    cells: list[Cell]
    other: list[str]  # faults of what has no column here


@require_http_methods(["GET", "HEAD", "POST"])
@only(Role.MANAGER, Role.ADMIN)
def import_tickets(request: PersonRequest) -> HttpResponse:
    """Without a file the form; with one the preview; and `start` begins the job."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return render(request, "desk/import.html", {"form": form}, status=422 if form.is_bound else 200)
    if "start" in request.POST:
        job = work.ask(request.user, form.cleaned_data["file"], form.cleaned_data["map"], now=clock.now())
        return redirect("job", job.pk)
    return render(request, "desk/import.html", {"form": form, **_preview(form.cleaned_data["file"], form.cleaned_data["map"])})


def _preview(kept: vault.Kept, map_name: str) -> dict[str, Any]:
    every = work.told(vault.path_of(kept.sha256).read_bytes(), work.map_called(map_name))
    faulty = sum(bool(one.faults) for one in every)
    return {"rows": [_row(one) for one in every[: work.PREVIEWED]], "count": len(every), "faulty": faulty, "shown": SHOWN}


def _row(one: work.Told) -> Row:
    wrong = {fault.field: work.words(fault) for fault in one.faults}
    last = one.records[-1].values
    cells = [Cell(name, _shown(name, last.get(name)), wrong.get(name, "")) for name in SHOWN]
    return Row(one.key, len(one.records), cells, [words for name, words in wrong.items() if name not in SHOWN])


def _shown(name: str, value: Any) -> Any:
    """States and severities by their names."""
    if name == "state" and value in mapping.STATES:
        return TicketState(value.partition(":")[0]).label
    return f"SEV{value}" if name == "severity" and value else value
