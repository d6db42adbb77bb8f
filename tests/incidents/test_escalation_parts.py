"""Where everybody of a step must acknowledge: one answer ends one person's pages, the last one has the incident."""

from __future__ import annotations

import pytest

from incidents import escalation
from incidents.models import Incident, Page, StepTarget
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import MINUTE, email_down, fresh, lost, paged_at, run_of, run_until, tick, waiting
from tests.incidents.test_escalation_answers import SOON, ack, says

LATER = SOON + 5 * MINUTE


@pytest.fixture
def together(acme: Company) -> Incident:
    """Email is down; Sam and Dana are paged at once, and both must acknowledge."""
    step = acme.policies["it-ops"].steps.get(position=1)
    step.require_all = True
    step.save(update_fields=["require_all"])
    StepTarget.objects.create(step=step, kind="person", person=acme.people["dana"])
    acme.policies["it-ops"].steps.get(position=2).delete()
    return email_down(acme)


def names(people: list[object]) -> list[str]:
    return [str(person) for person in people]


def test_one_answer_ends_only_that_persons_pages(acme: Company, together: Incident) -> None:
    before = waiting(together)
    ack(together, acme.people["sam"])
    assert 0 < waiting(together) < before
    assert (fresh(together).state, fresh(together).acknowledged_by) == ("triggered", None)
    assert names(escalation.still_asked(run_of(together), acme.people["sam"])) == ["Dana Ruiz"]
    assert together.timeline.filter(text="Sam Lee acknowledged via link. Still asked: Dana Ruiz.").exists()


def test_the_last_answer_has_the_incident_and_ends_all(acme: Company, together: Incident) -> None:
    ack(together, acme.people["sam"])
    ack(together, acme.people["dana"], now=LATER)
    assert (fresh(together).acknowledged_by, waiting(together)) == (acme.people["dana"], 0)
    run_until(NINE + 40 * MINUTE, start=LATER)
    assert paged_at(together) == [("sam", 0), ("dana", 0)]


def test_a_second_tap_changes_nothing(acme: Company, together: Incident) -> None:
    for _tap in range(2):
        ack(together, acme.people["sam"])
    assert together.timeline.filter(text__contains="Still asked").count() == 1
    assert fresh(together).state == "triggered"


def test_the_policy_goes_on_for_whoever_did_not_answer(acme: Company, together: Incident) -> None:
    ack(together, acme.people["sam"])
    run_until(NINE + 20 * MINUTE, start=SOON)
    assert paged_at(together)[2:] == [("kim", 20)]


def test_whoever_the_step_did_not_name_takes_the_whole(acme: Company, together: Incident) -> None:
    ack(together, acme.people["kim"])
    assert (fresh(together).acknowledged_by, waiting(together)) == (acme.people["kim"], 0)


def test_whoever_cannot_be_reached_is_not_waited_for(acme: Company, together: Incident) -> None:
    lost(Page.objects.get(incident=together, person=acme.people["dana"]), now=SOON)
    tick(NINE + MINUTE)
    ack(together, acme.people["sam"])
    assert fresh(together).acknowledged_by == acme.people["sam"]


def test_whoever_passed_it_on_is_not_waited_for(acme: Company, together: Incident) -> None:
    escalation.pass_on(together, by=acme.people["dana"], now=SOON)
    ack(together, acme.people["sam"], now=LATER)
    assert fresh(together).acknowledged_by == acme.people["sam"]


def test_where_the_only_other_cannot_be_reached_any_more_the_next_step_follows(acme: Company, together: Incident) -> None:
    ack(together, acme.people["sam"])
    lost(Page.objects.get(incident=together, person=acme.people["dana"]), now=SOON)
    tick(LATER)
    assert paged_at(together)[-1] == ("kim", 8)


def test_a_part_taken_back_within_a_minute_is_asked_again_at_once(acme: Company, together: Incident) -> None:
    ack(together, acme.people["sam"])
    escalation.undo(together, by=acme.people["sam"], now=SOON)
    tick(SOON)
    assert paged_at(together)[-1] == ("sam", 3)
    ack(together, acme.people["sam"])
    with pytest.raises(escalation.TooLate):
        escalation.undo(together, by=acme.people["sam"], now=LATER)


def test_a_text_message_says_who_is_still_asked(acme: Company, together: Incident) -> None:
    number = together.number
    assert says(acme.people["sam"], "have", together.pk) == f"{number}: noted, you are not called again. Still asked: Dana Ruiz."


def test_the_signed_page_says_so_and_takes_it_back(acme: Company, together: Incident, client: object) -> None:
    ack(together, acme.people["sam"])
    link = together.links.get(person=acme.people["sam"])
    page = client.get(f"/a/{link.token}").content.decode()  # type: ignore[attr-defined]
    assert "You have acknowledged and are not called again. Still asked: Dana Ruiz." in page
    assert "I have it" not in page
