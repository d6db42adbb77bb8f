"""The pages as their users meet them: what is asked, what is shown, what must never be."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import automation, conversation, incidents, tickets
from incidents.models import Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

ANSWERS = {"what": "Outlook cannot connect since this morning", "impacted": "me", "effect": "cannot"}
CANARY = "canary-7731"


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def filed(acme: Company, who: str = "ella", **changes: Any) -> Ticket:
    return automation.file_ticket(requester=acme.people[who], now=NINE, **{**ANSWERS, **changes})


def test_three_answers_make_a_ticket(ella: Client) -> None:
    page = ella.post("/new/", ANSWERS, follow=True)
    ticket = Ticket.objects.get()
    assert page.redirect_chain[-1][0] == f"/t/{ticket.pk}/?new=1"
    assert f"Your number is T-{ticket.pk}" in page.content.decode()
    assert (ticket.severity, ticket.service.slug if ticket.service else "") == (3, "email")


LEAVE = "Leave the device and the account as they are. Do not delete anything."


def test_after_a_loss_report_what_to_do_stands_there_at_once(ella: Client) -> None:
    page = ella.post("/new/", {**ANSWERS, "what": "My laptop was stolen", "loss": "on"}, follow=True).content.decode()
    assert page.index("Your number is T-") < page.index("What to do now") < page.index(LEAVE) < page.index("My laptop was stolen</h1>")
    ticket = Ticket.objects.get()
    assert (ticket.is_loss, ticket.is_confidential) == (True, True)
    assert LEAVE in ella.get(f"/t/{ticket.pk}/").content.decode()


def test_an_ordinary_report_says_nothing_of_a_loss_and_a_solved_one_no_more(ella: Client, acme: Company) -> None:
    assert LEAVE not in ella.post("/new/", ANSWERS, follow=True).content.decode()
    lost = filed(acme, what="My badge is gone", loss=True)
    tickets.solve(lost, actor=acme.people["sam"], now=NINE)
    assert LEAVE not in ella.get(f"/t/{lost.pk}/").content.decode()


def test_after_twenty_reports_in_ten_minutes_the_next_waits_and_nothing_typed_is_lost(ella: Client, acme: Company) -> None:
    for number in range(20):
        ella.post("/new/", {**ANSWERS, "what": f"No. {number}", "form_key": f"key-{number}"})
    page = ella.post("/new/", {**ANSWERS, "what": "One more", "form_key": "key-20"})
    assert (page.status_code, Ticket.objects.count()) == (429, 20)
    assert "This one is not sent yet" in page.content.decode()
    assert "One more</textarea>" in page.content.decode()
    assert ella.post("/new/", {**ANSWERS, "what": "No. 19", "form_key": "key-19"}).status_code == 302
    assert signed_in(acme.people["omar"]).post("/new/", ANSWERS).status_code == 302
    Ticket.objects.update(created_at=NINE)
    assert ella.post("/new/", {**ANSWERS, "what": "One more", "form_key": "key-20"}).status_code == 302


def test_the_requester_never_sees_a_severity(ella: Client, acme: Company) -> None:
    ticket = filed(acme)
    for path in ("/", "/t/", f"/t/{ticket.pk}/"):
        assert "SEV" not in ella.get(path).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"what": ""}, "Tell us what happened"),
        ({"impacted": ""}, "Choose who is impacted"),
        ({"effect": ""}, "Choose how it affects you"),
        ({"effect": "broken"}, "Select a valid choice"),
        ({"what": "x" * 10_001}, "10001 characters"),
        ({"impacted": "department"}, "Choose which department or site"),
        ({"impacted": "several", "impacted_count": "many"}, "Enter a number"),
        ({"reporting_for": "nobody-here"}, "Nobody here is known by that alone"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_typed_is_lost(ella: Client, change: dict[str, str], words: str) -> None:
    page = ella.post("/new/", {**ANSWERS, **change})
    text = page.content.decode()
    assert page.status_code == 422
    assert words in text
    assert "Error:" in text
    assert change.get("what", ANSWERS["what"])[:200] in text
    assert not Ticket.objects.exists()


def test_sending_twice_is_the_same_ticket(ella: Client) -> None:
    first = ella.post("/new/", {**ANSWERS, "form_key": "k1"})
    assert ella.post("/new/", {**ANSWERS, "form_key": "k1"}).headers["Location"] == first.headers["Location"]
    other = ella.post("/new/", {**ANSWERS, "what": "Gone back to, and written anew", "form_key": "k1"})
    assert other.headers["Location"] != first.headers["Location"]
    assert Ticket.objects.count() == 2


def test_a_colleagues_key_is_not_ones_own(ella: Client, acme: Company) -> None:
    ella.post("/new/", {**ANSWERS, "form_key": "k1"})
    signed_in(acme.people["omar"]).post("/new/", {**ANSWERS, "form_key": "k1"})
    assert Ticket.objects.count() == 2


def test_a_ticket_for_a_colleague_is_theirs(ella: Client, acme: Company) -> None:
    ella.post("/new/", {**ANSWERS, "reporting_for": "omar"})
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.reported_by) == (acme.people["omar"], acme.people["ella"])


def test_a_note_never_reaches_the_requester(ella: Client, acme: Company) -> None:
    ticket = filed(acme)
    conversation.note(ticket, author=acme.people["ana"], text=CANARY, now=NINE)
    for path in ("/", "/t/", f"/t/{ticket.pk}/"):
        assert CANARY not in ella.get(path).content.decode()


def test_staff_see_the_reason_of_the_severity(ana: Client, acme: Company) -> None:
    text = ana.get(f"/tickets/{filed(acme).pk}/").content.decode()
    assert "Only one person and cannot work gives SEV3, by rule 3, version 1." in text
    assert "guessed from “outlook”" in text.lower() or "guessed from “Outlook”" in text


def test_an_empty_answer_is_refused_and_a_real_one_is_mailed(ana: Client, acme: Company) -> None:
    ticket = filed(acme)
    assert ana.post(f"/tickets/{ticket.pk}/reply/", {"text": " "}).status_code == 422
    assert ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Please try again."}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_answered_at is not None) == ("open", True)


def test_lowering_a_sev2_needs_a_reason(ana: Client, acme: Company) -> None:
    ticket = filed(acme, impacted="everyone", effect="part")
    assert ticket.severity == 2
    assert ana.post(f"/tickets/{ticket.pk}/severity/", {"severity": "4"}).status_code == 422
    assert ana.post(f"/tickets/{ticket.pk}/severity/", {"severity": "4", "reason": "one desk only"}).status_code == 302


def test_the_queue_narrows_by_its_address(ana: Client, acme: Company) -> None:
    mail, printer = filed(acme), filed(acme, "omar", what="The printer is out of paper", effect="workaround")
    text = ana.get("/queue/?service=printing").content.decode()
    assert printer.title in text
    assert mail.title not in text
    assert mail.title in ana.get(f"/queue/?q=T-{mail.pk}").content.decode()
    assert "No ticket matches." in ana.get("/queue/?sev=none").content.decode()


def test_what_nobody_knows_in_the_address_is_left_out_and_told(ana: Client, acme: Company) -> None:
    ticket = filed(acme)
    text = ana.get("/queue/?sev=purple&view=nowhere&colour=red&service=email").content.decode()
    assert ticket.title in text
    for unknown in ("sev=purple", "view=nowhere", "colour"):
        assert unknown in text
    assert "Service <b>Email</b>" in text
    assert "service <b>email</b>" not in text


def test_the_queue_pages_through_everything_once(ana: Client, acme: Company) -> None:
    for n in range(61):
        filed(acme, "omar", what=f"Problem {n} with the printer", effect="workaround")
    first = ana.get("/queue/?view=all")
    second = ana.get("/queue/" + first.context["next"])
    seen = [row.ticket.pk for page in (first, second) for row in page.context["rows"]]
    assert len(seen) == len(set(seen)) == 61


def test_the_queue_costs_the_same_for_one_and_for_many(
    ana: Client, acme: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        filed(acme, "omar" if n % 2 else "lea", what=f"Problem {n} with the printer", effect="workaround")
    ana.get("/queue/")
    with django_assert_max_num_queries(8):
        ana.get("/queue/")


def test_a_number_with_its_letters_leads_to_the_page(ana: Client, acme: Company) -> None:
    assert ana.get("/tickets/T-1042/").headers["Location"] == "/tickets/1042/"
    assert ana.get("/incidents/INC-214/").headers["Location"] == "/incidents/214/"
    assert ana.get("/tickets/999999999999999999999/").status_code == 404


def test_a_confidential_ticket_is_hidden_from_other_teams(ana: Client, acme: Company) -> None:
    filed(acme, loss=True, what=f"My laptop was stolen {CANARY}")
    Ticket.objects.update(team=acme.teams["it-ops"])
    assert CANARY not in ana.get("/queue/").content.decode()
    assert ana.get(f"/tickets/{Ticket.objects.get().pk}/").status_code == 404
    assert CANARY in signed_in(acme.people["sam"]).get("/queue/").content.decode()


def test_words_of_a_report_are_never_markup(ana: Client, ella: Client, acme: Company) -> None:
    ticket = filed(acme, what="<script>alert(1)</script> {{ 7|add:7 }}")
    for client, path in ((ana, f"/tickets/{ticket.pk}/"), (ella, f"/t/{ticket.pk}/"), (ana, "/queue/")):
        text = client.get(path).content.decode()
        assert "<script>alert" not in text


ODD = ["/t/?before=²", "/incidents/?before=" + "9" * 5000, "/queue/?q=²", "/queue/?q=T-²", "/queue/?after=2026-01-01T00:00~²"]
ODDER = ["/queue/?after=9999-12-31T23:59:59-23:59~1", "/queue/?after=0001-01-01T00:00:00%2B23:59~1", "/t/?before=abc"]


@pytest.mark.parametrize("path", [*ODD, *ODDER])
def test_odd_addresses_are_no_failures(ana: Client, path: str) -> None:
    assert ana.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/queue/?q=%00", "/queue/?service=%00", "/a/%00"])
def test_a_character_no_database_keeps_is_refused(ana: Client, path: str) -> None:
    assert ana.get(path).status_code == 400


def test_an_answer_written_before_a_newer_one_is_stopped_once(ana: Client, ella: Client, acme: Company) -> None:
    ticket = filed(acme)
    ana.get(f"/tickets/{ticket.pk}/")
    ella.post(f"/t/{ticket.pk}/", {"text": "It works again, thank you."})
    page = ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Have you restarted?", "last_seen": "0"})
    assert page.status_code == 409
    assert "Have you restarted?" in page.content.decode()
    again = ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Have you restarted?", "last_seen": str(page.context["last_seen"])})
    assert again.status_code == 302


def test_a_confidential_ticket_keeps_a_team_and_its_assignee_reads_it(acme: Company) -> None:
    ticket = filed(acme, loss=True, what=f"My laptop was stolen {CANARY}")
    member = signed_in(acme.people["sam" if ticket.team == acme.teams["it-ops"] else "ana"])
    assert member.post(f"/tickets/{ticket.pk}/assign/", {"assignee": "ben", "team": ""}).status_code == 422
    member.post(f"/tickets/{ticket.pk}/assign/", {"assignee": "ben", "team": ticket.team.slug if ticket.team else ""})
    assert signed_in(acme.people["ben"]).get(f"/tickets/{ticket.pk}/").status_code == 200


def test_a_reason_without_end_is_not_kept(acme: Company) -> None:
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert incident
    page = signed_in(acme.people["dana"]).post(f"/incidents/{incident.pk}/act/", {"action": "resolve", "reason": "x" * 500_000})
    assert page.status_code == 422
    assert len(page.content) < 60_000
