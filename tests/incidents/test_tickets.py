"""Tickets: filed, guessed, rated, acknowledged, and moved by their deeds."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import automation, buttons, tickets
from incidents.models import Entry, Ticket
from incidents.states import IllegalMove
from notifications.models import Message
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import mails, report


@pytest.mark.parametrize(
    ("what", "title"),
    [
        ("Outlook cannot connect since this morning. I tried it twice.", "Outlook cannot connect since this morning"),
        ("  Help!\nNothing works", "Help!"),
        ("fs-02 says 3.5 GB free", "fs-02 says 3.5 GB free"),
        ("word " * 40, "word " * 15 + "word\u2026"),
        ("x" * 200, "x" * 79 + "\u2026"),
    ],
)
def test_the_title_is_the_first_sentence(what: str, title: str) -> None:
    assert tickets.title_of(what) == title
    assert len(tickets.title_of(what)) <= 80


def test_a_report_without_a_service_is_guessed_and_says_from_which_word(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    assert (ticket.service, ticket.service_guess, ticket.team) == (acme.services["email"], "outlook", acme.teams["it-ops"])
    assert "guessed from “outlook”" in ticket.entries.get(data__verb="file").data["because"]


def test_a_chosen_service_is_not_guessed(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), service=acme.services["vpn"])
    assert (ticket.service, ticket.service_guess) == (acme.services["vpn"], "")


def test_what_names_no_service_goes_to_the_service_desk(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "My chair squeaks")
    assert (ticket.service, ticket.team) == (None, acme.teams["service-desk"])


@pytest.mark.parametrize(
    ("answers", "rank", "rule"),
    [
        ({"impacted": "everyone", "effect": "cannot"}, 1, "1"),
        ({"impacted": "several", "impacted_count": 50, "effect": "cannot"}, 1, "1"),
        ({"impacted": "several", "impacted_count": 49, "effect": "cannot"}, 2, "2"),
        ({"impacted": "department", "effect": "part"}, 2, "2"),
        ({"impacted": "me", "effect": "cannot"}, 3, "3"),
        ({"impacted": "unknown", "effect": "cannot"}, 3, "3"),
        ({"impacted": "me", "effect": "workaround"}, 4, "4"),
        ({"impacted": "me", "effect": "question"}, 4, "4"),
    ],
)
def test_the_answers_give_the_severity_with_rule_and_version(acme: Company, answers: dict[str, Any], rank: int, rule: str) -> None:
    ticket = report(acme, "ella", at(11), **answers)
    why = ticket.severity_reasons[0]
    assert (ticket.severity, why["rule"], why["version"], why["by"]) == (rank, rule, 1, "rule")
    assert why["text"].endswith(f"gives SEV{rank}, by rule {rule}, version 1.")


def test_not_known_takes_the_services_own_impact_while_a_check_is_not_ok(acme: Company) -> None:
    email = acme.services["email"]
    email.state = "critical"
    email.save(update_fields=["state"])
    assert report(acme, "ella", at(11), impacted="unknown").severity == 1


def test_a_ticket_without_answers_is_not_rated_and_runs_on_the_clocks_of_sev3(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="", effect="", origin=Ticket.Origin.MAIL)
    assert (ticket.severity, ticket.severity_reasons) == (None, [])
    assert (ticket.first_answer_due_at, ticket.solution_due_at) == (at(9, 30), at(9, day=25))


def test_a_question_is_a_request_with_clocks_of_its_own(acme: Company) -> None:
    ticket = report(acme, "ella", at(16), effect="question")
    assert (ticket.kind, ticket.severity) == (Ticket.Kind.REQUEST, 4)
    assert ticket.first_answer_due_at == at(10, day=24)


def test_the_facts_and_the_decision_are_kept(acme: Company) -> None:
    evaluation = report(acme, "ella", at(9)).evaluations.get()
    assert (evaluation.facts["ticket.effect"], evaluation.facts["service.slug"], evaluation.schema) == ("cannot", "email", 1)
    assert evaluation.decision["severity"] == 3


# Something lost, stolen or seen


def test_a_loss_is_at_least_sev2_confidential_and_of_its_own_category(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "My laptop with the payroll was stolen", effect="question", loss=True)
    assert (ticket.severity, ticket.category, ticket.is_confidential, ticket.kind) == (2, "security or loss", True, "report")


def test_a_confidential_receipt_says_nothing_of_it(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "My laptop with the payroll was stolen", loss=True)
    (mail,) = mails(acme, "ella")
    assert ticket.number in mail.text
    assert not {"laptop", "payroll", "stolen"} & set(f"{mail.subject} {mail.text} {mail.html}".lower().split())


def test_a_confidential_ticket_keeps_its_text_out_of_the_facts(acme: Company) -> None:
    facts = report(acme, "ella", at(9), "My laptop was stolen", loss=True).evaluations.get().facts
    assert "ticket.text" not in facts
    assert "laptop" not in str(facts)


# The receipt


def test_the_receipt_says_the_number_and_by_when_and_no_word_of_the_desks_own(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="everyone")
    (mail,) = mails(acme, "ella")
    assert mail.subject == f"[{ticket.number}] Outlook cannot connect since this morning"
    assert "a person answers by 09:10 (Europe/Paris)" in mail.text
    assert f"/t/{ticket.pk}/" in mail.text
    assert "SEV" not in mail.text + mail.html + mail.subject


def test_out_of_hours_the_receipt_promises_a_day_and_a_clock_time(acme: Company) -> None:
    report(acme, "ella", at(19, 30))
    assert "by Tue 24 Nov, 08:30 (Europe/Paris)" in mails(acme, "ella")[0].text


def test_a_receipt_is_a_programs_letter_in_the_readers_language_of_its_thread(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    (mail,) = mails(acme, "ella")
    assert (mail.thread, mail.person, mail.headers["Auto-Submitted"]) == (ticket.number, acme.people["ella"], "auto-generated")


def test_a_second_press_of_send_is_the_same_ticket_and_one_receipt(acme: Company) -> None:
    first, second = (report(acme, "ella", at(9, minute), idempotency_key="7:abc") for minute in (0, 1))
    assert first == second
    assert (Ticket.objects.count(), len(mails(acme, "ella")), first.evaluations.count()) == (1, 1, 1)


def test_going_back_and_sending_the_same_words_with_another_key_is_the_same_ticket(acme: Company) -> None:
    first, second = (report(acme, "ella", at(9, minute), idempotency_key=f"7:{minute}") for minute in (0, 9))
    assert first == second
    assert len(mails(acme, "ella")) == 1


def test_other_words_another_person_or_a_later_time_are_another_ticket(acme: Company) -> None:
    report(acme, "ella", at(9), idempotency_key="7:a")
    report(acme, "ella", at(9, 1), "The printer too", idempotency_key="7:b")
    report(acme, "omar", at(9, 2), idempotency_key="8:a")
    report(acme, "ella", at(9, 11), idempotency_key="7:c")
    assert Ticket.objects.count() == 4


@pytest.mark.parametrize("origin", [Ticket.Origin.IMPORT, Ticket.Origin.MONITORING])
def test_imports_and_machines_are_sent_nothing(acme: Company, origin: str) -> None:
    report(acme, "ella", at(9), origin=origin)
    assert not Message.objects.exists()


def test_an_import_asks_no_rule(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), origin=Ticket.Origin.IMPORT, impacted="everyone")
    assert (ticket.severity, ticket.evaluations.count(), ticket.incident) == (None, 0, None)


def test_a_colleague_who_reports_for_somebody_gets_the_letter_too(acme: Company) -> None:
    report(acme, "ella", at(9), reported_by=acme.people["omar"])
    assert len(mails(acme, "ella")) == len(mails(acme, "omar")) == 1


def test_staff_who_report_for_somebody_get_no_letter(acme: Company) -> None:
    report(acme, "ella", at(9), reported_by=acme.people["ana"], origin=Ticket.Origin.STAFF)
    assert (len(mails(acme, "ella")), mails(acme, "ana")) == (1, [])


# Deeds


def test_assigning_tells_who_and_a_repeat_changes_nothing(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    for minute in (5, 6):
        ticket = tickets.assign(ticket, to=ana, actor=acme.people["ben"], now=at(9, minute))
    assert (ticket.assignee, ticket.updated_at) == (ana, at(9, 5))
    assert Entry.objects.get(data__verb="assign").text == "Assigned to Ana."
    assert AuditEntry.objects.filter(verb="assign", actor=acme.people["ben"]).count() == 1


def test_only_staff_can_have_a_ticket(acme: Company) -> None:
    with pytest.raises(tickets.NotStaff):
        tickets.assign(report(acme, "ella", at(9)), to=acme.people["omar"], actor=acme.people["ana"], now=at(9, 5))


@pytest.mark.parametrize(("before", "rank", "is_needed"), [("everyone", 3, True), ("everyone", 1, False), ("me", 4, False)])
def test_lowering_a_sev1_or_sev2_needs_a_reason(acme: Company, before: str, rank: int, is_needed: bool) -> None:
    ticket = report(acme, "ella", at(9), impacted=before)
    change = {"rank": rank, "actor": acme.people["ana"], "now": at(9, 5)}
    if is_needed:
        with pytest.raises(tickets.ReasonNeeded):
            tickets.set_severity(ticket, **change)
    assert tickets.set_severity(ticket, **change, reason="The test server only").severity == rank


def test_a_persons_word_stands_until_the_answers_change(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    tickets.set_severity(ticket, rank=1, actor=ana, now=at(9, 5), reason="The board meets")
    automation.evaluate_due(now=at(9, 6))
    ticket.refresh_from_db()
    assert (ticket.severity, ticket.severity_by) == (1, ana)
    tickets.rate(ticket, actor=ana, impacted="me", effect="workaround", now=at(9, 10))
    automation.evaluate_due(now=at(9, 11))
    ticket.refresh_from_db()
    assert (ticket.severity, ticket.severity_by, ticket.severity_reasons[-1]["rule"]) == (4, None, "4")


def test_a_corrected_service_forgets_the_guess_moves_the_team_and_asks_the_rules_again(acme: Company) -> None:
    vpn = acme.services["vpn"]
    vpn.team = acme.teams["network"]
    vpn.save(update_fields=["team"])
    ticket = tickets.set_service(report(acme, "ella", at(9)), vpn, actor=acme.people["ana"], now=at(9, 5))
    assert (ticket.service, ticket.service_guess, ticket.team, ticket.evaluate_at) == (vpn, "", acme.teams["network"], at(9, 5))


def test_a_ticket_somebody_has_stays_with_their_team(acme: Company) -> None:
    ticket = tickets.assign(report(acme, "ella", at(9)), to=acme.people["sam"], actor=acme.people["sam"], now=at(9, 1))
    acme.services["vpn"].team = None
    assert tickets.set_service(ticket, acme.services["vpn"], actor=acme.people["sam"], now=at(9, 5)).team == acme.teams["it-ops"]


def test_staff_put_the_service_right_on_the_page_with_a_reason(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), signed_in(acme.people["ana"])
    assert "Guessed from “outlook”" in ana.get(f"/tickets/{ticket.pk}/").content.decode()
    form = ana.get(f"/tickets/{ticket.pk}/?edit=service").content.decode()
    assert 'name="service"' in form
    assert ana.post(f"/tickets/{ticket.pk}/service/", {"service": "nothing"}).status_code == 422
    ana.post(f"/tickets/{ticket.pk}/service/", {"service": "vpn", "reason": "It is the tunnel"})
    ticket.refresh_from_db()
    event = ticket.entries.get(data__verb="set_service")
    assert (ticket.service, ticket.service_guess) == (acme.services["vpn"], "")
    assert (event.author, event.data["because"]) == (acme.people["ana"], "It is the tunnel")


def test_a_confidential_ticket_stays_with_its_team_whatever_its_service(acme: Company) -> None:
    vpn = acme.services["vpn"]
    vpn.team = acme.teams["network"]
    vpn.save(update_fields=["team"])
    ticket = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True)
    moved = tickets.set_service(ticket, vpn, actor=acme.people["ana"], now=at(9, 5))
    assert (moved.service, moved.team) == (vpn, ticket.team)


def test_waiting_stops_the_clock_and_taking_up_again_starts_it(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    assert ticket.solution_due_at == at(9, day=25)
    ticket = tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=ana, now=at(10))
    assert (ticket.state, ticket.waiting_for, ticket.solution_due_at) == ("waiting", "vendor", None)
    ticket = tickets.take_up(ticket, actor=ana, now=at(12))
    assert (ticket.state, ticket.waiting_for, ticket.assignee, ticket.solution_due_at) == ("open", "", ana, at(11, day=25))


def test_solving_tells_the_requester_and_reopening_starts_the_clock_again(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    ticket = tickets.solve(ticket, actor=ana, text="The server was restarted.", now=at(9, 20))
    assert (ticket.state, ticket.solved_at, ticket.first_answered_at) == ("solved", at(9, 20), at(9, 20))
    assert "The server was restarted." in mails(acme, "ella")[-1].text
    ticket = tickets.reopen(ticket, actor=ana, now=at(10, 20))
    assert (ticket.state, ticket.solved_at, ticket.solution_due_at) == ("open", None, at(10, day=25))


def test_a_requester_who_says_it_works_again_is_not_written_to(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    tickets.solve(ticket, actor=acme.people["ella"], now=at(9, 20))
    assert len(mails(acme, "ella")) == 1


@pytest.mark.parametrize("deed", ["solve", "reopen", "take_up", "wait"])
def test_pressing_twice_changes_nothing_more(acme: Company, deed: str) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    if deed == "reopen":
        ticket = tickets.solve(ticket, actor=ana, now=at(9, 10))
    once = buttons.press(ticket, deed, actor=ana, now=at(9, 20))
    events = ticket.entries.count()
    twice = buttons.press(once, deed, actor=ana, now=at(9, 30))
    assert (twice.state, twice.updated_at, ticket.entries.count()) == (once.state, at(9, 20), events)


@pytest.mark.parametrize("deed", ["solve", "reopen", "take_up", "wait", "explode"])
def test_a_closed_ticket_does_not_move(acme: Company, deed: str) -> None:
    ticket = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    with pytest.raises(IllegalMove):
        buttons.press(ticket, deed, actor=acme.people["ana"], now=at(9, 20))


def test_a_tag_of_nothing_that_shows_is_none(acme: Company) -> None:
    assert tickets.add_tag(report(acme, "ella", NINE), "\u200b ", actor=None, now=NINE).tags == []
