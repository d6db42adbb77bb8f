"""Requests of known types: questions, approval before the start, tasks of their own; vendors and what comes round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from incidents import approvals, asking, fields, scheduled, targets, tickets, vendors
from incidents.models import Approval, CustomField, RequestType, ScheduledTicket, Ticket, Vendor
from incidents.states import IllegalMove
from notifications.models import Errand
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report


@pytest.fixture
def joiner(acme: Company) -> RequestType:
    User.objects.filter(username="ella").update(line_manager=acme.people["omar"])
    acme.people["ella"].refresh_from_db()
    return RequestType.objects.get(slug="joiner")


def asked(acme: Company, wanted: RequestType, **answers: Any) -> Ticket:
    return asking.ask(wanted, requester=acme.people["ella"], what="Noor starts on 1 December", answers=answers, now=at(9))


def test_four_types_stand_ready_and_the_form_asks_their_questions(acme: Company) -> None:
    ella = signed_in(acme.people["ella"])
    assert {"access", "equipment", "joiner", "leaver"} <= set(RequestType.objects.values_list("slug", flat=True))
    page = ella.get("/ask/access/").content.decode()
    assert "To what?" in page
    wrong = ella.post("/ask/access/", {"what": "I need it", "form_key": "k"})
    assert (wrong.status_code, "Answer this one" in wrong.content.decode()) == (422, True)


def test_sent_twice_it_is_one_ticket_with_its_answers_and_message(acme: Company) -> None:
    ella, said = signed_in(acme.people["ella"]), {"what": "Read the audit folder", "f-system": "Audit 2026", "form_key": "k1"}
    for _press in range(2):
        ella.post("/ask/access/", said)
    ticket = Ticket.objects.get(request_type__slug="access")
    assert (ticket.fields, ticket.kind, ticket.category) == ({"system": "Audit 2026"}, "request", "access")
    assert ticket.entries.filter(data__verb="standard_message", audience="public").count() == 1


def test_it_waits_for_the_line_manager_with_its_clocks_stopped(acme: Company, joiner: RequestType) -> None:
    ticket = asked(acme, joiner)
    approval = Approval.objects.get()
    assert (approval.approver.username, ticket.state, ticket.waiting_for) == ("omar", "waiting", "approval")
    assert targets.clocks_of(ticket, now=at(12))["first_response"].used_s == 0
    mail = mails(acme, "omar")[-1]
    assert f"/approve/{approval.pk}/" in mail.text
    assert not ticket.children.exists()


def test_opening_the_page_decides_nothing_and_strangers_do_not_find_it(acme: Company, joiner: RequestType) -> None:
    asked(acme, joiner)
    approval = Approval.objects.get()
    omar, eve = signed_in(acme.people["omar"]), signed_in(acme.people["eve"])
    assert (omar.get(f"/approve/{approval.pk}/").status_code, eve.get(f"/approve/{approval.pk}/").status_code) == (200, 404)
    assert Client().get(f"/approve/{approval.pk}/").status_code == 302
    approval.refresh_from_db()
    assert approval.state == "pending"


def test_approved_it_begins_with_its_tasks_once(acme: Company, joiner: RequestType) -> None:
    ticket, omar = asked(acme, joiner), signed_in(acme.people["omar"])
    page = f"/approve/{Approval.objects.get().pk}/"
    for _press in range(2):
        omar.post(page, {"decision": "approve"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.children.count(), ticket.checklist.count()) == ("open", len(joiner.tasks), len(joiner.checklist))
    assert {child.origin for child in ticket.children.all()} == {"monitoring"}


def test_refused_it_needs_a_reason_and_tells_who_asked(acme: Company, joiner: RequestType) -> None:
    ticket, omar = asked(acme, joiner), signed_in(acme.people["omar"])
    page = f"/approve/{Approval.objects.get().pk}/"
    assert omar.post(page, {"decision": "refuse"}).status_code == 422
    omar.post(page, {"decision": "refuse", "reason": "Noor does not come"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.children.count()) == ("solved", 0)
    assert "Noor does not come" in mails(acme, "ella")[-1].text


def test_handed_on_only_the_other_decides_and_never_who_asked(acme: Company, joiner: RequestType) -> None:
    ticket = asked(acme, joiner)
    first, omar = Approval.objects.get(), acme.people["omar"]
    with pytest.raises(approvals.NotYours):
        approvals.hand_on(first, to=acme.people["ella"], actor=omar, now=at(9, 5))
    second = approvals.hand_on(first, to=acme.people["lea"], actor=omar, now=at(9, 5))
    with pytest.raises(IllegalMove):
        approvals.decide(first, is_approved=True, actor=omar, now=at(9, 6), begin=asking.begin)
    approvals.decide(second, is_approved=True, actor=acme.people["lea"], now=at(9, 6), begin=asking.begin)
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_after_five_days_it_comes_back_to_the_desk_and_has_not_begun(acme: Company, joiner: RequestType) -> None:
    ticket = asked(acme, joiner)
    assert approvals.expire_due(now=at(8, 59, day=28)) == 0
    assert approvals.expire_due(now=at(9, day=28)) == 1
    ticket.refresh_from_db()
    assert (ticket.state, Approval.objects.get().state, ticket.children.count()) == ("open", "expired", 0)
    assert Errand.objects.filter(kind="notice", because__contains="did not decide").exists()


def test_questions_are_needed_only_where_their_condition_holds(acme: Company) -> None:
    CustomField.objects.create(category="hw", key="kind", label="Which", kind="choice", choices=["Laptop", "Mouse"], needed="asked")
    CustomField.objects.create(
        category="hw", key="serial", label="Serial number", needed="solved", when_key="kind", when_value="Laptop", position=2
    )
    ticket = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=ticket.pk).update(category="hw", fields={"kind": "Mouse"})
    assert fields.missing(Ticket.objects.get(pk=ticket.pk)) == []
    Ticket.objects.filter(pk=ticket.pk).update(fields={"kind": "Laptop"})
    with pytest.raises(fields.Unanswered, match="Serial number"):
        tickets.solve(Ticket.objects.get(pk=ticket.pk), actor=acme.people["ana"], now=at(9, 5))
    tickets.solve(Ticket.objects.get(pk=ticket.pk), actor=acme.people["ella"], now=at(9, 6))  # the requester's word is enough


def test_staff_answer_the_questions_and_are_told_what_is_missing(acme: Company) -> None:
    CustomField.objects.create(category="hw", key="cost", label="Cost", kind="number", needed="solved")
    ticket, ana = report(acme, "ella", at(9)), signed_in(acme.people["ana"])
    ana.post(f"/tickets/{ticket.pk}/category/", {"category": "hw"})
    told = ana.post(f"/tickets/{ticket.pk}/move/", {"action": "solve"}, follow=True).content.decode()
    assert "Answer this before it is solved" in told
    assert ana.post(f"/tickets/{ticket.pk}/answers/", {"f-cost": "many"}).status_code == 422
    ana.post(f"/tickets/{ticket.pk}/answers/", {"f-cost": "12.5"})
    ana.post(f"/tickets/{ticket.pk}/move/", {"action": "solve"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.fields) == ("solved", {"cost": 12.5})


def test_a_vendor_is_chased_in_its_own_hours_until_the_ticket_moves_on(acme: Company) -> None:
    hours = {str(day): [["09:00", "17:00"]] for day in range(5)}
    vendor = Vendor.objects.create(name="Printers Ltd", hours=hours, zone="Europe/Paris", answers_within_s=8 * 3600)
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    tickets.assign(ticket, to=ana, actor=ana, now=at(9))
    case = vendors.hand_over(ticket, vendor, number="C-77", actor=ana, now=at(16))
    assert case.chase_at == at(16, day=24)
    assert (vendors.chase_due(now=at(15, day=24)), vendors.chase_due(now=at(16, day=24))) == (0, 1)
    told = Errand.objects.filter(person=ana, kind="notice", because__contains="C-77").count()
    tickets.take_up(Ticket.objects.get(pk=ticket.pk), actor=ana, now=at(10, day=25))
    vendors.chase_due(now=at(16, day=25))
    case.refresh_from_db()
    assert (told, case.chased, case.ended_at is not None) == (1, 1, True)


def test_work_that_comes_round_is_filed_once_with_its_checklist(acme: Company) -> None:
    row = ScheduledTicket.objects.create(
        title="Test the restore", cron="0 8 * * 1", zone="Europe/Paris", requester=acme.people["ana"], checklist=["Restore", "Compare"]
    )
    scheduled.plan(row, now=at(9))
    assert row.next_at == at(8, day=30)
    weeks_late = at(9, day=30) + timedelta(weeks=3)
    assert (scheduled.file_due(now=weeks_late), scheduled.file_due(now=weeks_late)) == (1, 0)
    made = Ticket.objects.get(title="Test the restore")
    assert [item.text for item in made.checklist.all()] == ["Restore", "Compare"]
    assert not mails(acme, "ana")


def test_lines_are_ticked_and_unticked_by_name(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), signed_in(acme.people["ana"])
    ana.post(f"/tickets/{ticket.pk}/checklist/", {"add": "1", "text": "Order it"})
    item = ticket.checklist.get()
    ana.post(f"/tickets/{ticket.pk}/checklist/", {"item": item.pk, "done": "1"})
    item.refresh_from_db()
    assert item.done_by == acme.people["ana"]
    assert "Order it" in ana.get(f"/tickets/{ticket.pk}/?tab=work").content.decode()
    ana.post(f"/tickets/{ticket.pk}/checklist/", {"item": item.pk, "done": "0"})
    item.refresh_from_db()
    assert item.done_at is None


def test_a_question_that_must_be_answered_is_never_called_optional(acme: Company) -> None:
    ella = signed_in(acme.people["ella"])
    page = ella.get("/ask/access/").content.decode()
    assert ">To what?</label>" in page
    assert "Until when, if not for good? (optional)" in page
    wrong = ella.post("/ask/access/", {"what": "A folder"})
    assert wrong.status_code == 422
    assert wrong.content.decode().count("Answer this one") == 2  # in the summary and at its field


def test_whoever_approves_reads_days_yes_and_no_as_words_and_addresses_as_links(acme: Company) -> None:
    CustomField.objects.create(category="access", key="quick", label="Is it urgent?", kind="yes", position=9)
    ella = signed_in(acme.people["ella"])
    ella.post(
        "/ask/access/", {"what": "See https://wiki.acme.example/audit", "f-system": "Audit", "f-until": "2026-12-01", "f-quick": "no"}
    )
    row = Approval.objects.get()
    page = signed_in(row.approver).get(f"/approve/{row.pk}/").content.decode()
    for words in ("<dd>Tue 1 Dec 2026</dd>", "<dd>No</dd>", '<a href="https://wiki.acme.example/audit"'):
        assert words in page
