"""/policies/new/ and /policies/<policy>/edit/: a policy in sentence form, looked at first, kept as a version, used again later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import access, readiness, rehearsal
from incidents.escalation import arranging, snapshot
from incidents.escalation.snapshot import Plan
from incidents.forms_oncall import MomentForm
from incidents.forms_policy import NewPolicyForm, PolicyForm
from incidents.models import Policy
from incidents.rehearsal import sentences
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory import zones
from servicedesk.directory.access import PersonRequest, admins


@require_http_methods(["GET", "HEAD", "POST"])
@admins
def edit(request: PersonRequest, slug: str) -> HttpResponse:
    found, now = access.policy(request.user, slug), clock.now()
    standing = snapshot.plan_of(found)
    form = PolicyForm(request.POST or None, standing=standing)
    plan = form.plan() if form.is_bound and form.is_valid() else None
    if plan is not None and request.POST.get("do") == "save":
        if _kept(request, found, plan, form.cleaned_data["note"], now):
            return redirect("policy", found.slug)
        form.add_error(None, _("Somebody changed it meanwhile. Look at what it says now, then save again."))
    shown = plan or standing
    context = {"policy": found, "since": arranging.fingerprint(standing), "changes": sentences.differences(standing, shown)}
    return _shown(request, form, shown, context)


@require_http_methods(["GET", "HEAD", "POST"])
@admins
def new(request: PersonRequest) -> HttpResponse:
    """A policy from nothing, in the same form: named, looked at, kept as its first version."""
    nothing = Plan(policy="", name="", zone=zones.of(None), repeat=0)
    form = NewPolicyForm(request.POST or None, standing=nothing)
    plan = form.plan() if form.is_bound and form.is_valid() else None
    if plan is not None and request.POST.get("do") == "save":
        made = _made(request, form, plan, clock.now())
        if made is not None:
            return redirect("policy", made.slug)
        form.add_error("name", _("Another policy is called that, or nearly. Choose another name."))
    return _shown(request, form, plan or nothing, {"is_new": True})


def _shown(request: PersonRequest, form: PolicyForm, shown: Plan, context: dict[str, Any]) -> HttpResponse:
    moment = MomentForm(request.POST if form.is_bound else {"try-severity": "1"}, prefix="try")
    context |= {"moment": moment, "difference": _difference(form, moment, shown, context.get("policy"))}
    faults = list(readiness.faults(shown)) if shown.steps else []
    said = {"form": form, "steps": sentences.steps(shown), "after": sentences.after_steps(shown), "faults": faults}
    return render(request, "oncall/policy_edit.html", {**said, **context}, status=422 if form.errors else 200)


def _difference(form: PolicyForm, moment: MomentForm, shown: Plan, found: Policy | None) -> rehearsal.Difference | None:
    """Who would be paged before and after; None: nothing to look at yet."""
    if not (form.is_bound and form.is_valid() and moment.is_valid()):
        return None
    said = moment.cleaned_data
    asked = {"service": said["service"], "severity": said["severity"] or 1, "at": said["at"] or clock.now()}
    return rehearsal.of_plan(found, shown, **asked)


def _made(request: PersonRequest, form: NewPolicyForm, plan: Plan, now: datetime) -> Policy | None:
    """The policy, or None where the name is taken."""
    said = {name: form.cleaned_data[name] for name in ("name", "services", "is_default", "note")}
    try:
        made = arranging.make(plan, by=request.user, now=now, **said)
    except arranging.NameTaken:
        return None
    messages.success(request, _("%(name)s is there. It pages from now on.") % {"name": made.policy.name})
    return made.policy


def _kept(request: PersonRequest, found: Policy, plan: Plan, note: str, now: datetime) -> bool:
    """Saved, or there is another version than the form was begun from."""
    try:
        made = arranging.arrange(found, plan, since=request.POST.get("since", ""), note=note, by=request.user, now=now)
    except arranging.ChangedMeanwhile:
        return False
    messages.success(request, _("Kept as version %(n)d. What pages already goes on by its own.") % {"n": made.version})
    return True


@require_POST
@admins
def use_again(request: PersonRequest, slug: str) -> HttpResponse:
    """An earlier version as a new one."""
    found, now = access.policy(request.user, slug), clock.now()
    kept = get_object_or_404(found.versions, version=numbers.whole(request.POST.get("version", "")))
    since, note = arranging.fingerprint(snapshot.plan_of(found)), _("Version %(n)d again") % {"n": kept.version}
    made = arranging.arrange(found, snapshot.read(kept.definition), since=since, note=note, by=request.user, now=now)
    messages.success(request, _("Kept as version %(n)d. What pages already goes on by its own.") % {"n": made.version})
    return redirect("policy", found.slug)
