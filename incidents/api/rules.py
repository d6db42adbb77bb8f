"""Rules: read, tried on one ticket, tried on what was kept. Editing and publishing has pages of its own."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Prefetch
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import backtest, rules, wording
from incidents.api.config_shapes import BacktestShape, DaysAsked, RuleShape, TicketAsked, TrialShape, WaitShape
from incidents.models import Evaluation, Rule, RuleVersion
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.directory.models import Role
from servicedesk.jobs.models import Job

AT_ONCE = 5_000  # kept evaluations that are read within a request; more are a job


class RuleResource(Resource):
    areas = ("config",)
    newest_first = False
    serializer_class = RuleShape

    def rows(self) -> Any:
        if not (self.person.is_machine or self.person.holds(Role.MANAGER, Role.ADMIN, Role.AUDITOR)):
            raise PermissionDenied(_("Rules are for managers, administrators and auditors."))
        in_force = RuleVersion.objects.filter(version=F("rule__version")).select_related("rule")
        return Rule.objects.select_related("owner").prefetch_related(Prefetch("versions", in_force, to_attr="in_force"))

    def keyed(self, key: str) -> Rule:
        """By its short name, R4, or its number."""
        found: Rule | None = self.rows().filter(**({"pk": int(key[:18])} if key.isdecimal() else {"key__iexact": key})).first()
        if found is None:
            raise NotFound
        return found

    def list(self, request: Request) -> Response:
        """Rules with their words in force, by number; `position` is their order within a kind."""
        return self.listed(self.rows(), RuleShape)

    def retrieve(self, request: Request, key: str) -> HttpResponse:
        """One rule."""
        return self.shown(self.keyed(key), RuleShape)

    @extend_schema(request=TicketAsked, responses=TrialShape)
    def try_on(self, request: Request, key: str) -> Response:
        """The rule's newest words on one ticket, condition by condition. Nothing is stored or sent."""
        found, said = self.keyed(key), self.said(TicketAsked)
        tried = backtest.ask(found, said["ticket"], self.person)
        if tried is None or (tried.problem and tried.at is None and not tried.conditions):
            raise ValidationError({"ticket": [tried.problem if tried else _("Give a ticket, such as T-1042.")]}, code="unknown_value")
        shown = {"rule": found.key, "ticket": tried.label, "at": tried.at, "matched": tried.matched, "then": tried.then}
        conditions = [{"text": one.asked, "seen": one.seen, "holds": one.passed} for one in tried.conditions]
        return Response(TrialShape({**shown, "conditions": conditions, "problem": tried.problem}).data)

    @extend_schema(request=DaysAsked, responses={200: BacktestShape, 202: WaitShape})
    def backtest(self, request: Request, key: str) -> Response:
        """What the newest words would have done over the last days. A long one is a job: 202, and GET when it is done."""
        found, said, now = self.keyed(key), self.said(DaysAsked), clock.now()
        if Evaluation.objects.order_by()[: AT_ONCE + 1].count() > AT_ONCE:
            job = backtest.start(found, days=said["days"], asked_by=self.person, now=now)
            return Response(self._wait(job, found), 202)
        try:
            report = backtest.run(found, days=said["days"], now=now)
        except rules.RuleError as error:
            raise ValidationError([wording.refusal(error)], code="invalid") from error
        return Response(BacktestShape(backtest.as_json(report, rows_url=reverse("rule", args=[found.pk]))).data)

    @extend_schema(responses=BacktestShape)
    def last_backtest(self, request: Request, key: str) -> Response:
        """The newest one that was run as a job; 404 while there is none."""
        job = backtest.last_of(self.keyed(key))
        if job is None:
            raise NotFound(_("No backtest of this rule is done."))
        return Response(BacktestShape(job.result).data)

    def _wait(self, job: Job, rule: Rule) -> dict[str, Any]:
        there = self.request.build_absolute_uri(reverse("api_rule_backtest", args=[rule.key]))
        return {"job": job.pk, "state": str(job.state), "url": there}
