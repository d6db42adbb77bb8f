"""What the pages of all steps share: the list of steps, and the way on."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from servicedesk import clock
from servicedesk.directory.access import PersonRequest
from servicedesk.operations import firstrun


def onward(request: PersonRequest, name: str) -> HttpResponse:
    """To the next open step behind this one, else to the checklist."""
    found = firstrun.following(request.user, name, now=clock.now())
    return redirect(found.href if found else "settings")


def page(request: PersonRequest, name: str, **context: Any) -> HttpResponse:
    form = context.get("form")
    wrong = form is not None and form.is_bound and bool(form.errors)
    return render(request, TEMPLATES[name], {**frame(request, name), **context}, status=422 if wrong else 200)


def frame(request: PersonRequest, name: str) -> dict[str, Any]:
    """The list of all steps, and which of them this is."""
    found = firstrun.steps(request.user, now=clock.now())
    names = [step.name for step in found]
    at = names.index(name)
    onward = next((step.href for step in found[at + 1 :] if step.state == "open"), "")
    return {"steps": found, "step": found[at], "number": at + 1, "onward": onward, "is_last": not onward}


TEMPLATES = {name: f"setup/{'ways' if name in {firstrun.MAIL, firstrun.PHONE} else name.replace('-', '_')}.html" for name in firstrun.WORDS}
