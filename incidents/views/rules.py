"""Rules as people work with them: the list in order, one rule with its sentence, versions and trials, the rows of its editor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import backtest, rulebook
from incidents.models import Rule, RuleVersion
from incidents.ruleforms import RuleForm, RuleSheetForm
from incidents.rules import RuleError
from incidents.views import numbers, ruleresults, ruletrials
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, admins, only
from servicedesk.directory.models import Role, User

PERIODS = (30, 90)
readers = only(Role.ADMIN, Role.MANAGER, Role.AUDITOR)


@require_safe
@readers
def rule_list(request: PersonRequest) -> HttpResponse:
    lines = ruletrials.lines(now=clock.now())
    titles = {
        Rule.Kind.SEVERITY: _("Severity rules: the first that matches decides"),
        Rule.Kind.ESCALATION: _("Escalation rules: every match acts"),
    }
    context = {
        "groups": [(title, [line for line in lines if line.rule.kind == kind]) for kind, title in titles.items()],
        "may_edit": request.user.is_admin,
    }
    return render(request, "rules/list.html", context)


@require_safe
@readers
def rule(request: PersonRequest, number: int) -> HttpResponse:
    return _page(request, get_object_or_404(Rule.objects.select_related("owner", "draft_by"), pk=number))


def _page(request: PersonRequest, found: Rule, *, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    versions = ruletrials.versions(found)
    job = backtest.last_of(found, numbers.whole(request.GET.get("backtest", "")))
    context = {
        "rule": found,
        "words": ruletrials.words(found),
        "versions": versions,
        "next_version": versions[0].row.version + 1 if versions else 1,
        "hits": ruletrials.hits(found, now=now),
        "trial": backtest.ask(found, request.GET.get("try", ""), request.user),
        "found": ruleresults.found(job, found, request.user, whole="all" in request.GET),
        "periods": PERIODS,
        "modes": Rule.Mode.choices,
        "may_edit": request.user.is_admin,
        **more,
    }
    return render(request, "rules/rule.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@admins
def new(request: PersonRequest) -> HttpResponse:
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = rulebook.found(actor=request.user, now=clock.now(), **form.cleaned_data)
        except rulebook.KeyTaken:
            form.add_error("key", _("Another rule has this short name."))
        else:
            return redirect("edit_rule", made.pk)
    return render(request, "rules/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@admins
def edit(request: PersonRequest, number: int) -> HttpResponse:
    """Nothing is kept by the buttons beside: the sentence, one row more, one fewer."""
    found, now = get_object_or_404(Rule.objects.select_related("owner"), pk=number), clock.now()
    form = RuleSheetForm(request.POST if request.method == "POST" else None, rule=found, definition=ruletrials.definition(found))
    said = _said(found, form)
    if said is not None and form.is_bound and not form.beside:
        messages.success(request, _keep(found, form, request.user, now))
        return redirect("rule", found.pk)
    context = {"rule": found, "form": form, "words": said}
    return render(request, "rules/edit.html", context, status=422 if form.errors and not form.beside else 200)


def _said(found: Rule, form: RuleSheetForm) -> ruletrials.Words | None:
    """What the form says, in words; None: that cannot be read, and the form says where."""
    if not form.is_bound:
        return ruletrials.words(found)
    if not form.is_valid():
        return None
    try:
        return ruletrials.words_as(found, form.definition(), form.cleaned_data["owner"])
    except RuleError as error:
        form.refuse(error)
        return None


def _keep(found: Rule, form: RuleSheetForm, actor: User, now: datetime) -> str:
    """Who reviews it counts at once; other words than it has are a draft."""
    rulebook.entrust(found, form.cleaned_data["owner"], review_on=form.cleaned_data["review_on"], actor=actor, now=now)
    if not ruletrials.is_said_otherwise(found, form.definition()):
        return _("Kept. What the rule says is as it was.")
    rulebook.save_draft(found, form.definition(), actor=actor, now=now)
    return _("Kept as a draft. It acts on nothing until it is published.")


Deed = Callable[[Rule, User, dict[str, str], datetime], Any]
DEEDS: dict[str, Deed] = {
    "discard": lambda row, user, said, now: rulebook.discard_draft(row, actor=user, now=now),
    "up": lambda row, user, said, now: rulebook.move(row, -1, actor=user, now=now),
    "down": lambda row, user, said, now: rulebook.move(row, 1, actor=user, now=now),
    "mode": lambda row, user, said, now: rulebook.set_mode(row, Rule.Mode(said["mode"]), actor=user, now=now),
    "roll_back": lambda row, user, said, now: rulebook.roll_back(row, int(said["version"]), note=said["note"], actor=user, now=now),
    "limit": lambda row, user, said, now: _limit(row, user, said["cap"].strip(), now),
    "publish": lambda row, user, said, now: _publish(row, user, said, now),
    "backtest": lambda row, user, said, now: backtest.start(row, days=int(said["days"]), asked_by=user, now=now),
}
SAYS = ("mode", "version", "note", "days", "sure", "cap")


class Doubtful(ValueError):
    """What a person should read before it is published."""


def _limit(row: Rule, user: User, cap: str, now: datetime) -> None:
    """A draft with that many incidents an hour at most; empty: without a limit. Raises RuleError."""
    definition = {**ruletrials.definition(row), "fire_cap": numbers.whole(cap) or cap or None}
    if ruletrials.is_said_otherwise(row, definition):
        rulebook.save_draft(row, definition, actor=user, now=now)


def _publish(row: Rule, user: User, said: dict[str, str], now: datetime) -> None:
    doubts = [*rulebook.faults(row), *backtest.doubts(row)]
    if doubts and not said["sure"] and said["note"].strip():
        raise Doubtful(doubts)
    if row.draft is not None:
        rulebook.publish(row, row.draft, note=said["note"], actor=user, now=now)


@require_POST
@admins
def act(request: PersonRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Rule.objects.select_related("owner", "draft_by"), pk=number)
    name, said = request.POST.get("action", ""), {part: request.POST.get(part, "")[:240] for part in SAYS}
    if name not in DEEDS or (name == "backtest" and said["days"] not in map(str, PERIODS)):
        return _page(request, found, status=422, wrong=_("Nothing was done: use one of the buttons."))
    try:
        done = DEEDS[name](found, request.user, said, clock.now())
    except Doubtful as error:
        return _page(request, found, status=422, doubts=error.args[0], note=said["note"])
    except rulebook.NoteMissing:
        return _page(request, found, status=422, wrong=_("Say why in the note: whoever reads the versions later needs it."))
    except rulebook.NothingPublished:
        return _page(request, found, status=422, wrong=_("It was never published. Publish it first, then choose its mode."))
    except (RuleError, ValueError, RuleVersion.DoesNotExist) as error:
        return _page(request, found, status=422, wrong=_("Nothing was done: %(error)s") % {"error": error})
    if name in ("up", "down"):
        return redirect("rules")
    return redirect("job", done.pk) if name == "backtest" else redirect("rule", found.pk)
