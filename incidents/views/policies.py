"""Policies as people say them, who would be paged by them, and whether they are ready for the next days."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents import access, breaking, readiness, rehearsal
from incidents.escalation import snapshot
from incidents.forms_oncall import MomentForm
from incidents.models import Policy, PolicyVersion
from incidents.rehearsal import sentences
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role

DAYS = 14
MOST_VERSIONS = 20
readers = only(Role.MANAGER, Role.ADMIN, Role.AUDITOR)


@require_safe
@readers
def policy_list(request: PersonRequest) -> HttpResponse:
    rows = Policy.objects.prefetch_related("services").order_by("name")
    return render(request, "oncall/policies.html", {"policies": [_row(policy) for policy in rows], "may_add": request.user.is_admin})


def _row(policy: Policy) -> dict[str, Any]:
    plan = snapshot.plan_of(policy)
    return {
        "policy": policy,
        "steps": sentences.steps(plan),
        "after": sentences.after_steps(plan),
        "faults": list(readiness.faults(plan)),
        "last_run": policy.runs.order_by("-id").first(),
    }


@require_safe
def policy(request: PersonRequest, slug: str) -> HttpResponse:
    found = access.policy(request.user, slug)
    asked = {name: request.GET[name] for name in ("service", "severity", "at") if name in request.GET}
    form = MomentForm({"severity": "1", **asked})
    is_fine = form.is_valid()
    answer = _answer(request, found, form) if is_fine else None
    context = {**_row(found), "form": form, "answer": answer, "versions": _versions(found), "may_edit": request.user.is_admin}
    context["empty"] = readiness.empty_at(found, at=answer.at) if answer and not answer.as_it_was else []
    return render(request, "oncall/policy.html", context, status=200 if is_fine else 422)


def _answer(request: PersonRequest, found: Policy, form: MomentForm) -> rehearsal.Answer:
    said, now = form.cleaned_data, clock.now()
    asked = {"service": said["service"], "severity": said["severity"] or 1, "at": said["at"] or now}
    return rehearsal.answered(policy=found, now=now, reader=request.user, **asked)


def _versions(found: Policy) -> list[dict[str, Any]]:
    """The newest first, each with what it changed."""
    kept: list[PolicyVersion] = list(found.versions.select_related("author")[: MOST_VERSIONS + 1])
    plans = [snapshot.read(version.definition) for version in kept]
    changes = [sentences.differences(older, newer) for newer, older in pairwise(plans)]
    return [{"version": version, "changes": change} for version, change in zip(kept, [*changes, []], strict=False)][:MOST_VERSIONS]


@require_safe
@readers
def what_breaks_if(request: PersonRequest) -> HttpResponse:
    """What names it, and who would be woken without it."""
    asked, answer, problem = request.GET.get("what", ""), None, ""
    try:
        answer = breaking.what_breaks(asked, now=clock.now()) if asked else None
    except breaking.NotKnown:
        problem = _("Nothing here is called that. Choose from the list.")
    context = {"groups": list(breaking.choices()), "asked": asked, "answer": answer, "problem": problem}
    return render(request, "oncall/what_breaks_if.html", context, status=404 if problem else 200)


@require_safe
@readers
def ready(request: PersonRequest) -> HttpResponse:
    return render(request, "oncall/readiness.html", {"report": readiness.report(now=clock.now(), days=DAYS), "days": DAYS})
