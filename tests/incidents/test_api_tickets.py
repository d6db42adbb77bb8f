"""Tickets by the API: the exact shape, what each may see and change, and who is answered what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import conversation, incidents, tickets
from incidents.models import Entry, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.reporting import mails, report
from tests.speaking import Caller, person, program

KEYS = [
    "id", "title", "what", "impacted", "impacted_count", "impacted_group", "effect", "severity", "severity_reason", "state",
    "kind", "requester", "assignee", "team", "service", "incident", "tags", "service_level", "clocks",
    "planned_until", "confidential", "created_at", "updated_at",
]  # fmt: skip


@pytest.fixture
def ana(acme: Company) -> Caller:
    return person(acme.people["ana"])


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("tickets:read", "tickets:write")


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


# Reading


def test_a_ticket_has_exactly_the_promised_fields(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    shown = ana.get(f"tickets/{ticket.pk}/").json()
    assert list(shown) == KEYS
    assert (shown["id"], shown["requester"], shown["service"], shown["team"]) == (ticket.number, "ella", "email", "it-ops")
    assert (shown["state"], shown["severity"], shown["confidential"], shown["impacted_group"]) == ("new", 3, False, None)
    assert shown["created_at"] == "2026-11-23T08:00:00Z"


def test_its_clocks_say_target_use_and_due_time(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    first, last = ana.get(f"tickets/{ticket.pk}/").json()["clocks"]
    assert list(first) == ["name", "state", "target_s", "used_s", "due_at", "why"]
    assert (first["name"], first["target_s"], first["due_at"]) == ("first_response", 1800, "2026-11-23T08:30:00Z")
    assert (last["name"], last["target_s"]) == ("resolution", 72_000)
    assert first["why"] == "Standard: SEV3 target, in desk hours"
    assert isinstance(first["used_s"], int)


def test_a_list_tells_the_same_but_for_what_would_have_to_be_worked_out(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    one, listed = ana.get(f"tickets/{ticket.pk}/").json(), ana.get("tickets/").json()["results"][0]
    assert [clock.pop("used_s") for clock in listed["clocks"]] == [None, None]
    assert [isinstance(clock.pop("used_s"), int) for clock in one["clocks"]] == [True, True]
    assert one == listed


def test_a_waiting_ticket_shows_its_clocks_paused_and_why(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    conversation.reply(ticket, author=acme.people["ana"], text="Which floor?", now=at(9, 5))
    tickets.wait(ticket, Ticket.Waiting.REQUESTER, actor=acme.people["ana"], now=at(9, 5))
    for found in (ana.get(f"tickets/{ticket.pk}/").json(), ana.get("tickets/").json()["results"][0]):
        first, last = found["clocks"]
        assert (first["state"], last["state"]) == ("met", "paused")
        assert (last["due_at"], last["why"]) == (None, "Waiting for the requester")


def test_numbers_come_prefixed_or_bare(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    for number in (str(ticket.pk), ticket.number, ticket.number.lower()):
        assert ana.get(f"tickets/{number}/").status_code == 200
    for number in ("T-999999", "999999999999999999", "INC-1", "T-", "x"):
        assert ana.get(f"tickets/{number}/").status_code == 404


def test_a_list_is_narrowed_by_each_filter(acme: Company, ana: Caller) -> None:
    mail = report(acme, "ella", NINE)
    vpn = report(acme, "omar", at(9, 30), what="VPN is slow", effect="workaround")
    tickets.assign(vpn, to=acme.people["sam"], actor=acme.people["ana"], now=at(9, 31), team=acme.teams["network"])
    tickets.take_up(vpn, actor=acme.people["sam"], now=at(9, 31))
    only = {"status=open": vpn, "severity=4": vpn, "service=email": mail, "team=network": vpn, "assignee=sam": vpn, "requester=ella": mail}
    for query, ticket in {**only, "updated_since=2026-11-23T08:20:00Z": vpn}.items():
        assert numbers(ana.get(f"tickets/?{query}")) == [ticket.number], query
    assert numbers(ana.get("tickets/")) == [vpn.number, mail.number]
    assert numbers(ana.get("tickets/?service=nothing")) == []


def test_requesters_see_their_own_tickets_and_nothing_of_the_inside(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    report(acme, "omar", NINE)
    shown = person(acme.people["ella"]).get("tickets/").json()["results"]
    assert [row["id"] for row in shown] == [ticket.number]
    hidden = {name: shown[0][name] for name in ("severity", "severity_reason", "assignee", "team", "incident", "tags", "clocks")}
    assert hidden == {"severity": None, "severity_reason": None, "assignee": None, "team": None, "incident": None, "tags": [], "clocks": []}


def test_a_token_never_sees_a_confidential_ticket(acme: Company, job: Caller) -> None:
    lost = report(acme, "ella", NINE, what="My laptop was stolen on the train", loss=True)
    assert numbers(job.get("tickets/")) == []
    assert job.get(f"tickets/{lost.pk}/").status_code == 404
    assert job.get(f"tickets/{lost.pk}/entries/").status_code == 404
    assert job.patch(f"tickets/{lost.pk}/", {"tags": ["x"]}).status_code == 404


def test_a_token_does_not_see_it_even_where_it_filed_it_or_is_of_the_team(acme: Company) -> None:
    job = program("tickets:read", "tickets:write", name="Filer")
    filed = job.post("tickets/", {"what": "My laptop was stolen", "loss": True, "requester": "ella"})
    assert (filed.status_code, filed.json()["confidential"]) == (201, True)
    filer = Ticket.objects.get().reported_by
    assert filer is not None
    filer.grants.update(team=Ticket.objects.get().team)
    assert job.get(f"tickets/{filed.json()['id']}/").status_code == 404


def test_an_incident_the_reader_may_not_see_is_not_named(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, impacted="everyone", effect="cannot")
    incident = Ticket.objects.get(pk=ticket.pk).incident
    assert incident is not None
    ben = person(acme.people["ben"])
    assert ben.get(f"tickets/{ticket.pk}/").json()["incident"] == incident.number
    type(incident).objects.filter(pk=incident.pk).update(is_confidential=True)
    assert ben.get(f"tickets/{ticket.pk}/").json()["incident"] is None


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_costs_the_same_however_long(
    acme: Company, job: Caller, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        report(acme, "ella", at(9, number), what=f"Printer {number} is stuck", effect="workaround")
    grounds = incidents.Grounds(title="Printing", reason="x", severity=3, since=NINE)
    Ticket.objects.update(incident=incidents.declare(grounds, now=NINE).incident)
    job.get("tickets/")
    with django_assert_num_queries(4):  # token, grants, tickets, incidents
        assert len(numbers(job.get("tickets/"))) == count


# Filing


def test_filing_answers_with_the_ticket_as_the_rules_rated_it(acme: Company, job: Caller) -> None:
    said = {"what": "Outlook cannot connect", "impacted": "me", "effect": "cannot", "requester": "ella", "tags": ["import"]}
    answer = job.post("tickets/", said)
    ticket = Ticket.objects.get()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"http://testserver/api/v1/tickets/{ticket.number}/"
    assert (answer.json()["severity"], answer.json()["service"], answer.json()["tags"]) == (3, "email", ["import"])
    assert (ticket.origin, ticket.requester.username, str(ticket.reported_by)) == ("api", "ella", "Backup script")
    assert len(mails(acme, "ella")) == 1


def test_a_report_without_answers_is_not_rated(acme: Company, job: Caller) -> None:
    shown = job.post("tickets/", {"what": "Help", "requester": "ella"}).json()
    assert (shown["severity"], shown["impacted"], shown["effect"]) == (None, None, None)


def test_a_person_files_for_themselves(acme: Company) -> None:
    assert person(acme.people["ella"]).post("tickets/", {"what": "Help"}).json()["requester"] == "ella"


WRONG: list[tuple[Any, list[tuple[str, str]]]] = [
    ({}, [("what", "required")]),
    ({"what": ""}, [("what", "required")]),
    ({"what": "x" * 10_001}, [("what", "too_long")]),
    ({"what": "x", "impacted": "all"}, [("impacted", "unknown_value")]),
    ({"what": "x", "impacted": "department"}, [("impacted_group", "required")]),
    ({"what": "x", "service": "nothing"}, [("service", "unknown_value")]),
    ({"what": "x", "requester": "nobody"}, [("requester", "unknown_value")]),
    ({"what": "x", "requester": ["ella"]}, [("requester", "invalid")]),
    ({"what": "x", "tags": ["a", ""]}, [("tags[1]", "required")]),
    ({"what": "x", "severity": 1, "wath": 2}, [("severity", "unknown_field"), ("wath", "unknown_field")]),
    ({"wath": 2}, [("wath", "unknown_field"), ("what", "required")]),
    (["x"], [("", "invalid")]),
    ("x", [("", "invalid")]),
]


@pytest.mark.parametrize(("body", "wrong"), WRONG)
def test_what_is_wrong_is_named_field_by_field(acme: Company, job: Caller, body: Any, wrong: list[tuple[str, str]]) -> None:
    answer = job.post("tickets/", body)
    assert answer.status_code == 400
    assert sorted((error["field"], error["code"]) for error in answer.json()["errors"]) == sorted(wrong)
    assert not Ticket.objects.exists()


# Changing


def test_a_ticket_is_assigned_sorted_and_rated_at_once(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    change = {"assignee": "sam", "team": "network", "service": "vpn", "severity": 2, "reason": "the boss", "tags": ["b", "a", "b"]}
    shown = ana.patch(f"tickets/{ticket.pk}/", change).json()
    asked = {name: shown[name] for name in ("assignee", "team", "service", "severity", "tags")}
    assert asked == {"assignee": "sam", "team": "network", "service": "vpn", "severity": 2, "tags": ["b", "a"]}
    assert "the boss" in shown["severity_reason"]
    verbs = set(AuditEntry.objects.filter(noun="incidents.ticket", actor=acme.people["ana"]).values_list("verb", flat=True))
    assert verbs == {"assign", "set_team", "set_service", "set_severity", "set_tags"}


def test_null_takes_away(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    tickets.assign(ticket, to=acme.people["sam"], actor=acme.people["ana"], now=at(9, 1))
    shown = ana.patch(f"tickets/{ticket.pk}/", {"assignee": None, "team": None, "tags": []}).json()
    assert (shown["assignee"], shown["team"], shown["tags"]) == (None, None, [])


def test_all_that_is_named_is_changed_or_nothing(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE, impacted="everyone", effect="part")
    answer = ana.patch(f"tickets/{ticket.pk}/", {"assignee": "sam", "severity": 4})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.severity) == (None, 2)


@pytest.mark.parametrize("name", ["ella", "vera", "api-backup-script", "nobody"])
def test_only_people_of_the_desk_can_have_a_ticket(acme: Company, job: Caller, name: str) -> None:
    answer = job.patch(f"tickets/{report(acme, 'omar', NINE).pk}/", {"assignee": name})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_value")


def test_a_change_of_what_somebody_else_changed_is_refused(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    tag = ana.get(f"tickets/{ticket.pk}/").headers["ETag"]
    assert ana.patch(f"tickets/{ticket.pk}/", {"tags": ["a"]}, if_match=tag).status_code == 200
    answer = ana.patch(f"tickets/{ticket.pk}/", {"tags": ["b"]}, if_match=tag)
    assert (answer.status_code, answer.json()["title"]) == (412, "Precondition failed")
    assert ana.get(f"tickets/{ticket.pk}/").json()["tags"] == ["a"]


# Entries

Deed = Callable[[Ticket], object]


def test_entries_are_listed_oldest_first_in_their_shape(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    conversation.reply(ticket, author=acme.people["ana"], text="We look.", now=at(9, 5))
    entries = ana.get(f"tickets/{ticket.pk}/entries/").json()["results"]
    assert [list(entry) for entry in entries] == [["id", "kind", "audience", "author", "text", "at"]] * len(entries)
    assert [entry["id"] for entry in entries] == sorted(entry["id"] for entry in entries)
    reply = next(entry for entry in entries if entry["kind"] == "reply")
    said = {"kind": "reply", "audience": "public", "author": "ana", "text": "We look.", "at": "2026-11-23T08:05:00Z"}
    assert reply == {"id": reply["id"], **said}


def test_requesters_read_what_is_public(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    conversation.note(ticket, author=acme.people["ana"], text="canary-note", now=at(9, 5))
    answer = person(acme.people["ella"]).get(f"tickets/{ticket.pk}/entries/")
    assert "canary-note" not in answer.content.decode()
    assert {entry["audience"] for entry in answer.json()["results"]} <= {"public"}


@pytest.mark.parametrize("kind", ["reply", "note", "call"])
def test_staff_answer_note_and_log_calls(acme: Company, ana: Caller, kind: str) -> None:
    ticket = report(acme, "ella", NINE)
    answer = ana.post(f"tickets/{ticket.pk}/entries/", {"kind": kind, "text": "canary"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["author"]) == (201, kind, "ana")
    assert [mail.thread for mail in mails(acme, "ella") if "canary" in mail.text] == ([ticket.number] if kind == "reply" else [])


def test_a_requester_answers_and_the_ticket_is_open_again(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    tickets.solve(ticket, actor=acme.people["ana"], now=at(9, 5))
    answer = person(acme.people["ella"]).post(f"tickets/{ticket.pk}/entries/", {"kind": "reply", "text": "Not yet"})
    assert (answer.status_code, answer.json()["text"]) == (201, "Not yet")
    assert Ticket.objects.get(pk=ticket.pk).state == "open"


def test_a_closed_ticket_hears_nothing_more(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    answer = person(acme.people["ella"]).post(f"tickets/{ticket.pk}/entries/", {"kind": "reply", "text": "Again"})
    assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")
    assert Ticket.objects.count() == 1


def test_an_answer_written_before_a_newer_one_is_stopped_once(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    newer = conversation.reply(ticket, author=acme.people["ana"], text="We look.", now=at(9, 5))
    ben, late = person(acme.people["ben"]), {"kind": "reply", "text": "Look here", "last_seen": newer.pk - 1}
    assert ben.post(f"tickets/{ticket.pk}/entries/", late).status_code == 409
    assert ben.post(f"tickets/{ticket.pk}/entries/", {**late, "last_seen": newer.pk}).status_code == 201


@pytest.mark.parametrize(("who", "kind"), [("ella", "note"), ("ella", "call"), ("vera", "note"), ("vera", "reply")])
def test_who_is_not_staff_adds_nothing_of_the_desk(acme: Company, who: str, kind: str) -> None:
    ticket = report(acme, "ella", NINE)
    assert person(acme.people[who]).post(f"tickets/{ticket.pk}/entries/", {"kind": kind, "text": "x"}).status_code == 403
    assert not Entry.objects.filter(text="x").exists()


def test_what_belongs_to_another_kind_is_refused(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    answer = ana.post(f"tickets/{ticket.pk}/entries/", {"kind": "note", "text": "x", "minutes": 3})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "minutes")


def test_what_is_planned_tells_its_day_to_the_desk_alone(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", at(9))
    assert ana.get(f"tickets/{ticket.number}/").json()["planned_until"] is None
    ana.post(f"tickets/{ticket.number}/wait/", {"waiting_for": "planned", "until": "2026-12-24"})
    told = [caller.get(f"tickets/{ticket.number}/").json()["planned_until"] for caller in (ana, person(acme.people["ella"]))]
    assert told == ["2026-12-24T07:00:00Z", None]
    ana.post(f"tickets/{ticket.number}/take-up/", {})
    assert ana.get(f"tickets/{ticket.number}/").json()["planned_until"] is None


def test_staff_make_a_ticket_confidential_and_only_an_administrator_who_reads_it_opens_it_again(acme: Company, ana: Caller) -> None:
    ticket, path = report(acme, "ella", at(9)), "tickets/{}/confidential/"
    path = path.format(ticket.number)
    assert ana.post(path, {"confidential": True, "reason": ""}).status_code == 400
    assert ana.post(path, {"confidential": True, "reason": "It names a colleague"}).json()["confidential"] is True
    assert ana.post(path, {"confidential": False, "reason": "It does not"}).status_code == 403
    assert program().post(path, {"confidential": True, "reason": "x"}).status_code == 403
    told = AuditEntry.objects.get(verb="set_confidential")
    assert (told.actor, told.after["reason"]) == (acme.people["ana"], "It names a colleague")


def test_service_levels_are_told_with_their_times(acme: Company, ana: Caller) -> None:
    (told,) = ana.get("service-levels/").json()["results"]
    assert (told["slug"], told["for_everything_else"], told["kind"], told["pauses"][0]) == ("standard", True, None, "approval")
    assert told["times"][0] == {
        "severity": 1, "first_answer_s": 600, "next_answer_s": 1800, "solution_s": 14_400, "round_the_clock": True
    }  # fmt: skip
    assert ana.get(f"tickets/{report(acme, 'ella', at(9)).number}/").json()["service_level"] == "standard"
