"""Around a ticket: who watches, who is here, whom a note names, time, thanks, answers kept ready."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import around, automation, canned, conversation, targets, thanks, tickets
from incidents.models import CannedAnswer, Presence, Ticket
from incidents.states import IllegalMove
from notifications.models import Errand, Message
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    return report(acme, "ella", at(9))


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def told(who: str) -> list[str]:
    return list(Errand.objects.filter(person__username=who, kind="notice").values_list("because", flat=True))


def test_a_colleague_who_watches_reads_the_ticket_and_gets_its_answers(acme: Company, ticket: Ticket) -> None:
    omar, ana = acme.people["omar"], acme.people["ana"]
    assert signed_in(omar).get(f"/t/{ticket.pk}/").status_code == 404
    around.watch(ticket, person=omar, actor=ana, now=at(9, 1))
    conversation.reply(ticket, author=ana, text="Try again.", now=at(9, 5))
    assert signed_in(omar).get(f"/t/{ticket.pk}/").status_code == 200
    assert "Try again." in mails(acme, "omar")[-1].text
    around.unwatch(ticket, person=omar, actor=ana, now=at(9, 6))
    assert signed_in(omar).get(f"/t/{ticket.pk}/").status_code == 404


def test_what_a_watcher_writes_is_a_message_and_never_the_desks_answer(acme: Company, ticket: Ticket) -> None:
    around.watch(ticket, person=acme.people["omar"], actor=acme.people["ana"], now=at(9, 1))
    automation.requester_reply(ticket, author=acme.people["omar"], text="I have it too", now=at(9, 2))
    assert targets.clocks_of(ticket, now=at(9, 3))["first_response"].done_at is None


def test_staff_who_watch_are_told_of_the_requesters_answer_and_so_is_who_has_it(acme: Company, ticket: Ticket) -> None:
    around.watch(ticket, person=acme.people["ben"], actor=acme.people["ben"], now=at(9, 1))
    tickets.assign(ticket, to=acme.people["ana"], actor=acme.people["ben"], now=at(9, 1))
    automation.requester_reply(ticket, author=acme.people["ella"], text="Still broken", now=at(9, 2))
    assert (told("ben"), told("ana")) == (["Ella answered."], ["Ella answered."])


def test_a_note_tells_whom_it_names_and_may_read_it(acme: Company, ticket: Ticket) -> None:
    text = "@ben and @eve, see also mail@sam.example; @ana wrote this"
    conversation.note(ticket, author=acme.people["ana"], text=text, now=at(9, 1))
    assert (told("ben"), told("eve"), told("sam"), told("ana")) == (["Ana named you in a note."], [], [], [])


def test_a_note_on_a_confidential_ticket_tells_nobody_outside_and_no_words(acme: Company) -> None:
    secret = report(acme, "ella", at(9), "canary-88 laptop stolen", loss=True)
    Ticket.objects.filter(pk=secret.pk).update(team=acme.teams["service-desk"])
    secret.refresh_from_db()
    conversation.note(secret, author=acme.people["ana"], text="@sam @ben canary-88", now=at(9, 1))
    assert (told("ben"), [why for why in told("sam") if "named" in why]) == (["Ana named you in a note."], [])
    assert "canary-88" not in "".join(f"{m.subject}{m.text}{m.html}{m.short}" for m in Message.objects.all())


def test_presence_is_seen_by_others_for_45_seconds(acme: Company, ticket: Ticket) -> None:
    around.be_present(ticket, person=acme.people["ben"], is_writing=True, now=at(9))
    around.be_present(ticket, person=acme.people["ben"], is_writing=True, now=at(9, 1))
    late = at(9, 1) + timedelta(seconds=45)
    ana, ben = acme.people["ana"], acme.people["ben"]
    seen = [
        [str(one.person) for one in around.others(ticket, person=who, now=now)]
        for who, now in ((ana, at(9, 1)), (ben, at(9, 1)), (ana, late))
    ]
    assert (seen, Presence.objects.count()) == ([["Ben"], [], []], 1)


def test_the_pulse_tells_who_writes_and_is_silent_when_nothing_changed(acme: Company, ticket: Ticket, ana: Client) -> None:
    ben = signed_in(acme.people["ben"])
    first = ana.get(f"/tickets/{ticket.pk}/?pulse=x")
    assert (first.status_code, ana.get(f"/tickets/{ticket.pk}/?pulse={first['Desk-Cursor']}").status_code) == (200, 204)
    ben.get(f"/tickets/{ticket.pk}/?pulse=x&writing=1")
    news = ana.get(f"/tickets/{ticket.pk}/?pulse={first['Desk-Cursor']}")
    assert (news.status_code, "Ben is writing" in news.content.decode()) == (200, True)


def test_only_thanks_returns_the_ticket_uncounted_and_without_mail(acme: Company, ticket: Ticket, ana: Client) -> None:
    tickets.solve(ticket, actor=acme.people["ana"], now=at(10))
    before = targets.clocks_of(ticket, now=at(12))
    automation.requester_reply(ticket, author=acme.people["ella"], text="Thank you!", now=at(11))
    letters = Message.objects.count()
    assert "Only thanks" in ana.get(f"/tickets/{ticket.pk}/").content.decode()
    thanks.only_thanks(ticket, actor=acme.people["ana"], now=at(11, 5))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.solved_at, ticket.reopened_at) == ("solved", at(10), None)
    assert targets.clocks_of(ticket, now=at(12)) == before
    assert Message.objects.count() == letters


def test_thanks_is_no_way_to_solve_what_somebody_works_on(acme: Company, ticket: Ticket) -> None:
    ana = acme.people["ana"]
    tickets.solve(ticket, actor=ana, now=at(10))
    automation.requester_reply(ticket, author=acme.people["ella"], text="Not solved", now=at(11))
    conversation.reply(ticket, author=ana, text="We look again", now=at(11, 5))
    with pytest.raises(IllegalMove):
        thanks.only_thanks(ticket, actor=ana, now=at(11, 6))


def test_canned_answers_fill_what_is_on_the_list_and_execute_nothing(acme: Company, ana: Client) -> None:
    sly = report(acme, "ella", at(9), "{me} {{ settings.SECRET_KEY }} {number}")
    row = CannedAnswer.objects.create(name="Hello", text="Dear {requester}, {title} is {number}. {secret} {0.__class__} {me}")
    said = canned.filled(row.text, sly, writer=acme.people["ana"], now=at(9))
    assert said == f"Dear Ella, {sly.title} is {sly.number}. {{secret}} {{0.__class__}} Ana"
    assert "{number}" in sly.title
    page = ana.get(f"/tickets/{sly.pk}/?canned={row.pk}").content.decode()
    assert f"is {sly.number}." in page


def test_tags_and_time_are_kept(acme: Company, ticket: Ticket, ana: Client) -> None:
    ana.post(f"/tickets/{ticket.pk}/tags/", {"tags": " vip,  new laptop , vip,"})
    ana.post(f"/tickets/{ticket.pk}/time/", {"minutes": "25", "what": "Drove there"})
    conversation.call(ticket, author=acme.people["ana"], text="x", direction="out", minutes=5, now=at(9, 8))
    ticket.refresh_from_db()
    assert (ticket.tags, around.minutes_spent(ticket, ticket.entries.all())) == (["vip", "new laptop"], 30)
    assert ana.post(f"/tickets/{ticket.pk}/time/", {"minutes": "0"}).status_code == 422


def test_an_answer_stopped_by_a_newer_one_keeps_its_text_and_goes_anyway_when_asked(acme: Company, ticket: Ticket, ana: Client) -> None:
    said = {"text": "It is the disk", "last_seen": "0"}
    conversation.reply(ticket, author=acme.people["ben"], text="It is the network", now=at(9, 5))
    stopped = ana.post(f"/tickets/{ticket.pk}/reply/", said)
    page = stopped.content.decode()
    assert (stopped.status_code, "Ben answered while you were writing" in page, "It is the disk</textarea>" in page) == (409, True, True)
    assert ana.post(f"/tickets/{ticket.pk}/reply/", {**said, "anyway": "1"}).status_code == 302


def test_the_page_costs_the_same_for_one_and_for_many(
    acme: Company, ticket: Ticket, ana: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for minute in range(1, 30):
        conversation.reply(ticket, author=acme.people["ben"], text=f"Word {minute}", now=at(9, minute))
    ana.get(f"/tickets/{ticket.pk}/")
    with django_assert_max_num_queries(12):
        ana.get(f"/tickets/{ticket.pk}/")


# A colleague the requester lets read along


def invites(client: Client, ticket: Ticket, who: str) -> Any:
    return client.post(f"/t/{ticket.pk}/watch/", {"person": who})


def test_who_asked_adds_a_colleague_who_is_told_once_reads_and_hears_of_answers(acme: Company, ticket: Ticket) -> None:
    ella, omar = signed_in(acme.people["ella"]), signed_in(acme.people["omar"])
    for _press in range(2):
        assert invites(ella, ticket, "omar").status_code == 302
    assert ["Ella lets you read along" in mail.text for mail in mails(acme, "omar")] == [True]
    conversation.reply(ticket, author=acme.people["ana"], text="Try again.", now=at(9, 5))
    assert "Try again." in mails(acme, "omar")[-1].text
    page = omar.get(f"/t/{ticket.pk}/").content.decode()
    assert "Stop reading along" in page
    assert "Let a colleague read along" not in page
    assert invites(omar, ticket, "lea").status_code == 422
    ella.post(f"/t/{ticket.pk}/watch/", {"stop": "omar"})
    assert omar.get(f"/t/{ticket.pk}/").status_code == 404


def test_who_was_added_may_leave_and_leave_nobody_else_out(acme: Company, ticket: Ticket) -> None:
    ella, omar = signed_in(acme.people["ella"]), signed_in(acme.people["omar"])
    for who in ("omar", "lea"):
        invites(ella, ticket, who)
    omar.post(f"/t/{ticket.pk}/watch/", {"stop": "lea"})
    assert {row.person.username for row in ticket.watchers.all()} == {"omar", "lea"}
    assert omar.post(f"/t/{ticket.pk}/watch/", {"stop": "omar"}, follow=True).status_code == 200
    assert [row.person.username for row in ticket.watchers.all()] == ["lea"]


def test_nobody_is_added_to_what_is_confidential_not_even_by_who_asked(acme: Company, ticket: Ticket) -> None:
    around.watch(ticket, person=acme.people["lea"], actor=acme.people["ana"], now=at(9, 1))
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True)
    ella = signed_in(acme.people["ella"])
    answer = invites(ella, ticket, "omar")
    assert (answer.status_code, "Ask the help desk who else may read it" in answer.content.decode()) == (422, True)
    ella.post(f"/t/{ticket.pk}/watch/", {"stop": "lea"})
    assert [row.person.username for row in ticket.watchers.all()] == ["lea"]
    assert mails(acme, "omar") == []


@pytest.mark.parametrize(("who", "said"), [("ana", "reads it already"), ("ella", "reads it already"), ("nobody-7", "Nobody here")])
def test_whom_it_makes_no_sense_to_add_is_said(acme: Company, ticket: Ticket, who: str, said: str) -> None:
    ella = signed_in(acme.people["ella"])
    ella.post(f"/drafts/answer/{ticket.pk}/", {"text": "my own words"})
    page = invites(ella, ticket, who).content.decode()
    assert said in page
    assert "my own words</textarea>" in page
    assert not ticket.watchers.exists()


def test_twenty_colleagues_are_the_most(acme: Company, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around, "MOST_WATCHERS", 1)
    ella = signed_in(acme.people["ella"])
    assert [invites(ella, ticket, who).status_code for who in ("omar", "lea")] == [302, 422]
