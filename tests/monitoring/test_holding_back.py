"""What is judged but not told: behind a parent that is bad, and behind a source that fell silent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from incidents import automation
from incidents.models import Incident, LinkedAlert
from monitoring import deadman, intake, judging, reasons
from monitoring.models import Alert, Check, CheckState, Result, Source
from monitoring.normal import Signal
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def say(slug: str, status: str, minutes: float, **more: object) -> None:
    intake.record(Source.objects.get(slug="agents"), [Signal(check=slug, status=status, **more)], raw_id=None, now=after(minutes))  # type: ignore[arg-type]


def check(slug: str, **more: object) -> Check:
    made = Check.objects.create(source=Source.objects.get(slug="agents"), slug=slug, created_at=NINE, **more)
    CheckState.objects.create(check_ref=made)
    return made


@pytest.fixture
def router(acme: Company) -> Check:
    parent = check("router", confirm=2)
    check("web", depends_on=parent)
    say("router", "ok", 0)
    say("web", "ok", 0)
    return parent


def told() -> set[str]:
    return set(LinkedAlert.objects.open().values_list("check_slug", flat=True))


def test_behind_a_bad_router_the_web_server_is_judged_and_not_told(router: Check) -> None:
    for minute in (1, 2):
        say("router", "critical", minute)
    say("web", "critical", 3)
    assert Alert.objects.open().get(check_ref__slug="web").held_by == router
    assert told() == {"router"}


def test_a_router_not_yet_confirmed_holds_back_too(router: Check) -> None:
    say("router", "critical", 1)
    say("web", "critical", 1.1)
    assert told() == set()
    say("router", "critical", 2)
    assert told() == {"router"}


def test_what_is_still_bad_when_the_router_is_well_is_told(router: Check) -> None:
    for minute in (1, 2):
        say("router", "critical", minute)
    say("web", "critical", 3)
    say("router", "ok", 4)
    intake.raise_due(now=after(4.5))
    assert told() == {"web"}


def test_what_got_well_behind_the_router_is_never_told(router: Check) -> None:
    for minute in (1, 2):
        say("router", "critical", minute)
    say("web", "critical", 3)
    say("web", "ok", 4)
    intake.raise_due(now=after(30))
    assert not LinkedAlert.objects.filter(check_slug="web").exists()


def test_what_was_told_before_the_router_failed_is_told_its_end(router: Check) -> None:
    say("web", "critical", 1)
    for minute in (2, 3):
        say("router", "critical", minute)
    say("web", "ok", 4)
    assert told() == {"router"}


def test_two_that_depend_on_each_other_hold_nobody_back(router: Check) -> None:
    Check.objects.filter(pk=router.pk).update(depends_on=Check.objects.get(slug="web"))
    for minute in (1, 2):
        say("router", "critical", minute)
        say("web", "critical", minute)
    assert told() == {"router", "web"}


def test_why_it_waits_is_said(router: Check) -> None:
    for minute in (1, 2):
        say("router", "critical", minute)
    say("web", "critical", 3)
    said = " ".join(reasons.of_check(Check.objects.get(slug="web"), now=after(4)))
    assert "router, which it depends on, is bad" in said
    assert reasons.of_result(Result.objects.filter(check_id=router.pk).order_by("pk")[1])[0].startswith(
        "Bad results in a row: 1; needed: 2"
    )


# A source that falls silent


@pytest.fixture
def agents(acme: Company) -> Source:
    Source.objects.filter(slug="agents").update(silent_after_s=600)
    for slug in ("smtp-01", "fs-02"):
        say(slug, "ok", 0)
    return Source.objects.get(slug="agents")


def pass_by(minutes: int, *, since: int = 0) -> None:
    for minute in range(since, minutes):
        now = after(minute + 1)
        intake.sweep_overdue(now=now)
        deadman.sweep(now=now)
        intake.raise_due(now=now)


def test_a_silent_source_is_one_alert_and_its_services_are_unknown(agents: Source) -> None:
    pass_by(40)
    assert told() == {"source:agents"}
    assert set(Service.objects.filter(checks__source=agents).values_list("state", flat=True)) == {"unknown"}
    assert Alert.objects.open().count() == 3


def test_a_silent_source_of_a_tier_1_service_is_one_incident(agents: Source) -> None:
    pass_by(40)
    automation.evaluate_due(now=after(41))
    assert list(Incident.objects.values_list("service__slug", flat=True)) == ["email"]


def test_when_it_speaks_again_its_alert_is_over_and_services_are_as_heard(agents: Source) -> None:
    pass_by(40)
    for slug in ("smtp-01", "fs-02"):
        say(slug, "ok", 41)
    deadman.sweep(now=after(41.2))
    assert told() == set()
    assert set(Service.objects.filter(checks__source=agents).values_list("state", flat=True)) == {"ok"}


def test_one_check_that_stays_away_while_its_source_speaks_is_told_by_itself(agents: Source) -> None:
    for minute in range(1, 12):
        say("fs-02", "ok", minute)
        pass_by(minute + 1, since=minute)
    assert told() == {"smtp-01"}


def test_a_source_nobody_can_say_the_rhythm_of_is_not_found_silent(agents: Source) -> None:
    Source.objects.filter(pk=agents.pk).update(silent_after_s=None)
    pass_by(40)
    assert Source.objects.get(pk=agents.pk).silent_since is None


def test_after_a_pause_of_ours_nobody_is_missing_until_the_grace_is_over_again(agents: Source) -> None:
    now = after(60)
    assert deadman.forgive(since=after(1), now=now) == 2
    assert (intake.sweep_overdue(now=now), deadman.sweep(now=now)) == (0, 0)
    pass_by(80, since=60)
    assert told() == {"source:agents"}


def test_a_missing_result_may_be_told_to_change_nothing(acme: Company) -> None:
    check("slow", period_s=60, grace_s=60, missing_as="ignore")
    say("slow", "ok", 0)
    assert judging.miss(Check.objects.get(slug="slow").pk, now=after(5)) == 1
    assert CheckState.objects.get(check_ref__slug="slow").status == "ok"
    assert not Alert.objects.exists()


def test_a_metric_is_bad_until_it_is_back_inside_what_clears_it(acme: Company) -> None:
    check("disk", notices_flapping=False).thresholds.create(metric="used", warn="80", crit="90", clear="70")
    for minute, value in enumerate((75, 85, 75, 71, 69, 75)):
        say("disk", "ok", minute, metrics=({"name": "used", "value": value},))
    statuses = list(Result.objects.order_by("pk").values_list("change", flat=True))
    assert statuses == ["", "opened", "", "", "cleared", ""]
