"""/policies/<policy>/edit/: a policy in sentence form, looked at first, kept as a version, an earlier version used again."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import access, readiness
from incidents.escalation import arranging, snapshot
from incidents.escalation.snapshot import Plan
from incidents.forms_policy import PolicyForm
from incidents.models import Policy
from incidents.rehearsal import sentences
from incidents.views import numbers
from servicedesk import clock
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
    context = {
        "policy": found,
        "form": form,
        "since": arranging.fingerprint(standing),
        "steps": sentences.steps(shown),
        "after": sentences.after_steps(shown),
        "changes": sentences.differences(standing, shown),
        "faults": list(readiness.faults(shown)),
    }
    return render(request, "oncall/policy_edit.html", context, status=422 if form.errors else 200)


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
