"""Two at once: one incident, one page a person and step, one who has it."""

from __future__ import annotations

from incidents import escalation, incidents
from incidents.escalation import arranging, snapshot
from incidents.models import Incident, Policy
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents import racing
from tests.incidents.alarms import MINUTE, email_down, grounds, paged, run_of, waiting
from tests.incidents.racing import at_once

pytestmark = racing.marks
ROUNDS = 5


def test_two_rules_at_once_open_one_incident(acme: Company) -> None:
    mine = grounds(acme)
    for minute in range(ROUNDS):
        now = NINE + minute * MINUTE
        opened = at_once(*[lambda now=now: incidents.declare(mine, now=now) for _rule in range(4)])
        assert sorted(each.how for each in opened) == ["attached"] * 3 + ["created"]
        incident = Incident.objects.latest("pk")
        assert {each.incident for each in opened} == {incident}
        assert paged(incident) == [("sam", 1)]
        incidents.resolve(incident, actor=acme.people["dana"], reason="next round", now=now)


def test_two_who_acknowledge_at_once_are_one_owner(acme: Company) -> None:
    sam, dana = acme.people["sam"], acme.people["dana"]
    for slug in ("email", "vpn", "printing", "file-server"):
        incident = email_down(acme, service=acme.services[slug])
        both = [lambda who=who: escalation.acknowledge(incident, by=who, via="link", now=NINE) for who in (sam, dana)]  # noqa: B023
        first, second = at_once(*both)
        assert first.acknowledged_by == second.acknowledged_by
        assert incident.timeline.filter(text__startswith="Acknowledged").count() == 1
        assert waiting(incident) == 0


def test_an_acknowledgement_and_the_engine_at_once_leave_nothing_waiting(acme: Company) -> None:
    due = NINE + 10 * MINUTE
    for slug in ("email", "vpn", "printing", "file-server"):
        incident = email_down(acme, service=acme.services[slug])
        ack = lambda: escalation.acknowledge(incident, by=acme.people["sam"], via="sms", now=due)  # noqa: B023, E731
        at_once(ack, lambda: escalation.advance_due(now=due), lambda: escalation.advance_due(now=due))
        assert waiting(incident) == 0
        assert run_of(incident).state == "held"
        assert paged(incident) in ([("sam", 1)], [("sam", 1), ("dana", 2)])


def test_two_engines_take_a_step_once(acme: Company) -> None:
    incident = email_down(acme)
    for minute in (10, 20, 30, 45):
        now = NINE + minute * MINUTE
        at_once(*[lambda now=now: escalation.advance_due(now=now) for _engine in range(3)])
    assert paged(incident) == [("sam", 1), ("dana", 2), ("kim", 3), ("kim", 0), ("kim", 0)]


def test_of_two_who_make_the_default_policy_at_once_one_name_wins_and_the_last_is_the_default(acme: Company) -> None:
    plan = snapshot.plan_of(acme.policies["it-ops"])

    def make(name: str) -> str:
        try:
            return arranging.make(plan, name=name, services=[], is_default=True, note="", by=acme.people["adam"], now=NINE).policy.slug
        except arranging.NameTaken:
            return "taken"

    assert sorted(at_once(*[lambda: make("File servers")] * 3, lambda: make("Printers"))) == ["file-servers", "printers", "taken", "taken"]
    assert Policy.objects.filter(is_default=True).count() == 1
