"""Tickets of another desk: read whatever the file is like, refused cell by cell, written in silence, and never twice."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from incidents import automation, conversation, finding, settling, targets
from incidents.imports import mapping, reading, work
from incidents.models import Entry, Evaluation, Ticket
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.jobs import work as jobs
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.mailing import arrives

REAL = Path(__file__).parents[2].parent / "shared/data/servicenow_incident_events.csv"
HEAD = (
    "number,short_description,description,caller_id,caller_id.email,assigned_to,business_service,priority,state,"
    "opened_at,resolved_at,closed_at\n"
)
GOOD = "INC001,Mail is slow,Since Monday,Ella,ella@acme.example,ana,Email,1 - Critical,New,2026-11-02 09:00:00,,\n"
DONE = "INC002,VPN drops,,Ghost,,Smith,VPN,3 - Moderate,Closed,2026-10-02 09:00:00,2026-10-02 11:00:00,2026-10-07 11:00:00\n"
BAD = "INC003,What,,Ella,,,,9 - Never,Thinking,yesterday,,\n"


def brought(text: str, by: str = "servicenow", *, actor: User) -> dict[str, int]:
    tally, _refused = work.write_all(text.encode(), work.map_called(by), actor=actor, now=NINE)
    return dict(tally)


def test_tickets_come_with_their_numbers_times_and_authors(acme: Company) -> None:
    assert brought(HEAD + GOOD + DONE, actor=acme.people["adam"]) == {"made": 2}
    first, second = Ticket.objects.order_by("pk")
    assert (first.external_ref, first.requester, first.service, first.severity) == (
        "INC001",
        acme.people["ella"],
        acme.services["email"],
        1,
    )
    assert first.created_at.isoformat() == "2026-11-02T09:00:00+00:00"
    assert (second.requester.name, second.requester.is_active, second.state) == ("Ghost", False, "closed")
    assert [entry.at.hour for entry in second.entries.order_by("pk") if entry.data["verb"] == "move"] == [11, 11]


def test_what_was_brought_in_is_found_by_its_words_and_its_old_number(acme: Company) -> None:
    brought(HEAD + GOOD, actor=acme.people["adam"])
    for words in ("Monday", "INC001"):
        (group,) = finding.find(words, reader=acme.people["ana"], kind="ticket")
        assert [ticket.external_ref for ticket in group.rows] == ["INC001"]


def test_who_is_written_the_other_way_is_nobody_new(acme: Company) -> None:
    User.objects.filter(username="omar").update(name="Jos\u00e9 Ru\u00edz", email="jos\u00e9@acme.example")
    rows = "INC001,Mail is slow,,Jose\u0301 Rui\u0301z,,,,Low,New,2026-11-02 09:00:00,,\n"
    rows += "INC002,VPN drops,,X,jose\u0301@acme.example,,,Low,New,2026-11-02 09:00:00,,\n"
    assert brought(HEAD + rows.replace("Low", "4 - Low"), actor=acme.people["adam"]) == {"made": 2}
    assert {ticket.requester for ticket in Ticket.objects.all()} == {acme.people["omar"]}


def test_an_import_is_silent_now_and_later(acme: Company) -> None:
    brought(HEAD + GOOD, actor=acme.people["adam"])
    ticket = Ticket.objects.get()
    Ticket.objects.update(evaluate_at=NINE)  # somebody changed it here
    automation.evaluate_due(now=NINE)
    settling.settle_due(now=NINE)
    settling.tell_unrated(now=NINE)
    assert not Message.objects.exists()
    assert not Evaluation.objects.filter(ticket=ticket).exists()
    assert ticket.incident is None


def test_the_same_file_again_changes_nothing_and_a_newer_one_updates(acme: Company) -> None:
    adam = acme.people["adam"]
    brought(HEAD + GOOD, actor=adam)
    entries = Entry.objects.count()
    assert brought(HEAD + GOOD, actor=adam) == {"updated": 1}
    assert (Ticket.objects.count(), Entry.objects.count()) == (1, entries)
    brought(HEAD + GOOD.replace("New", "Resolved"), actor=adam)
    assert Ticket.objects.get().state == "solved"


def test_what_was_done_here_since_is_not_overwritten(acme: Company) -> None:
    brought(HEAD + GOOD, actor=acme.people["adam"])
    conversation.note(Ticket.objects.get(), author=acme.people["ana"], text="I look at it", now=NINE)
    assert brought(HEAD + GOOD.replace("New", "Closed"), actor=acme.people["adam"]) == {"kept": 1}
    assert Ticket.objects.get().state == "new"


def test_every_wrong_cell_is_named_and_the_others_come(acme: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rejects = tmp_path / "in.csv", tmp_path / "rejects.csv"
    file.write_text(HEAD + GOOD + BAD)
    with pytest.raises(SystemExit):
        call_command("import_tickets", str(file), map="servicenow", rejects=str(rejects))
    assert "1 made" in capsys.readouterr().out
    (row,) = csv.DictReader(rejects.read_text(encoding="utf-8-sig").splitlines())
    assert row["number"] == "INC003"
    assert all(word in row["Why"] for word in ("9 - Never", "Thinking", "yesterday"))


def test_a_dry_run_writes_nothing(acme: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.csv"
    file.write_text(HEAD + GOOD)
    call_command("import_tickets", str(file), map="servicenow", dry_run=True)
    assert "1 tickets, 0 of them" in capsys.readouterr().out
    assert not Ticket.objects.exists()


def test_adam_looks_at_it_first_then_a_job_writes_it_and_gives_the_refused_back(acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    file = SimpleUploadedFile("old.csv", (HEAD + GOOD + BAD).encode())
    page = adam.post("/queue/import/", {"file": file, "map": "servicenow"})
    assert "Thinking" in page.content.decode()
    assert not Ticket.objects.exists()
    form = page.context["form"]
    answer = adam.post("/queue/import/", {"kept": form.kept, "kept_map": "", "map": "servicenow", "start": "1"})
    job = Job.objects.get()
    jobs.run_first([job.pk], now=NINE)
    job.refresh_from_db()
    assert (answer.status_code, job.state, job.result) == (302, "done", {"made": 1, "refused": 1})
    assert b"INC003" in b"".join(adam.get(f"/jobs/{job.pk}/file/").streaming_content)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "must name the columns"), (b"[1, 2", "no JSON"), (b'{"a": 1}', "no list of rows"), (b"\xff\xfe\x00", "no rows")],
)
def test_a_file_of_something_else_gets_a_clear_answer(acme: Company, content: bytes, said: str) -> None:
    page = signed_in(acme.people["adam"]).post("/queue/import/", {"file": SimpleUploadedFile("x", content or b" "), "map": "jira"})
    assert said in page.content.decode()


def test_conversations_come_from_json_with_their_authors(acme: Company) -> None:
    said = {"issues": [{"key": "OPS-1", "fields": {
        "summary": "Printer", "reporter": {"displayName": "Ella", "emailAddress": "ella@acme.example"}, "status": {"name": "Done"},
        "created": "2026-10-01T09:00:00+02:00", "resolutiondate": "2026-10-02T09:00:00+02:00", "labels": ["print"],
        "comment": {"comments": [{"author": {"displayName": "Ana"}, "body": "Done.", "created": "2026-10-02T08:00:00+02:00"}]},
    }}]}  # fmt: skip
    brought(json.dumps(said), "jira", actor=acme.people["adam"])
    ticket = Ticket.objects.get()
    reply = ticket.entries.get(kind=Entry.Kind.REPLY)
    assert (ticket.tags, reply.text, reply.author) == (["print"], "Done.", acme.people["ana"])


def test_a_mail_that_names_the_old_number_finds_its_ticket(acme: Company) -> None:
    brought(HEAD + GOOD, actor=acme.people["adam"])
    row = arrives(subject="Re: INC001 is still slow", text="Still slow", sender="Ella <ella@acme.example>")
    assert row.ticket == Ticket.objects.get()
    assert arrives(subject="INC001", sender="other@evil.test", text="I know it").ticket != row.ticket


@given(st.binary(max_size=400))
def test_no_bytes_bring_the_reader_down(content: bytes) -> None:
    try:
        rows = reading.rows(content)
    except reading.CannotRead:
        return
    for row in rows:
        assert mapping.record(row, work.map_called("jira")).faults


@pytest.mark.parametrize("name", sorted(work.shipped()))
def test_the_maps_that_come_with_the_desk_can_be_read(name: str) -> None:
    assert work.map_called(name).key


@pytest.mark.parametrize(("said", "word"), [({}, "source"), ({"source": "a", "key": "b", "columns": {"colour": "c"}}, "colour")])
def test_a_map_that_is_wrong_says_where(said: Any, word: str) -> None:
    with pytest.raises(mapping.BadMap, match=word):
        mapping.read_map(said)


def verdicts(text: str, *ranks: int) -> dict[tuple[str, str], int]:
    """Their last `made_sla` beside our solution clock, by how many tickets of these severities: the table in docs/imports.md."""
    theirs = {row["number"]: row["made_sla"] for row in csv.DictReader(text.splitlines())}
    rows = Ticket.objects.filter(external_source="servicenow", severity__in=ranks)
    return Counter((theirs[row.external_ref], targets.clocks_of(row, now=NINE)["resolution"].state) for row in rows)


@pytest.mark.skipif(not REAL.exists(), reason="the real log lies beside the project only where it is developed")
def test_a_real_companys_log_comes_whole_and_a_second_time_changes_nothing(acme: Company) -> None:
    text, adam = REAL.read_text(), acme.people["adam"]
    assert brought(text, "servicenow_events", actor=adam) == {"made": 445}
    tickets, entries = Ticket.objects.filter(external_source="servicenow"), Entry.objects.count()
    assert not tickets.exclude(state="closed").exclude(state="solved").exists()
    first = tickets.get(external_ref="INC0000045")
    assert (first.title, first.service and first.service.name) == ("Category 55 · Symptom 72", "Category 55")
    assert first.created_at.isoformat() == "2016-02-29T01:16:00+00:00"
    assert verdicts(text, 1, 2, 3, 4) == {("TRUE", "met"): 190, ("TRUE", "missed"): 56, ("FALSE", "met"): 57, ("FALSE", "missed"): 142}
    assert verdicts(text, 1, 2) == {("FALSE", "met"): 9, ("FALSE", "missed"): 19}
    assert brought(text, "servicenow_events", actor=adam) == {"updated": 445}
    assert (tickets.count(), Entry.objects.count()) == (445, entries)
    assert not Message.objects.exists()
    assert targets.clocks_of(first, now=NINE)["resolution"].done_at is not None
