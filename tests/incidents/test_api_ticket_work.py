"""A ticket worked by a program: every button of its page, with the page's own deeds and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents import automation, conversation, families, merging, tickets
from incidents.models import CustomField, Entry, Pledge, SavedView, Ticket, Vendor, VendorCase, Watcher
from incidents.models.canned import CannedAnswer
from incidents.models.duties import ScheduledTicket
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.reporting import mails, report
from tests.speaking import Caller, person, program

SOON_AT = clock.wall() + timedelta(hours=2)


@pytest.fixture
def ana(acme: Company) -> Caller:
    return person(acme.people["ana"])


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("tickets:read", "tickets:write")


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(error["field"], error["code"]) for error in answer.json().get("errors", [])]


# The buttons of the head


def test_a_ticket_is_taken_up_waits_is_solved_and_reopened(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    for word, body, state in (
        ("take-up", {}, "open"),
        ("wait", {"waiting_for": "vendor", "reason": "They look"}, "waiting"),
        ("solve", {"text": "A new cable."}, "solved"),
        ("reopen", {"reason": "It came back"}, "open"),
    ):
        answer = ana.post(f"tickets/{ticket.number}/{word}/", body)
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert any("A new cable." in mail.text for mail in mails(acme, "ella"))
    assert Ticket.objects.get(pk=ticket.pk).assignee == acme.people["ana"]


def test_who_asked_says_that_it_works_again_and_is_not_written_to(acme: Company) -> None:
    ticket, ella = report(acme, "ella", NINE), person(acme.people["ella"])
    before = len(mails(acme, "ella"))
    assert ella.post(f"tickets/{ticket.number}/solve/", {}).json()["state"] == "solved"
    assert len(mails(acme, "ella")) == before
    assert wrong(ella.post(f"tickets/{ticket.number}/solve/", {"text": "x"})) == [("text", "out_of_place")]


def test_a_token_is_nobody_who_could_have_a_ticket(acme: Company, job: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    assert job.post(f"tickets/{ticket.number}/take-up/").status_code == 409
    job.patch(f"tickets/{ticket.number}/", {"assignee": "sam"})
    assert job.post(f"tickets/{ticket.number}/take-up/").json()["state"] == "open"
    assert Ticket.objects.get(pk=ticket.pk).assignee == acme.people["sam"]


def test_what_the_table_of_moves_forbids_is_a_conflict_in_words(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    answer = ana.post(f"tickets/{ticket.number}/wait/", {})
    assert (answer.status_code, ticket.number in answer.json()["detail"]) == (409, True)


def test_only_thanks_returns_the_ticket_without_a_mail(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    tickets.solve(ticket, actor=acme.people["ana"], now=at(9, 5))
    conversation.hear(ticket, author=acme.people["ella"], text="Thanks!", now=at(9, 10))
    before = len(mails(acme, "ella"))
    assert ana.post(f"tickets/{ticket.number}/only-thanks/").json()["state"] == "solved"
    assert len(mails(acme, "ella")) == before


def test_a_deed_on_what_somebody_else_changed_is_refused(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    tag = ana.get(f"tickets/{ticket.number}/").headers["ETag"]
    tickets.set_tags(ticket, ["x"], actor=acme.people["ben"], now=at(9, 1))
    assert ana.post(f"tickets/{ticket.number}/solve/", {}, if_match=tag).status_code == 412
    assert Ticket.objects.get(pk=ticket.pk).state == "new"


def test_the_same_key_notes_time_once(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    first, again = (ana.post(f"tickets/{ticket.number}/time/", {"minutes": 7}, idempotency_key="k-1") for _ in range(2))
    assert (first.status_code, again.json(), again.headers["Idempotent-Replay"]) == (201, first.json(), "true")
    assert ticket.times.count() == 1


# Answers


def test_an_answer_can_solve_and_be_taken_back_with_all_it_did(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", clock.now())
    said = ana.post(f"tickets/{ticket.number}/entries/", {"kind": "reply", "text": "Done.", "solve": True}).json()
    assert Ticket.objects.get(pk=ticket.pk).state == "solved"
    assert ana.post(f"tickets/{ticket.number}/entries/{said['id']}/take-back/").status_code == 200
    assert Ticket.objects.get(pk=ticket.pk).state == "new"
    assert "Done." not in ana.get(f"tickets/{ticket.number}/entries/").content.decode()


def test_nobody_elses_answer_is_taken_back_and_none_that_went_out(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    old = conversation.reply(ticket, author=acme.people["ana"], text="Old", now=at(9, 5))
    fresh = conversation.reply(ticket, author=acme.people["ben"], text="New", now=clock.now())
    for entry in (old, fresh):
        assert ana.post(f"tickets/{ticket.number}/entries/{entry.pk}/take-back/").status_code == 409
    assert not Entry.objects.exclude(withdrawn_at=None).exists()


def test_a_note_that_names_a_colleague_tells_them(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    ana.post(f"tickets/{ticket.number}/entries/", {"kind": "note", "text": "@ben do you know this?"})
    assert any("named you in a note" in mail.text for mail in mails(acme, "ben"))


def test_a_promise_is_said_listed_and_kept(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    told = {"promise": "I call you", "due_at": SOON_AT.isoformat(), "text": "We look."}
    made = ana.post(f"tickets/{ticket.number}/promises/", told)
    assert (made.status_code, made.json()["person"], made.json()["text"]) == (201, "ana", "I call you")
    assert any("I call you" in mail.text for mail in mails(acme, "ella"))
    kept = ana.post(f"tickets/{ticket.number}/promises/{made.json()['id']}/keep/")
    assert kept.json()["kept_at"] is not None
    assert [row["id"] for row in ana.get(f"tickets/{ticket.number}/promises/").json()["results"]] == [made.json()["id"]]


def test_a_promise_for_what_is_past_names_its_time(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    answer = ana.post(f"tickets/{ticket.number}/promises/", {"promise": "x", "due_at": "2020-01-01T00:00:00Z"})
    assert wrong(answer) == [("due_at", "invalid")]
    assert not Pledge.objects.exists()


# Other tickets


def test_merging_leads_on_and_is_undone(acme: Company, ana: Caller) -> None:
    one, two = report(acme, "ella", NINE), report(acme, "omar", at(9, 5), what="Outlook is down")
    assert ana.post(f"tickets/{one.number}/merge/", {"into": two.number}).json()["id"] == two.number
    assert ana.get(f"tickets/{one.number}/").json()["state"] == "merged"
    assert ana.get(f"tickets/{one.number}/links/").json()["merged_into"] == two.number
    assert ana.get(f"tickets/{two.number}/links/").json()["merged"] == [one.number]
    assert ana.post(f"tickets/{one.number}/unmerge/").json()["state"] == "new"
    assert not Watcher.objects.filter(ticket=two).exists()


def test_into_itself_or_into_what_one_may_not_see_nothing_is_merged(acme: Company) -> None:
    one, lost = report(acme, "omar", NINE, what="A"), report(acme, "ella", NINE, loss=True)
    Ticket.objects.filter(pk=lost.pk).update(team=acme.teams["network"])
    ben = person(acme.people["ben"])
    assert wrong(ben.post(f"tickets/{one.number}/merge/", {"into": one.number})) == [("into", "refused")]
    Ticket.objects.filter(pk=lost.pk).update(team=acme.teams["it-ops"])
    hidden = ben.post(f"tickets/{one.number}/merge/", {"into": lost.number})
    nothing = ben.post(f"tickets/{one.number}/merge/", {"into": "T-999999"})
    assert wrong(hidden) == wrong(nothing) == [("into", "unknown")]
    assert hidden.content == nothing.content


def test_one_message_is_split_out_once(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    said = conversation.hear(ticket, author=acme.people["ella"], text="And the printer is out of paper", now=at(9, 10))
    where = f"tickets/{ticket.number}/entries/{said.pk}/split/"
    first, again = (ana.post(where, {"title": "Paper"}) for _ in range(2))
    assert (first.status_code, first.json()["title"], first.json()["requester"]) == (201, "Paper", "ella")
    assert again.json()["id"] == first.json()["id"]
    assert ana.get(f"tickets/{ticket.number}/links/").json()["split"] == [first.json()["id"]]


def test_tickets_are_tied_and_untied(acme: Company, ana: Caller) -> None:
    one, two, three = (report(acme, "ella", at(9, n), what=f"Thing {n}") for n in range(3))
    ana.post(f"tickets/{one.number}/links/", {"kind": "related", "ticket": two.number})
    ana.post(f"tickets/{one.number}/links/", {"kind": "child", "ticket": three.number})
    shown = ana.get(f"tickets/{one.number}/links/").json()
    assert (shown["related"], shown["children"], shown["parent"]) == ([two.number], [three.number], None)
    assert ana.get(f"tickets/{three.number}/links/").json()["parent"] == one.number
    ana.post(f"tickets/{two.number}/links/end/", {"kind": "related", "ticket": one.number})
    ana.post(f"tickets/{three.number}/links/end/", {"kind": "parent", "ticket": one.number})
    empty = ana.get(f"tickets/{one.number}/links/").json()
    assert (empty["related"], empty["children"]) == ([], [])


def test_links_name_no_ticket_the_reader_may_not_see(acme: Company) -> None:
    one, two = report(acme, "ella", NINE), report(acme, "omar", NINE, what="Another")
    person(acme.people["ana"]).post(f"tickets/{one.number}/links/", {"kind": "related", "ticket": two.number})
    person(acme.people["ana"]).post(f"tickets/{one.number}/links/", {"kind": "parent", "ticket": two.number})
    Ticket.objects.filter(pk=two.pk).update(is_confidential=True, team=acme.teams["it-ops"])
    assert two.number not in person(acme.people["ben"]).get(f"tickets/{one.number}/links/").content.decode()


def test_a_parent_is_solved_with_its_children_or_not_at_all(acme: Company, ana: Caller) -> None:
    parent, child = report(acme, "ella", NINE), report(acme, "omar", at(9, 5), what="Outlook is down")
    families.set_parent(child, parent, actor=acme.people["ana"], now=at(9, 6))
    alone = ana.post(f"tickets/{parent.number}/solve/", {"text": "Up again"})
    assert (alone.status_code, child.number in alone.json()["detail"]) == (409, True)
    reply = {"kind": "reply", "text": "Up again", "solve": True}
    assert ana.post(f"tickets/{parent.number}/entries/", reply).status_code == 409
    assert wrong(ana.post(f"tickets/{parent.number}/solve/", {"children": True})) == [("text", "required")]
    assert ana.post(f"tickets/{parent.number}/solve/", {"children": True, "text": "Up again"}).status_code == 200
    assert set(Ticket.objects.values_list("state", flat=True)) == {"solved"}
    assert any("Up again" in mail.text for mail in mails(acme, "omar"))


def test_what_is_not_similar_is_not_shown_again(acme: Company, ana: Caller) -> None:
    one, two = report(acme, "ella", NINE), report(acme, "omar", at(9, 5))
    alike = ana.get(f"tickets/{one.number}/similar/").json()["results"]
    assert [row["ticket"] for row in alike] == [two.number]
    assert ana.post(f"tickets/{one.number}/similar/", {"ticket": two.number, "similar": False}).json() == {"results": []}


# The work


def test_watchers_are_added_listed_and_left_out(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    assert ana.post(f"tickets/{ticket.number}/watchers/", {"person": "omar"}).json()["person"] == "omar"
    assert [row["person"] for row in ana.get(f"tickets/{ticket.number}/watchers/").json()["results"]] == ["omar"]
    assert person(acme.people["omar"]).get(f"tickets/{ticket.number}/").status_code == 200
    assert ana.post(f"tickets/{ticket.number}/watchers/omar/end/").status_code == 200
    assert person(acme.people["omar"]).get(f"tickets/{ticket.number}/").status_code == 404
    assert wrong(ana.post(f"tickets/{ticket.number}/watchers/", {"person": "nobody"})) == [("person", "unknown_value")]


def test_time_is_noted_and_counted_with_calls(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    ana.post(f"tickets/{ticket.number}/time/", {"minutes": 20, "what": "New cable"})
    ana.post(f"tickets/{ticket.number}/entries/", {"kind": "call", "text": "Asked", "minutes": 5})
    assert ana.get(f"tickets/{ticket.number}/time/").json()["results"][0]["what"] == "New cable"
    assert ana.get(f"tickets/{ticket.number}/work/").json()["minutes"] == 25
    assert wrong(ana.post(f"tickets/{ticket.number}/time/", {"minutes": 0})) == [("minutes", "out_of_range")]


def test_a_checklist_is_ticked_and_unticked(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    line = ana.post(f"tickets/{ticket.number}/checklist/", {"text": "Ask for the serial number"}).json()
    where = f"tickets/{ticket.number}/checklist/{line['id']}/"
    assert ana.patch(where, {"done": True}).json()["done_by"] == "ana"
    assert ana.patch(where, {"done": False}).json()["done_at"] is None
    other = report(acme, "omar", NINE, what="Another")
    assert ana.patch(f"tickets/{other.number}/checklist/{line['id']}/", {"done": True}).status_code == 404


def test_a_vendors_case_stops_the_clock_and_says_when_they_are_chased(acme: Company, ana: Caller) -> None:
    ticket, _vendor = report(acme, "ella", NINE), Vendor.objects.create(name="Fixers", answers_within_s=3600)
    case = ana.post(f"tickets/{ticket.number}/vendor-cases/", {"vendor": "Fixers", "number": "C-7"}).json()
    assert (case["vendor"], case["number"], case["chased"]) == ("Fixers", "C-7", 0)
    row = VendorCase.objects.get()
    assert row.chase_at == row.since + timedelta(hours=1)
    work = ana.get(f"tickets/{ticket.number}/work/").json()
    assert (work["waiting_for"], Ticket.objects.get(pk=ticket.pk).state) == ("vendor", "waiting")
    assert ana.get("vendors/").json()["results"][0]["answers_within_s"] == 3600


def test_a_category_asks_its_questions_and_each_wrong_answer_is_named(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    CustomField.objects.create(category="laptop", key="serial", label="Serial number", needed="solved")
    CustomField.objects.create(category="laptop", key="year", label="Year", kind="number")
    CustomField.objects.create(category="laptop", key="leased", label="Leased?", kind="yes")
    where = f"tickets/{ticket.number}/work/"
    assert ana.patch(where, {"category": "laptop"}).json()["missing"] == ["Serial number"]
    assert ana.post(f"tickets/{ticket.number}/solve/", {}).status_code == 409
    bad = ana.patch(where, {"answers": {"year": "soon", "colour": "red", "serial": ["x"]}})
    assert [field for field, _code in wrong(bad)] == ["answers.serial"]
    bad = ana.patch(where, {"answers": {"year": "soon", "colour": "red"}})
    assert {field for field, _code in wrong(bad)} == {"answers.year", "answers.colour"}
    ana.patch(where, {"answers": {"serial": "A7", "leased": True}})
    assert ana.patch(where, {"answers": {"year": 2024}}).json()["answers"] == {"serial": "A7", "leased": "yes", "year": 2024.0}
    assert ana.patch(where, {"answers": {"leased": None}}).json()["answers"] == {"serial": "A7", "year": 2024.0}


def test_how_the_help_was_is_said_once_and_taken_back(acme: Company) -> None:
    ticket, ella = report(acme, "ella", NINE), person(acme.people["ella"])
    where = f"tickets/{ticket.number}/feedback/"
    assert ella.post(where, {"answer": "good"}).status_code == 409
    tickets.solve(ticket, actor=acme.people["ana"], now=at(9, 5))
    assert ella.post(where, {"answer": "good"}).json()["answer"] == "good"
    assert ella.post(where, {"answer": "poor"}).json()["answer"] == "good"
    assert person(acme.people["ana"]).get(where).json()["person"] == "ella"
    assert ella.post(where, {"answer": None}).json() == {"answer": None, "person": None, "at": None}


def test_it_got_worse_rates_the_ticket_anew(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, effect="workaround")
    worse = person(acme.people["ella"]).post(f"tickets/{ticket.number}/worse/", {"impacted": "everyone", "effect": "cannot"})
    assert (worse.status_code, worse.json()["id"], worse.json()["impacted"]) == (201, ticket.number, "everyone")


# What is confidential


def test_every_reading_of_a_confidential_ticket_is_written_down(acme: Company) -> None:
    lost = report(acme, "ella", NINE, loss=True)
    Ticket.objects.filter(pk=lost.pk).update(team=acme.teams["it-ops"])
    sam = person(acme.people["sam"])
    read = ("", "entries/", "links/", "watchers/", "time/", "promises/", "checklist/", "vendor-cases/", "work/", "similar/", "feedback/")
    for part in read:
        assert sam.get(f"tickets/{lost.number}/{part}").status_code == 200
    assert AuditEntry.objects.filter(verb="read", actor=acme.people["sam"], object_id=str(lost.pk)).count() == len(read)


def test_a_confidential_ticket_stays_with_a_team(acme: Company) -> None:
    lost = report(acme, "ella", NINE, loss=True)
    Ticket.objects.filter(pk=lost.pk).update(team=acme.teams["it-ops"])
    assert wrong(person(acme.people["sam"]).patch(f"tickets/{lost.number}/", {"team": None})) == [("team", "refused")]
    assert Ticket.objects.get(pk=lost.pk).team == acme.teams["it-ops"]


# What agents work with


def test_canned_answers_come_filled_for_a_ticket_the_speaker_sees(acme: Company, ana: Caller) -> None:
    CannedAnswer.objects.create(name="Hello", text="Dear {requester}, about {number}: {nobody}")
    CannedAnswer.objects.create(name="Network's", text="x", team=acme.teams["network"])
    ticket, lost = report(acme, "ella", NINE), report(acme, "ella", NINE, what="Gone", loss=True)
    Ticket.objects.filter(pk=lost.pk).update(team=acme.teams["it-ops"])
    (plain,) = ana.get("canned-answers/").json()["results"]
    assert plain["text"] == "Dear {requester}, about {number}: {nobody}"
    (filled,) = ana.get(f"canned-answers/?ticket={ticket.number}").json()["results"]
    assert filled["text"] == f"Dear {acme.people['ella'].get_short_name()}, about {ticket.number}: {{nobody}}"
    hidden, nothing = (ana.get(f"canned-answers/?ticket={number}") for number in (lost.number, "T-999999"))
    assert wrong(hidden) == wrong(nothing) == [("ticket", "unknown")]


def test_views_are_ones_own_and_what_colleagues_share(acme: Company, ana: Caller) -> None:
    for owner, name, is_shared in (("ana", "Mine", False), ("ben", "Shared", True), ("ben", "His", False)):
        SavedView.objects.create(owner=acme.people[owner], name=name, is_shared=is_shared, query="view=all", created_at=NINE)
    found = ana.get("views/").json()["results"]
    assert [view["name"] for view in found] == ["Mine", "Shared"]
    assert found[0]["url"] == "http://testserver/queue/?view=all"


def test_work_that_comes_round_is_listed_with_its_next_time(acme: Company, ana: Caller) -> None:
    told = {"title": "Change the tapes", "cron": "0 8 * * 1", "requester": acme.people["kim"], "next_at": NINE, "checklist": ["Tape 1"]}
    ScheduledTicket.objects.create(**told)
    (row,) = ana.get("scheduled-tickets/").json()["results"]
    assert (row["title"], row["next_at"], row["checklist"]) == ("Change the tapes", "2026-11-23T08:00:00Z", ["Tape 1"])


# What is left alone, and not told


@pytest.mark.parametrize("path", ["work/", "checklist/{line}/"])
def test_a_part_of_a_ticket_is_changed_by_the_tag_it_was_read_with(acme: Company, ana: Caller, path: str) -> None:
    ticket = report(acme, "ella", NINE)
    line = ana.post(f"tickets/{ticket.pk}/checklist/", {"text": "Ask the vendor"})
    part = f"tickets/{ticket.pk}/{path.format(line=line.json()['id'])}"
    tag = line.headers["ETag"] if "checklist" in path else ana.get(part).headers["ETag"]
    first, second = ({"done": True}, {"done": False}) if "checklist" in path else ({"category": "laptop"}, {"category": "phone"})
    assert ana.patch(part, first, if_match=tag).status_code == 200
    assert ana.patch(part, second, if_match=tag).status_code == 412


def test_who_only_watches_solves_nothing_and_hears_of_no_other_ticket(acme: Company) -> None:
    parent, child = report(acme, "omar", NINE), report(acme, "lea", NINE)
    families.set_parent(child, parent, actor=acme.people["ana"], now=NINE)
    Watcher.objects.create(ticket=parent, person=acme.people["ella"], since=NINE)
    answer = person(acme.people["ella"]).post(f"tickets/{parent.pk}/entries/", {"kind": "reply", "text": "It works", "solve": True})
    assert (answer.status_code, child.number in answer.content.decode()) == (403, False)


def test_why_a_parent_is_solved_with_its_children_stands_in_its_history(acme: Company, ana: Caller) -> None:
    parent, child = report(acme, "omar", NINE), report(acme, "lea", NINE)
    families.set_parent(child, parent, actor=acme.people["ana"], now=NINE)
    told = {"children": True, "text": "Up again", "reason": "A new switch"}
    assert ana.post(f"tickets/{parent.pk}/solve/", told).status_code == 200
    assert "A new switch" in {entry.data.get("because") for entry in parent.entries.filter(data__verb="move")}


@pytest.mark.parametrize("state", ["open", "closed"])
def test_words_of_a_confidential_ticket_stay_confidential_in_another(acme: Company, state: str) -> None:
    ticket = report(acme, "ella", NINE, loss=True)
    answers = {"impacted": "me", "effect": "workaround", "loss": False}  # nothing was lost after all: it stays confidential
    tickets.rate(ticket, actor=acme.people["ella"], now=at(9, 5), **answers)
    Ticket.objects.filter(pk=ticket.pk).update(team=acme.teams["it-ops"], state=state)
    ticket.refresh_from_db()
    if state == "open":
        said = conversation.hear(ticket, author=acme.people["ella"], text="It was my salary slip", now=at(9, 10))
        made = merging.split(said, title="Paper", actor=acme.people["dana"], now=at(9, 20))
    else:
        made = automation.requester_reply(ticket, author=acme.people["ella"], text="It was my salary slip", now=at(9, 10))
    assert (made != ticket, made.is_confidential, made.is_loss, made.team) == (True, True, False, ticket.team)
    assert person(acme.people["ben"]).get(f"tickets/{made.pk}/").status_code == 404
