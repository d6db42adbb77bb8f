"""What a person answers to a page: I have it, undo, pass it on, ask me again; and what happens when they fall silent."""

from __future__ import annotations

import pytest

from incidents import escalation, incidents
from incidents.models import Incident, SeverityLevel, StepTarget
from incidents.states import IllegalMove, IncidentState
from notifications.inbound import Reply
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import (
    MINUTE,
    email_down,
    fresh,
    grounds,
    lines,
    lost,
    mail_to,
    paged,
    paged_at,
    proposed,
    run_of,
    run_until,
    sms_to,
    tick,
    told,
    unreachable,
    waiting,
    woken,
)

SOON = NINE + 3 * MINUTE


def ack(incident: Incident, by: User, *, now: object = SOON, via: str = "link") -> Incident:
    return escalation.acknowledge(incident, by=by, via=via, now=now)  # type: ignore[arg-type]


def says(person: User, word: str, incident: int | None = None, *, now: object = SOON) -> str:
    method = person.contact_methods.get(kind="sms")
    answer = escalation.answer(Reply(person, method, method.address, word, incident), now=now)  # type: ignore[arg-type]
    assert answer is not None
    assert len(answer) <= 160
    return answer


# I have it


def test_an_acknowledgement_stops_every_page_for_everybody(acme: Company) -> None:
    incident = email_down(acme)
    assert waiting(incident) > 0
    ack(incident, acme.people["sam"])
    assert (fresh(incident).state, fresh(incident).acknowledged_by) == ("acknowledged", acme.people["sam"])
    assert waiting(incident) == 0
    run_until(NINE + 60 * MINUTE, start=SOON)
    assert paged(incident) == [("sam", 1)]
    assert "Acknowledged by Sam Lee via link." in lines(incident)


def test_those_already_woken_are_told_and_the_one_who_has_it_is_not(acme: Company) -> None:
    incident = email_down(acme)
    woken(incident, acme.people["sam"])
    run_until(NINE + 10 * MINUTE)
    woken(incident, acme.people["dana"])
    ack(incident, acme.people["dana"], now=NINE + 15 * MINUTE)
    assert told(incident) == ["sam"]
    assert mail_to(incident, "sam").text.startswith(f"{incident.number} acked by Dana Ruiz 09:15.\nYou need do nothing")


def test_the_second_to_acknowledge_sees_who_has_it(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    second = ack(incident, acme.people["dana"], now=SOON + MINUTE)
    assert second.acknowledged_by == acme.people["sam"]
    assert second.acknowledged_at == SOON
    assert lines(incident).count("Acknowledged") == 1


def test_somebody_never_paged_may_have_it_and_is_named(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["ana"], via="page")
    assert incident.timeline.get(kind="ack").because == "Ana was not paged for it"


def test_what_is_over_cannot_be_acknowledged(acme: Company) -> None:
    incident = email_down(acme)
    incidents.resolve(incident, actor=acme.people["sam"], reason="fixed", now=SOON)
    with pytest.raises(IllegalMove):
        ack(incident, acme.people["dana"], now=SOON + MINUTE)


# Undo


def test_undo_pages_again_in_a_new_run_from_the_step_where_it_was(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 10 * MINUTE)
    ack(incident, acme.people["dana"], now=NINE + 12 * MINUTE)
    escalation.undo(incident, by=acme.people["dana"], now=NINE + 13 * MINUTE)
    assert (fresh(incident).state, fresh(incident).acknowledged_by) == ("triggered", None)
    assert incident.runs.count() == 2
    run_until(NINE + 23 * MINUTE, start=NINE + 13 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10), ("dana", 13), ("kim", 23)]


def test_undo_is_over_after_a_minute_and_only_ones_own(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    with pytest.raises(escalation.NotYours):
        escalation.undo(incident, by=acme.people["dana"], now=SOON)
    with pytest.raises(escalation.TooLate):
        escalation.undo(incident, by=acme.people["sam"], now=SOON + 2 * MINUTE)


def test_undo_twice_is_once(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    for _tap in range(2):
        escalation.undo(incident, by=acme.people["sam"], now=SOON)
    assert incident.runs.count() == 2


# Ask me again


def test_more_time_asks_again_and_never_stops_the_policy(acme: Company) -> None:
    incident = email_down(acme)
    for tap in range(2):
        escalation.later(incident, by=acme.people["sam"], now=SOON + tap * MINUTE)
    run_until(NINE + 20 * MINUTE, start=SOON)
    assert paged_at(incident) == [("sam", 0), ("dana", 10), ("sam", 13), ("kim", 20)]


def test_nobody_is_asked_again_once_somebody_has_it(acme: Company) -> None:
    incident = email_down(acme)
    escalation.later(incident, by=acme.people["sam"], now=SOON)
    run_until(NINE + 10 * MINUTE, start=SOON)
    ack(incident, acme.people["dana"], now=NINE + 11 * MINUTE)
    run_until(NINE + 30 * MINUTE, start=NINE + 11 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10)]


# Silence after an acknowledgement


def test_an_owner_who_does_nothing_is_asked_alone_and_then_paging_goes_on(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"], now=NINE)
    run_until(NINE + 69 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("sam", 60)]
    assert sms_to(incident, "sam").text.startswith(f"SEV1 {incident.number} Email is down.")
    assert "Still yours? By 10:10: http://testserver/a/" in sms_to(incident, "sam").text
    run_until(NINE + 80 * MINUTE, start=NINE + 70 * MINUTE)
    assert paged_at(incident)[2:] == [("dana", 70), ("kim", 80)]
    assert fresh(incident).state == "triggered"


def test_still_mine_gives_another_hour(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"], now=NINE)
    run_until(NINE + 65 * MINUTE)
    ack(incident, acme.people["sam"], now=NINE + 65 * MINUTE)
    run_until(NINE + 124 * MINUTE, start=NINE + 65 * MINUTE)
    assert len(paged(incident)) == 2
    assert run_of(incident).next_step_at == NINE + 125 * MINUTE


def test_the_hour_runs_from_the_last_thing_a_person_did(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"], now=NINE)
    incident.timeline.create(kind="note", at=NINE + 30 * MINUTE, actor=acme.people["ana"], text="Restarting the queue.")
    run_until(NINE + 89 * MINUTE)
    assert len(paged(incident)) == 1
    tick(NINE + 90 * MINUTE)
    assert len(paged(incident)) == 2


def test_an_owner_who_cannot_be_asked_has_it_no_more(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"], now=NINE)
    unreachable(acme.people["sam"])
    run_until(NINE + 62 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("sam", 60), ("dana", 61)]


def test_after_the_last_step_paging_goes_on_from_the_first(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 20 * MINUTE)
    ack(incident, acme.people["kim"], now=NINE + 20 * MINUTE)
    run_until(NINE + 90 * MINUTE, start=NINE + 20 * MINUTE)
    assert paged_at(incident)[3:] == [("kim", 80), ("sam", 90)]


def test_paging_goes_on_after_the_owners_own_step(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 10 * MINUTE)
    ack(incident, acme.people["sam"], now=NINE + 11 * MINUTE)
    run_until(NINE + 81 * MINUTE, start=NINE + 11 * MINUTE)
    assert paged_at(incident)[2:] == [("sam", 71), ("dana", 81)]


def test_each_severity_may_ask_after_a_time_of_its_own_or_never(acme: Company) -> None:
    SeverityLevel.objects.filter(rank=1).update(ask_again_min=20)
    SeverityLevel.objects.filter(rank=2).update(ask_again_min=0)
    first, second = email_down(acme), email_down(acme, severity=2, service=acme.services["vpn"])
    for incident in (first, second):
        ack(incident, acme.people["sam"], now=NINE)
    assert [run_of(each).next_step_at for each in (first, second)] == [NINE + 20 * MINUTE, None]


def test_less_than_sev2_is_never_asked(acme: Company) -> None:
    incident = email_down(acme, severity=3)
    ack(incident, acme.people["sam"], now=NINE)
    assert run_of(incident).next_step_at is None


# A rise


def test_a_rise_to_sev2_wakes_those_who_had_only_mail(acme: Company) -> None:
    incident = email_down(acme, severity=3)
    incidents.raise_severity(incident, 2, because="5 people", now=SOON)
    assert paged_at(incident) == [("sam", 0), ("sam", 3)]
    assert sms_to(incident, "sam").state == "queued"


def test_a_rise_asks_the_owner_and_pages_only_those_left_out(acme: Company) -> None:
    first = acme.policies["it-ops"].steps.get(position=1)
    first.least_severity = 1
    first.save(update_fields=["least_severity"])
    StepTarget.objects.create(step=first, kind="person", person=acme.people["dana"])
    also = acme.policies["it-ops"].steps.get(position=2)
    also.delay_s = 0
    also.save(update_fields=["delay_s"])
    incident = email_down(acme, severity=2)
    ack(incident, acme.people["dana"])
    incidents.raise_severity(incident, 1, because="all staff", now=SOON + MINUTE)
    assert paged(incident) == [("dana", 2), ("sam", 1), ("dana", 0)]
    assert "It is SEV1 now: all staff" in mail_to(incident, "dana").text


def test_a_rise_by_a_person_that_the_owner_does_not_answer_pages_on(acme: Company) -> None:
    incident = email_down(acme, severity=2)
    ack(incident, acme.people["sam"])
    incidents.raise_severity(incident, 1, because="all staff", now=SOON + MINUTE, actor=acme.people["kim"])
    run_until(SOON + 11 * MINUTE, start=SOON)
    assert paged_at(incident) == [("sam", 0), ("sam", 4), ("dana", 14)]


# By text message


def test_a_have_it_by_text_says_until_when(acme: Company) -> None:
    incident = email_down(acme)
    said = says(acme.people["sam"], "have", incident.pk)
    assert said == f"You have {incident.number} since 09:03. Nobody else will be called. We ask again at 10:03."
    assert fresh(incident).acknowledged_by == acme.people["sam"]


def test_a_text_after_somebody_else_names_them(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 10 * MINUTE)
    ack(incident, acme.people["dana"], now=NINE + 11 * MINUTE)
    said = says(acme.people["sam"], "have", incident.pk, now=NINE + 12 * MINUTE)
    assert said == f"Dana Ruiz has {incident.number} since 09:11. You need do nothing."


def test_pass_more_facts_and_resolve_by_text(acme: Company) -> None:
    incident, sam = email_down(acme), acme.people["sam"]
    assert says(sam, "facts", incident.pk).endswith("smtp-01 critical for 5 min on a tier-1 service. Nobody has it yet.")
    assert says(sam, "more", incident.pk) == f"{incident.number}: we ask you again at 09:13. Dana Ruiz is called at 09:10."
    assert says(sam, "pass", incident.pk) == f"{incident.number} is passed on: Dana Ruiz is called now."
    assert "Nothing is resolved by text" in says(sam, "resolve", incident.pk)
    assert fresh(incident).state == IncidentState.TRIGGERED


def test_a_text_counts_only_from_somebody_paged_for_it_within_a_day(acme: Company) -> None:
    incident = email_down(acme)
    assert "You were not paged" in says(acme.people["dana"], "have", incident.pk)
    assert "You were not paged" in says(acme.people["sam"], "have", incident.pk, now=NINE + 25 * 60 * MINUTE)
    assert fresh(incident).state == "triggered"


def test_a_bare_word_counts_only_for_the_one_open_page(acme: Company) -> None:
    sam = acme.people["sam"]
    assert says(sam, "have") == "No open page for you. Nothing is changed."
    first, second = email_down(acme), email_down(acme, service=acme.services["vpn"])
    assert says(sam, "have").startswith(f"Which one? {first.number}, {second.number}.")
    ack(second, acme.people["dana"])
    assert says(sam, "have").startswith(f"You have {first.number}")


def test_all_takes_exactly_those_of_the_last_bundle(acme: Company) -> None:
    sam = acme.people["sam"]
    found = [email_down(acme, service=acme.services[slug]) for slug in ("email", "vpn", "printing")]
    not_his = email_down(acme, service=acme.services["file-server"], policy=acme.policies["network"])
    method = sam.contact_methods.get(kind="sms")
    row = {"channel": "sms", "to": method.address, "person": sam, "due_at": NINE, "created_at": NINE}
    bundle = Message.objects.create(**row, thread="BUNDLE", key="x", text="3 open pages for you", token="x")
    for each in (*found[:2], not_his):
        Message.objects.create(**row, thread=each.number, key=f"x{each.pk}", bundle=bundle)
    assert says(sam, "all") == f"You have {found[0].number}, {found[1].number}. Nobody else will be called for them."
    assert [fresh(each).state for each in (*found, not_his)] == ["acknowledged", "acknowledged", "triggered", "triggered"]


def test_a_text_about_a_proposal_leads_to_its_page(acme: Company) -> None:
    incident = proposed(acme)
    assert "is only proposed. Decide here: http://testserver/a/" in says(acme.people["dana"], "have", incident.pk)
    assert fresh(incident).state == "proposed"


def test_a_text_that_is_not_understood_says_what_would_be(acme: Company) -> None:
    incident = email_down(acme)
    assert says(acme.people["sam"], "unknown", incident.pk).startswith(f"Not understood. Reply A{incident.pk} have it")


# By hand


def test_paging_somebody_by_name(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    for _tap in range(2):
        escalation.page_person(incident, acme.people["ben"], by=acme.people["sam"], now=SOON + MINUTE)
    assert paged(incident) == [("sam", 1), ("ben", 0)]
    assert incident.pages.get(person=acme.people["ben"]).because == "asked for by Sam Lee"


def test_escalating_by_hand_takes_the_next_step(acme: Company) -> None:
    incident = email_down(acme)
    escalation.escalate_now(incident, by=acme.people["dana"], now=SOON)
    assert paged_at(incident) == [("sam", 0), ("dana", 3)]
    lost(incident.pages.get(person=acme.people["dana"]), now=SOON)
    tick(SOON + MINUTE)
    assert paged_at(incident)[-1] == ("kim", 4)


def test_grounds_keep_their_reason_on_the_timeline(acme: Company) -> None:
    incident = email_down(acme)
    first = incident.timeline.earliest("pk")
    assert (first.because, first.data["rule"], first.data["version"]) == (grounds(acme).reason, "R5", 1)
