"""Merging, splitting, tying, and families: nothing is lost, and every merge can be undone."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import automation, conversation, families, merging, targets, tickets
from incidents.models import Ticket, TicketLink
from incidents.states import IllegalMove
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report


@pytest.fixture
def two(acme: Company) -> tuple[Ticket, Ticket]:
    return report(acme, "ella", at(9), "The printer jams"), report(acme, "omar", at(9, 1), "Printer is jammed again")


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def test_a_merged_ticket_leads_on_and_its_words_are_read_there(acme: Company, two: tuple[Ticket, Ticket], ana: Client) -> None:
    into, gone = two
    conversation.note(gone, author=acme.people["ben"], text="Tray two", now=at(9, 2))
    merging.merge(gone, into=into, actor=acme.people["ana"], now=at(9, 3))
    page = ana.get(f"/tickets/{gone.pk}/", follow=True)
    assert page.redirect_chain[-1][0] == f"/tickets/{into.pk}/"
    assert "Tray two" in page.content.decode()
    assert f"on {gone.number}" in page.content.decode()
    assert gone.entries.filter(text="Tray two").exists()


def test_whoever_asked_there_is_led_on_and_answered_and_undone_they_are_not(acme: Company, two: tuple[Ticket, Ticket]) -> None:
    into, gone = two
    merging.merge(gone, into=into, actor=acme.people["ana"], now=at(9, 3))
    omar = signed_in(acme.people["omar"])
    assert omar.get(f"/t/{gone.pk}/", follow=True).redirect_chain[-1][0] == f"/t/{into.pk}/"
    went = automation.requester_reply(gone, author=acme.people["omar"], text="Any news?", now=at(9, 4))
    assert went.pk == into.pk
    conversation.reply(into, author=acme.people["ana"], text="Soon", now=at(9, 5))
    assert "Soon" in mails(acme, "omar")[-1].text
    merging.unmerge(gone, actor=acme.people["ana"], now=at(9, 6))
    assert omar.get(f"/t/{into.pk}/").status_code == 404
    assert omar.get(f"/t/{gone.pk}/").status_code == 200


def test_undone_the_ticket_is_as_it_was_and_its_clocks_left_the_time_out(acme: Company, two: tuple[Ticket, Ticket]) -> None:
    into, gone = two
    tickets.wait(gone, Ticket.Waiting.VENDOR, actor=acme.people["ana"], now=at(9, 2))
    merging.merge(gone, into=into, actor=acme.people["ana"], now=at(9, 3))
    gone.refresh_from_db()
    assert (gone.state, gone.first_answer_due_at, gone.solution_due_at) == ("merged", None, None)
    row = merging.unmerge(gone, actor=acme.people["ana"], now=at(11))
    assert (row.state, row.waiting_for, row.merged_into) == ("waiting", "vendor", None)
    tickets.take_up(row, actor=acme.people["ana"], now=at(12))
    assert targets.clocks_of(row, now=at(12))["first_response"].used_s == 60
    assert merging.unmerge(row, actor=acme.people["ana"], now=at(12)).state == "open"


def test_a_chain_of_merges_leads_to_the_last_and_comes_apart_again(acme: Company, two: tuple[Ticket, Ticket]) -> None:
    last, middle = two
    first, who = report(acme, "lea", at(9, 2), "Jam"), {"actor": acme.people["ana"], "now": at(9, 5)}
    merging.merge(first, into=middle, **who)
    merging.merge(middle, into=last, **who)
    assert {row.merged_into_id for row in Ticket.objects.filter(pk__in=[first.pk, middle.pk])} == {last.pk}
    merging.unmerge(middle, **who)
    first.refresh_from_db()
    assert first.merged_into_id == middle.pk


def test_what_cannot_be_merged_says_why(acme: Company, two: tuple[Ticket, Ticket]) -> None:
    into, gone = two
    secret, who = report(acme, "ella", at(9, 2), "Laptop stolen", loss=True), {"actor": acme.people["ana"], "now": at(9, 5)}
    with pytest.raises(merging.CannotJoin, match="confidential"):
        merging.merge(secret, into=into, **who)
    with pytest.raises(merging.CannotJoin, match="this ticket"):
        merging.merge(gone, into=gone, **who)
    merging.merge(gone, into=into, **who)
    with pytest.raises(merging.CannotJoin, match="merged itself"):
        merging.merge(into, into=gone, **who)
    with pytest.raises(IllegalMove):
        tickets.solve(Ticket.objects.get(pk=gone.pk), actor=acme.people["ana"], now=at(9, 6))


def test_one_message_becomes_a_ticket_of_its_own_once(acme: Company, two: tuple[Ticket, Ticket], ana: Client) -> None:
    ticket = two[0]
    automation.requester_reply(ticket, author=acme.people["ella"], text="And my mouse is broken", now=at(9, 10))
    entry = ticket.entries.get(text="And my mouse is broken")
    assert ana.get(f"/tickets/{ticket.pk}/split/{entry.pk}/").status_code == 200
    for _press in range(2):
        ana.post(f"/tickets/{ticket.pk}/split/{entry.pk}/", {"title": "Mouse"})
    made = Ticket.objects.get(title="Mouse")
    assert (made.requester, made.what, TicketLink.objects.get().kind) == (acme.people["ella"], "And my mouse is broken", "split")
    assert ticket.entries.filter(pk=entry.pk).exists()


def test_solving_the_parent_answers_and_solves_its_children_but_not_who_waits(
    acme: Company, two: tuple[Ticket, Ticket], ana: Client
) -> None:
    parent, child, who = two[0], two[1], {"actor": acme.people["ana"], "now": at(9, 5)}
    waits = report(acme, "lea", at(9, 2), "Jam")
    for each in (child, waits):
        families.set_parent(each, parent, **who)
    automation.requester_reply(waits, author=acme.people["lea"], text="It smells of smoke", now=at(9, 6))
    page = ana.get(f"/tickets/{parent.pk}/together/").content.decode()
    assert "1 ticket is answered and solved with it" in page
    assert "These stay open" in page
    ana.post(f"/tickets/{parent.pk}/together/", {"text": "The roller is new."})
    states = {row.pk: row.state for row in Ticket.objects.all()}
    assert (states[parent.pk], states[child.pk], states[waits.pk]) == ("solved", "solved", "new")
    assert "The roller is new." in mails(acme, "omar")[-1].text


def test_more_than_twenty_children_are_asked_for_once_more(acme: Company, two: tuple[Ticket, Ticket], ana: Client) -> None:
    parent = two[0]
    children = [tickets.file(requester=acme.people["omar"], what=f"Jam {n}", now=at(9, 2)) for n in range(21)]
    Ticket.objects.filter(pk__in=[child.pk for child in children]).update(parent=parent)
    asked = ana.post(f"/tickets/{parent.pk}/together/", {"text": "Done"}).content.decode()
    assert "This writes to the people of 21 tickets" in asked
    parent.refresh_from_db()
    assert parent.state == "new"
    ana.post(f"/tickets/{parent.pk}/together/", {"text": "Done", "confirmed": "1"})
    assert Ticket.objects.filter(parent=parent, state="solved").count() == 21


def test_families_have_one_generation(acme: Company, two: tuple[Ticket, Ticket]) -> None:
    parent, child, who = two[0], two[1], {"actor": acme.people["ana"], "now": at(9, 5)}
    families.set_parent(child, parent, **who)
    third = report(acme, "lea", at(9, 2), "Jam")
    for wrong in ((third, child), (parent, third), (third, third)):
        with pytest.raises(merging.CannotJoin):
            families.set_parent(*wrong, **who)


def test_a_tie_shows_on_both_and_never_to_who_may_not_see_the_other(acme: Company, two: tuple[Ticket, Ticket], ana: Client) -> None:
    one, other = two
    ana.post(f"/tickets/{one.pk}/tie/", {"other": f"t-{other.pk}", "deed": "link"})
    assert other.title in ana.get(f"/tickets/{one.pk}/?tab=work").content.decode()
    Ticket.objects.filter(pk=other.pk).update(is_confidential=True, team=acme.teams["network"])
    assert other.title not in ana.get(f"/tickets/{one.pk}/?tab=work").content.decode()
