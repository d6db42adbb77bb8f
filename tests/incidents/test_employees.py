"""What employees press: I have this too, it got worse, how it was; and what they write is kept."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import drafts, feedback, following, incidents, tickets
from incidents.models import ArticleVote, Draft, Follower, Incident, Satisfaction, Ticket
from incidents.states import IllegalMove
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import mails, report


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


@pytest.fixture
def outage(acme: Company) -> Incident:
    """Mail is down, and employees may know."""
    grounds = incidents.Grounds(title="Mail is down", reason="", service=acme.services["email"], severity=1, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert incident
    Incident.objects.filter(pk=incident.pk).update(is_shown=True)
    return incident


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


# I have this too


@pytest.mark.parametrize("path", ["/", "/new/"])
def test_a_known_outage_is_joined_with_one_press_once(ella: Client, acme: Company, outage: Incident, path: str) -> None:
    assert "I have this too" in page(ella, path)
    for _press in range(2):
        assert ella.post(f"/known/{outage.pk}/too/").status_code == 302
    assert Follower.objects.count() == 1
    assert ["Mail is down" in mail.subject and "SEV" not in mail.text for mail in mails(acme, "ella")] == [True]
    assert "I have this too" not in page(ella, path)
    assert "You have it too" in page(ella, path)
    assert Ticket.objects.count() == 0


def test_they_hear_when_it_is_over_and_once(acme: Company, outage: Incident) -> None:
    following.have_too(outage, person=acme.people["ella"], now=NINE)
    assert following.tell_over(now=at(10)) == 0
    incidents.resolve(outage, actor=acme.people["dana"], reason="The server was restarted", now=at(11))
    assert [following.tell_over(now=at(11)), following.tell_over(now=at(12))] == [1, 0]
    assert "It is solved: Mail is down" in mails(acme, "ella")[-1].text


def test_what_employees_may_not_see_is_not_joined(ella: Client, acme: Company, outage: Incident) -> None:
    Incident.objects.filter(pk=outage.pk).update(is_confidential=True)
    assert ella.post(f"/known/{outage.pk}/too/").status_code == 404
    with pytest.raises(IllegalMove):
        following.have_too(outage, person=acme.people["ella"], now=NINE)


# The banner


@pytest.fixture
def minor(outage: Incident) -> Incident:
    Incident.objects.filter(pk=outage.pk).update(severity=2)
    return outage


def test_a_banner_is_folded_for_this_visit_and_unfolded_again(ella: Client, minor: Incident) -> None:
    words, path = "Mail is down</b>", "/t/"
    assert words in page(ella, path)
    assert ella.post(f"/known/{minor.pk}/fold/", {"next": path})["Location"] == path
    folded = page(ella, path)
    assert (words in folded, 'aria-label="Show again: Mail is down"' in folded) == (False, True)
    assert not ella.cookies["folded"]["max-age"]
    ella.post(f"/known/{minor.pk}/fold/", {"next": path, "whole": "1"})
    assert words in page(ella, path)


def test_a_sev1_and_another_incident_stand_whole_whatever_was_folded(ella: Client, minor: Incident) -> None:
    ella.post(f"/known/{minor.pk}/fold/", {"next": "/t/"})
    Incident.objects.filter(pk=minor.pk).update(severity=1)
    shown = page(ella, "/t/")
    assert ("Mail is down</b>" in shown, "/fold/" in shown) == (True, False)
    Incident.objects.filter(pk=minor.pk).update(severity=2)
    ella.cookies["folded"] = str(minor.pk + 1)
    assert "Mail is down</b>" in page(ella, "/t/")


@pytest.mark.parametrize("there", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "", "a\0b", "queue"])
def test_folding_leads_nowhere_else(ella: Client, minor: Incident, there: str) -> None:
    assert ella.post(f"/known/{minor.pk}/fold/", {"next": there})["Location"] == "/"


# It got worse


def test_it_got_worse_gives_new_answers_and_opens_a_solved_ticket(ella: Client, acme: Company) -> None:
    ticket = tickets.solve(report(acme, "ella", NINE, effect="workaround"), actor=acme.people["ana"], now=at(10))
    answer = ella.post(f"/t/{ticket.pk}/worse/", {"impacted": "everyone", "effect": "cannot", "form_key": "w"})
    ticket.refresh_from_db()
    assert answer.status_code == 302
    assert (ticket.state, ticket.impacted, ticket.effect) == ("open", "everyone", "cannot")
    assert ticket.entries.get(kind="reply").text == "It got worse."


def test_worse_without_answers_says_what_is_missing(ella: Client, acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    answer = ella.post(f"/t/{ticket.pk}/worse/", {"text": "Smoke", "impacted": ""})
    assert answer.status_code == 422
    assert "Choose who is impacted" in answer.content.decode()
    assert "Smoke</textarea>" in answer.content.decode()


# How it was


def test_one_question_after_it_is_solved_said_once_and_taken_back(ella: Client, acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    path = f"/t/{ticket.pk}/"
    assert "How was our help?" not in page(ella, path)
    with pytest.raises(IllegalMove):
        feedback.rate_help(ticket, "good", person=acme.people["ella"], now=NINE)
    tickets.solve(ticket, actor=acme.people["ana"], now=at(10))
    for answer in ("good", "poor", "excellent"):
        ella.post(f"{path}feedback/", {"answer": answer})
    assert Satisfaction.objects.get().answer == "good"
    assert "You said of our help: Good" in page(ella, path)
    ella.post(f"{path}feedback/", {"answer": "undo"})
    assert not Satisfaction.objects.exists()


def test_whether_an_article_helped_counts_once_a_reader(ella: Client) -> None:
    for word in ("yes", "no", "maybe"):
        assert ella.post("/help/outlook-cannot-connect/feedback/", {"helped": word}).status_code == 302
    assert [vote.helped for vote in ArticleVote.objects.all()] == [False]
    assert "You said that it did not help." in page(ella, "/help/outlook-cannot-connect/")


# Drafts


def test_what_was_typed_is_given_back_on_another_device_and_gone_when_sent(ella: Client, acme: Company) -> None:
    saved = ella.post("/drafts/new/0/", {"what": "The ledger", "effect": "part", "secret": "x"})
    assert saved.content.decode().startswith("Draft saved ")
    assert Draft.objects.get().fields == {"what": "The ledger", "effect": "part"}
    phone = signed_in(acme.people["ella"])
    assert "The ledger</textarea>" in page(phone, "/new/")
    phone.post("/new/", {"what": "The ledger", "impacted": "me", "effect": "part", "form_key": "k"})
    assert not Draft.objects.written().exists()


@pytest.mark.parametrize("path", ["/new/", "/t/{}/"])
def test_what_a_browser_saves_after_its_form_was_sent_does_not_come_back(ella: Client, acme: Company, path: str) -> None:
    ticket = report(acme, "ella", NINE)
    place, said = {"/new/": ("/drafts/new/0/", "what"), "/t/{}/": (f"/drafts/answer/{ticket.pk}/", "text")}[path]
    answers = {said: "The ledger is wrong", "impacted": "me", "effect": "part", "form_key": "k1"}
    assert ella.post(path.format(ticket.pk), answers).status_code == 302
    late = ella.post(place, answers)
    assert (late.status_code, late.content, Draft.objects.written().exists()) == (200, b"", False)
    ella.post(place, answers | {said: "And another thing", "form_key": "k2"})
    assert [row.fields[said] for row in Draft.objects.written()] == ["And another thing"]


def test_drafts_of_an_answer_a_reply_and_a_note_are_three_and_nobody_elses(ella: Client, acme: Company) -> None:
    ticket, ana = report(acme, "ella", NINE), signed_in(acme.people["ana"])
    ella.post(f"/drafts/answer/{ticket.pk}/", {"text": "my own words"})
    ana.post(f"/drafts/reply/{ticket.pk}/", {"text": "to Ella"})
    ana.post(f"/drafts/note/{ticket.pk}/", {"text": "canary-7731"})
    assert "my own words</textarea>" in page(ella, f"/t/{ticket.pk}/")
    assert "canary-7731" not in page(ella, f"/t/{ticket.pk}/") + page(ana, f"/tickets/{ticket.pk}/")
    assert "to Ella</textarea>" in page(ana, f"/tickets/{ticket.pk}/")
    assert "canary-7731</textarea>" in page(ana, f"/tickets/{ticket.pk}/?write=note")
    assert ella.post(f"/drafts/reply/{ticket.pk}/", {"text": "x"}).status_code == 403
    ana.post(f"/tickets/{ticket.pk}/note/", {"text": "canary-7731", "form_key": "n"})
    assert sorted(Draft.objects.written().values_list("kind", flat=True)) == ["answer", "reply"]


def test_an_emptied_form_leaves_no_draft_and_an_old_one_is_forgotten(acme: Company) -> None:
    person = acme.people["ella"]
    drafts.keep(person, "new", 0, {"what": "x"}, now=NINE)
    assert drafts.keep(person, "new", 0, {"what": "  "}, now=NINE) is None
    drafts.keep(person, "new", 0, {"what": "y"}, now=NINE)
    assert [drafts.forget(now=NINE + age) for age in (drafts.LIVES, drafts.LIVES * 2)] == [0, 1]


# Reporting for somebody


def test_a_colleague_is_found_by_name_gets_the_mail_and_sees_the_ticket(ella: Client, acme: Company) -> None:
    omar = acme.people["omar"]
    ella.post("/new/", {"what": "His screen is dark", "impacted": "me", "effect": "cannot", "reporting_for": omar.name, "form_key": "f"})
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.reported_by) == (omar, acme.people["ella"])
    assert len(mails(acme, "omar")) == len(mails(acme, "ella")) == 1
    assert signed_in(omar).get(f"/t/{ticket.pk}/").status_code == 200


def test_a_name_of_nobody_or_of_several_is_said(ella: Client, acme: Company) -> None:
    said = {"what": "x", "impacted": "me", "effect": "cannot"}
    assert "Nobody here is known by that alone" in ella.post("/new/", {**said, "reporting_for": "Zebedee"}).content.decode()
    User.objects.filter(username__in=["lea", "omar"]).update(name="Robin Park")
    told = ella.post("/new/", {**said, "reporting_for": "park robin"}).content.decode()
    assert "(lea)" in told
    assert "(omar)" in told
