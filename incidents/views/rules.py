"""Rules as people work with them: the list in order, one rule with its sentence, versions and trials, the rows of its editor."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import applying, backtest, rulebook, wording
from incidents.models import Rule, RuleVersion
from incidents.ruleforms import RuleForm, RuleSheetForm
from incidents.rules import RuleError
from incidents.views import numbers, ruleresults, ruletrials
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, admins, only
from servicedesk.directory.models import Role, User
from servicedesk.jobs import sheets

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
        "old": _old_tickets(request, found, now),
        "may_edit": request.user.is_admin,
        **more,
    }
    return render(request, "rules/rule.html", context, status=status)


def _old_tickets(request: PersonRequest, found: Rule, now: datetime) -> applying.Found | None:
    """What it would do to tickets that are open already, where that is asked."""
    is_asked = "open" in request.GET and request.user.is_admin and found.mode == Rule.Mode.LIVE
    return applying.preview(found, request.user, now=now) if is_asked else None


@require_safe
@readers
def results(request: PersonRequest, number: int) -> HttpResponse:
    """The rows of a backtest as a CSV file; of tickets its reader may not see only the number."""
    found = get_object_or_404(Rule, pk=number)
    job = backtest.last_of(found, numbers.whole(request.GET.get("backtest", "")))
    shown = ruleresults.found(job, found, request.user, whole=True)
    if shown is None:
        raise Http404
    name = f"backtest-{found.key}-{shown.job.pk}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(sheets.BOM + sheets.lines(ruleresults.sheet(shown)), content_type="text/csv; charset=utf-8", headers=headers)


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


def _apply(row: Rule, user: User, now: datetime) -> Any:
    """To those it would act on now: what was looked at may have changed."""
    found = applying.preview(row, user, now=now)
    return applying.start(row, [ticket.pk for ticket, _words in found.tickets], asked_by=user, now=now)


Deed = Callable[[Rule, User, dict[str, str], datetime], Any]
DEEDS: dict[str, Deed] = {
    "discard": lambda row, user, said, now: rulebook.discard_draft(row, actor=user, now=now),
    "up": lambda row, user, said, now: rulebook.move(row, -1, actor=user, now=now),
    "down": lambda row, user, said, now: rulebook.move(row, 1, actor=user, now=now),
    "mode": lambda row, user, said, now: _set_mode(row, user, said, now),
    "roll_back": lambda row, user, said, now: _roll_back(row, user, said, now),
    "limit": lambda row, user, said, now: _limit(row, user, said["cap"].strip(), now),
    "publish": lambda row, user, said, now: _publish(row, user, said, now),
    "apply": lambda row, user, said, now: _apply(row, user, now),
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


def _set_mode(row: Rule, user: User, said: dict[str, str], now: datetime) -> None:
    """A rule that begins to act is asked about as one that is published."""
    mode, words = Rule.Mode(said["mode"]), _saying(row, None)
    if mode == Rule.Mode.LIVE and row.mode != mode and row.version and not said["sure"]:
        _ask(backtest.doubts(words, begins=True))
    rulebook.set_mode(row, mode, actor=user, now=now)


def _roll_back(row: Rule, user: User, said: dict[str, str], now: datetime) -> None:
    number = int(said["version"])
    words = _saying(row, row.versions.get(version=number).definition)
    if not said["sure"] and said["note"].strip():
        _ask([*rulebook.faults(words), *backtest.doubts(words)])
    rulebook.roll_back(row, number, note=said["note"], actor=user, now=now)


def _saying(row: Rule, definition: dict[str, Any] | None) -> Rule:
    """The rule with these words as its newest; None: those in force."""
    other = copy(row)
    other.draft = definition
    return other


def _ask(doubts: list[str]) -> None:
    if doubts:
        raise Doubtful(doubts)


def _publish(row: Rule, user: User, said: dict[str, str], now: datetime) -> None:
    doubts = [*rulebook.faults(row), *backtest.doubts(row)]
    if not said["sure"] and said["note"].strip():
        _ask(doubts)
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
        again = {"action": name, **{part: said[part] for part in ("mode", "version", "note") if said[part]}}
        return _page(request, found, status=422, doubts=error.args[0], note=said["note"], again=again)
    except rulebook.NoteMissing:
        return _page(request, found, status=422, wrong=_("Say why in the note: whoever reads the versions later needs it."))
    except applying.NotLive:
        return _page(request, found, status=422, wrong=_("It is not live, so it acts on nothing."))
    except rulebook.NothingPublished:
        return _page(request, found, status=422, wrong=_("It was never published. Publish it first, then choose its mode."))
    except (RuleError, ValueError, RuleVersion.DoesNotExist) as error:
        why = wording.refusal(error) if isinstance(error, RuleError) else error
        return _page(request, found, status=422, wrong=_("Nothing was done: %(error)s") % {"error": why})
    if name in ("up", "down"):
        return redirect("rules")
    return redirect("job", done.pk) if name in ("backtest", "apply") else redirect("rule", found.pk)
