"""Tickets in a file: what one may see, in order, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from incidents import automation
from incidents.models import Ticket
from servicedesk.directory.models import Grant
from servicedesk.jobs import sheets, work
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

DAYS = {"first": "2026-11-23", "last": "2026-11-23"}


@pytest.fixture
def reports(acme: Company) -> dict[str, Ticket]:
    filed = {"impacted": "me", "effect": "workaround", "now": NINE}
    evil = automation.file_ticket(requester=acme.people["ella"], what='=HYPERLINK("http://evil.example","Salary")', **filed)
    secret = automation.file_ticket(requester=acme.people["omar"], what="A laptop was stolen", **filed)
    Ticket.objects.filter(pk=secret.pk).update(is_confidential=True, team=None, assignee=None)
    return {"evil": evil, "secret": secret}


def exported(client: Client, **changes: str) -> list[list[str]]:
    page = client.post("/queue/export/", {**DAYS, **changes})
    job = Job.objects.get(pk=int(page.headers["Location"].strip("/").rpartition("/")[2]))
    work.run_first([job.pk], now=NINE)
    answer = client.get(f"/jobs/{job.pk}/file/")
    return list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


@pytest.mark.django_db
def test_the_file_holds_what_the_asker_may_see_and_no_formula(acme: Company, reports: dict[str, Ticket]) -> None:
    head, *rows = exported(signed_in(acme.people["ben"]))
    assert head[:2] == ["No.", "Title"]
    assert head[-6] == "Created (Europe/Paris)"
    assert [row[0] for row in rows] == [reports["evil"].number]
    assert rows[0][1].startswith("'=HYPERLINK")
    assert rows[0][-6] == "2026-11-23 09:00"


@pytest.mark.django_db
def test_other_days_and_solved_ones_are_left_out_when_asked(acme: Company, reports: dict[str, Ticket]) -> None:
    ana = signed_in(acme.people["ana"])
    Ticket.objects.update(state="closed")
    assert len(exported(ana, only_open="on")) == 1
    assert len(exported(ana)) == 2
    assert len(exported(ana, first="2026-11-24", last="2026-11-24")) == 1


@pytest.mark.django_db
def test_who_lost_the_role_since_gets_an_empty_file(acme: Company, reports: dict[str, Ticket]) -> None:
    ana = signed_in(acme.people["ana"])
    ana.post("/queue/export/", DAYS)
    Grant.objects.filter(user=acme.people["ana"]).delete()
    job = Job.objects.get()
    work.run_first([job.pk], now=NINE)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"tickets": 0})


@pytest.mark.django_db
def test_days_the_wrong_way_round_are_told(acme: Company) -> None:
    page = signed_in(acme.people["ana"]).post("/queue/export/", {"first": "2026-11-23", "last": "2026-11-01"})
    assert (page.status_code, Job.objects.count()) == (422, 0)
    assert "This is before the first day" in page.content.decode()


@given(st.text(alphabet=st.sampled_from("=+-@\t\r\n '\"a1,;＝"), max_size=6))  # noqa: RUF001
def test_no_text_becomes_a_formula(text: str) -> None:
    assert not sheets.cell(text).lstrip(" ").startswith(sheets.BEGINS_A_FORMULA)
    assert sheets.cell(text).removeprefix("'") == text.removeprefix("'")


def test_numbers_stay_numbers() -> None:
    assert sheets.lines([["a,b", -3, None, "-3"]]) == '"a,b",-3,,\'-3\r\n'


def commanded(*said: str) -> list[list[str]]:
    out = StringIO()
    call_command("export_tickets", *said, stdout=out)
    return list(csv.reader(out.getvalue().removeprefix(sheets.BOM).splitlines()))


@pytest.mark.django_db
def test_the_command_writes_what_the_named_person_may_see_and_no_formula(acme: Company, reports: dict[str, Ticket]) -> None:
    _head, *rows = commanded("--as", "ben")
    assert [row[0] for row in rows] == [reports["evil"].number]
    assert rows[0][1].startswith("'=HYPERLINK")
    Ticket.objects.filter(pk=reports["secret"].pk).update(assignee=acme.people["ben"])
    assert len(commanded("--as", "ben")) == 3
    assert len(commanded("--as", "ben", "--to", "2026-11-22")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["ella", "nobody", "adam"])
def test_the_command_writes_nothing_for_who_is_nobody_of_the_desk(acme: Company, reports: dict[str, Ticket], person: str) -> None:
    with pytest.raises(CommandError, match="nobody of the desk"):
        commanded("--as", person)
