"""Whatever people, checks, crashes and the clock do, in whatever order: what must hold holds after every step."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from incidents import escalation, incidents, rulebook, silences
from incidents.models import Incident, Rule, Run, StepRecord
from incidents.states import IllegalMove, IncidentState
from monitoring import intake
from monitoring.models import Source
from notifications import channels
from notifications.delivery.handing import begin, claim
from notifications.models import Attempt, Message
from notifications.states import IN_FLIGHT, WAITING
from servicedesk.operations.engine import run_once
from servicedesk.operations.passes import PASSES
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.e2e.provider import exchange

STEPS, EXAMPLES = int(os.environ.get("MACHINE_STEPS", "12")), int(os.environ.get("MACHINE_EXAMPLES", "8"))
PEOPLE, SERVICES = st.sampled_from(["sam", "dana", "kim"]), st.sampled_from(["email", "vpn", "printing"])
LANES = {"desk", "post"}


class Night(RuleBasedStateMachine):
    """One night at Acme. Each example is undone at its end."""

    acme: Company

    def __init__(self) -> None:
        super().__init__()
        self.now, self.n = NINE + timedelta(hours=18), 0
        self.undone = transaction.atomic()
        self.undone._from_testcase = True  # type: ignore[attr-defined]  # as Django's own tests: what must be outermost may be inside
        self.undone.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)
        exchange.reset()

    def some(self, n: int) -> Incident | None:
        rows = list(Incident.objects.order_by("pk"))
        return rows[n % len(rows)] if rows else None

    @rule(service=SERVICES, severity=st.integers(1, 3), who=PEOPLE)
    def open(self, service: str, severity: int, who: str) -> None:
        told = incidents.Grounds(title="It is down", reason="", service=self.acme.services[service], severity=severity, since=self.now)
        incidents.declare(told, actor=self.acme.people[who], now=self.now)

    @rule(status=st.sampled_from(["critical", "ok", "warning"]), times=st.integers(1, 4))
    def flap(self, status: str, times: int) -> None:
        for turn in range(times):
            self.n += 1
            item = {"check": "smtp-01", "service": "email", "status": status if turn % 2 == 0 else "ok", "event_id": f"e{self.n}"}
            source = Source.objects.get(slug="agents")
            intake.take_results(source, json.dumps(item).encode(), lines=False, content_type="application/json", now=self.now)

    @rule(n=st.integers(0, 9), who=PEOPLE)
    def acknowledge(self, n: int, who: str) -> None:
        self.attempt(lambda one: escalation.acknowledge(one, by=self.acme.people[who], via="sms", now=self.now), n)

    @rule(n=st.integers(0, 9), who=PEOPLE)
    def pass_on(self, n: int, who: str) -> None:
        self.attempt(lambda one: escalation.pass_on(one, by=self.acme.people[who], now=self.now), n)

    @rule(n=st.integers(0, 9))
    def resolve(self, n: int) -> None:
        self.attempt(lambda one: incidents.resolve(one, actor=self.acme.people["dana"], reason="Mended.", now=self.now), n)

    def attempt(self, deed: Any, n: int) -> None:
        one = self.some(n)
        if one is not None:
            try:
                with transaction.atomic():
                    deed(one)
            except IllegalMove:
                pass

    @rule(minutes=st.integers(5, 60))
    def silence(self, minutes: int) -> None:
        ends = self.now + timedelta(minutes=minutes)
        silences.make(
            actor=self.acme.people["ana"], now=self.now, check_slug="smtp-01", reason="Update", starts_at=self.now, ends_at=ends
        )  # fmt: skip

    @rule(tier=st.booleans())
    def edit_rule(self, tier: bool) -> None:
        found = Rule.objects.get(key="R5")
        definition = dict(found.versions.get(version=found.version).definition)
        definition["conditions"] = {"all": definition["conditions"]["all"][: 3 if tier else 2]}
        rulebook.publish(found, definition, note="Tried", actor=None, now=self.now)

    @rule(who=PEOPLE, stays=st.booleans())
    def leave_or_return(self, who: str, stays: bool) -> None:
        person = self.acme.people[who]
        person.is_active = stays
        person.save(update_fields=["is_active"])

    @rule(channel=st.sampled_from(["sms", "email", "voice"]), verb=st.sampled_from(["ok", "fail", "silent", "hang"]))
    def trouble(self, channel: str, verb: str) -> None:
        exchange.verbs[channel] = verb

    @rule(called=st.booleans())
    def crash(self, called: bool) -> None:
        """A worker took a message and died, before the provider's call or in it."""
        waiting = Message.objects.filter(state="queued", due_at__lte=self.now).first()
        attempt = claim(waiting.pk, now=self.now) if waiting else None
        if attempt is not None and called:
            begin(attempt)
        Message.objects.filter(state="sending").update(lease_until=Now() - timedelta(seconds=1))

    @rule(seconds=st.sampled_from([1, 5, 30, 60, 300, 900, 3700]))
    def tick(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        exchange.deliver(self.now)
        run_once(self.now, [one for one in PASSES if one.lane in LANES])

    @invariant()
    def nobody_is_paged_for_what_somebody_has(self) -> None:
        """I5, but for the question whether it is still theirs, an hour later."""
        held = Incident.objects.filter(state__in=(IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED, IncidentState.CLOSED))
        for one in held.filter(Q(acknowledged_at=None) | Q(acknowledged_at__gt=self.now - timedelta(minutes=55))):
            pages = Message.objects.filter(thread=one.number, lane="page", state__in=WAITING, errand__kind="page", errand__state="open")
            by_name = pages.exclude(errand__key__contains="hand").exclude(errand__because__contains="asked for by")
            assert not by_name.filter(created_at__lte=one.acknowledged_at or self.now).exists(), one

    @invariant()
    def no_message_is_tried_three_times_in_doubt(self) -> None:
        """I6: a failure that is sure may be repeated, what may have gone out once more at most."""
        doubtful = Attempt.objects.exclude(state="failed").filter(called_at__isnull=False)
        assert not doubtful.values("message").annotate(times=Count("pk")).filter(times__gt=2).exists()

    @invariant()
    def one_run_is_open_and_no_step_is_taken_twice(self) -> None:
        """I7."""
        assert not Run.objects.open().values("incident").annotate(runs=Count("pk")).filter(runs__gt=1).exists()
        assert not StepRecord.objects.values("run", "loop", "step").annotate(times=Count("pk")).filter(times__gt=1).exists()

    @invariant()
    def whatever_is_out_is_somebodys(self) -> None:
        """I4."""
        out = Message.objects.filter(state__in=IN_FLIGHT)
        owned = Q(lease_until__isnull=False) | Q(tries__check_at__isnull=False)
        assert set(out.values_list("pk", flat=True)) == set(out.filter(owned).values_list("pk", flat=True))


@pytest.mark.timeout(600)
def test_what_must_hold_holds_in_any_order(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sms", "voice", "email"):
        monkeypatch.setitem(channels.CHANNELS, name, "tests.e2e.provider")
    Night.acme = acme
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        Night, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=checks)
    )
