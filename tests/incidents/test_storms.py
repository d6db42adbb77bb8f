"""Many services failing within ten minutes are one incident a policy, and one page."""

from __future__ import annotations

from datetime import timedelta

from incidents import escalation, incidents
from incidents.incidents import Opened
from incidents.models import Incident
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import MINUTE, fresh, grounds, paged, proposed, run_of, run_until, waiting
from tests.incidents.test_incidents import ticket


def fails(acme: Company, number: int, *, every: timedelta = MINUTE, **given: object) -> Opened:
    """The nth of many services is down, a minute after the one before."""
    service, _new = Service.objects.get_or_create(slug=f"s{number}", defaults={"name": f"Service {number}", "team": acme.teams["it-ops"]})
    return incidents.declare(grounds(acme, service=service, **given), now=NINE + number * every)


def test_the_fifth_service_makes_one_incident_of_them_all(acme: Company) -> None:
    four = [fails(acme, n).incident for n in range(4)]
    storm = fails(acme, 4).incident
    assert storm is not None
    assert storm.title == "Many services failing"
    assert storm.reason.startswith(
        "5 services opened within ten minutes: Service 0, Service 1, Service 2, Service 3, Service 4. The last: smtp-01"
    )
    assert {(fresh(each).state, fresh(each).merged_into) for each in four if each} == {("merged", storm)}
    assert storm.more_services.count() == 5
    assert sum(waiting(each) for each in four if each) == 0
    assert paged(storm) == [("sam", 1)]


def test_what_fails_next_joins_and_pages_nobody_again(acme: Company) -> None:
    storm = [fails(acme, n).incident for n in range(5)][-1]
    assert storm is not None
    for number in range(5, 9):
        assert fails(acme, number) == Opened(storm, "attached")
    assert Incident.objects.open().count() == 1
    assert storm.more_services.count() == 9
    assert paged(storm) == [("sam", 1)]


def test_services_that_fail_slowly_are_no_storm(acme: Company) -> None:
    opened = [fails(acme, n, every=3 * MINUTE).how for n in range(8)]
    assert opened == ["created"] * 8


def test_a_storm_takes_tickets_along_and_leaves_what_somebody_has(acme: Company) -> None:
    first, second = fails(acme, 0).incident, fails(acme, 1).incident
    assert first is not None
    assert second is not None
    mine = ticket(acme)
    incidents.link_ticket(first, mine, reason="x", actor=None, now=NINE)
    escalation.acknowledge(second, by=acme.people["sam"], via="page", now=NINE + 2 * MINUTE)
    storm = [fails(acme, n).incident for n in range(2, 5)][-1]
    mine.refresh_from_db()
    assert (mine.incident, fresh(second).state, run_of(second).state) == (storm, "acknowledged", "held")


def test_each_policy_has_a_storm_of_its_own(acme: Company) -> None:
    other = fails(acme, 0, policy=acme.policies["security-on-call"]).incident
    storm = [fails(acme, n).incident for n in range(1, 5)][-1]
    assert other is not None
    assert storm is not None
    assert fresh(other).state == "triggered"
    assert storm.more_services.count() == 4


def test_a_storm_of_proposals_asks_once_and_opens_by_itself(acme: Company) -> None:
    for number in range(5):
        service = Service.objects.create(slug=f"s{number}", name=f"Service {number}", team=acme.teams["it-ops"])
        storm = proposed(acme, service=service)
    assert (storm.state, storm.title) == ("proposed", "Many services failing")
    run_until(NINE + 16 * MINUTE)
    assert paged(storm) == [("dana", 0), ("sam", 1), ("dana", 2)][: len(paged(storm))]
    assert fresh(storm).state == "triggered"


def test_what_is_opened_by_hand_or_confidential_is_no_part_of_a_storm(acme: Company) -> None:
    for number in range(4):
        fails(acme, number)
    by_hand = fails(acme, 5, group_key="", rule=None, version=None, title="Certificates")
    secret = fails(acme, 6, group_key="ticket:T-1", is_confidential=True)
    assert (by_hand.how, secret.how, Incident.objects.filter(state="merged").count()) == ("created", "created", 0)
