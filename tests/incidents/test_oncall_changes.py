"""Covers, people taken off, days away, and calendars: tried, saved, withdrawn; who may do it; what a calendar program reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.oncall import changes, roster
from servicedesk.oncall.models import Away, Override
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at, signed_in

__all__ = ["acme"]
CHANGE = "/oncall/it-ops/change/"
SATURDAY = {"kind": "cover", "person": "ana", "replaces": "", "starts": "2026-12-05T00:00", "ends": "2026-12-06T00:00"}


@pytest.fixture
def adam(acme: Company, settings: Any, tmp_path: Path) -> Client:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)
    return signed_in(acme.people["adam"])


def on(acme: Company, moment: Any) -> list[str]:
    return [duty.person.username for duty in roster.on_call(acme.schedules["it-ops"], at=moment)]


def test_a_cover_is_tried_then_saved_and_marked(adam: Client, acme: Company) -> None:
    tried = adam.post(CHANGE, {**SATURDAY, "do": "preview"}).content.decode()
    assert "Ana has no verified phone." in tried
    assert re.search(r"shift-override.*?<b>Ana</b>\s+override", tried, re.DOTALL)
    assert not Override.objects.exists()
    page = adam.post(CHANGE, {**SATURDAY, "do": "save"}, follow=True).content.decode()
    assert re.search(r"shift-override.*?<b>Ana</b>\s+override", page, re.DOTALL)
    assert on(acme, at(3, day=5).replace(month=12)) == ["ana"]


def test_taking_somebody_off_shows_the_gap_before_it_is_saved(adam: Client) -> None:
    tried = adam.post(CHANGE, {**SATURDAY, "kind": "remove", "person": "sam", "do": "preview"}).content.decode()
    assert "Nobody is on call from Sat 5 Dec, 00:00 to Sun 6 Dec, 00:00." in tried
    assert tried.count("shift-gap") == 1


def test_the_preview_is_the_line_up_after_saving(acme: Company) -> None:
    schedule, people = acme.schedules["it-ops"], acme.people
    Away.objects.create(person=people["ben"], starts_at=at(0, day=27), ends_at=at(0, day=28), created_at=NINE)
    change = changes.Change("cover", people["ben"], people["sam"], at(0, day=26), at(0, day=30))
    span = {"start": NINE, "end": at(0, day=30)}
    tried = changes.tried(schedule, change, **span).line_up(*span.values())
    changes.make(schedule, change, by=people["adam"], now=NINE)
    assert tried == roster.line_up(schedule, **span)
    assert [duty.person.username for duty in tried] == ["sam", "ben", "ben"]


def test_withdrawing_keeps_what_was(adam: Client, acme: Company) -> None:
    change = changes.Change("cover", acme.people["ben"], None, at(8), at(20))
    made = changes.make(acme.schedules["it-ops"], change, by=acme.people["adam"], now=at(7))
    adam.post(f"/oncall/it-ops/withdraw/{made.pk}/")
    assert (on(acme, at(8, 30)), on(acme, at(10))) == (["ben"], ["sam"])
    again = changes.Change("add", acme.people["ben"], None, at(12), at(20))
    later = changes.make(acme.schedules["it-ops"], again, by=acme.people["adam"], now=NINE)
    assert changes.withdraw(later, by=acme.people["adam"], now=at(10)).withdrawn_at == at(10)
    assert on(acme, at(13)) == ["sam"]
    with pytest.raises(changes.AlreadyOver):
        changes.withdraw(made, by=acme.people["adam"], now=at(21))


def test_staff_put_themselves_on_call_and_nobody_else(adam: Client, acme: Company) -> None:
    ben = signed_in(acme.people["ben"])
    assert ben.post(CHANGE, {**SATURDAY, "person": "ana", "do": "save"}).status_code == 422
    assert ben.post(CHANGE, {**SATURDAY, "kind": "remove", "person": "ben", "do": "save"}).status_code == 422
    assert ben.post(CHANGE, {**SATURDAY, "person": "ben", "do": "save"}).status_code == 302
    assert AuditEntry.objects.filter(verb="override", actor=acme.people["ben"]).exists()
    assert signed_in(acme.people["vera"]).get(CHANGE).status_code == 403


def test_a_stranger_withdraws_nothing_of_another(adam: Client, acme: Company) -> None:
    change = changes.Change("cover", acme.people["ben"], None, at(12), at(20))
    made = changes.make(acme.schedules["it-ops"], change, by=acme.people["adam"], now=NINE)
    assert signed_in(acme.people["ana"]).post(f"/oncall/it-ops/withdraw/{made.pk}/").status_code == 404


@pytest.mark.parametrize("wrong", [{"ends": "2026-12-05T00:00"}, {"starts": "soon"}, {"person": "ella"}, {"ends": ""}])
def test_what_cannot_be_read_is_said(adam: Client, wrong: dict[str, str]) -> None:
    answer = adam.post(CHANGE, {**SATURDAY, **wrong, "do": "save"})
    assert answer.status_code == 422
    assert not Override.objects.exists()


def test_who_is_away_is_not_paged(adam: Client, acme: Company) -> None:
    sam = signed_in(acme.people["sam"])
    sam.post("/oncall/away/", {"starts": "2026-11-25T00:00", "ends": "2026-11-26T00:00", "reason": "Training"})
    assert on(acme, at(12, day=25)) == []
    assert AuditEntry.objects.filter(verb="away", actor=acme.people["sam"]).exists()


def address(client: Client, scope: str) -> str:
    page = client.post("/oncall/feeds/", {"scope": scope, "do": "make"}, follow=True).content.decode()
    (path,) = re.findall(r"(/oncall/feed/[\w-]+\.ics)", page)
    return str(path)


def test_a_calendar_program_reads_the_shifts_without_signing_in(adam: Client, acme: Company) -> None:
    adam.post(CHANGE, {**SATURDAY, "do": "save"})
    answer = Client().get(address(adam, "all"))
    told = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART:20261204T230000Z\r\nDTEND:20261205T230000Z\r\nSUMMARY:IT Ops primary: Ana\r\n" in told
    assert told.count("TRANSP:TRANSPARENT") == told.count("BEGIN:VEVENT")
    assert all(len(line.encode()) <= 75 for line in told.split("\r\n"))


def test_ones_own_feed_shows_ones_own_shifts_only(adam: Client, acme: Company) -> None:
    told = Client().get(address(signed_in(acme.people["sam"]), "mine")).content.decode()
    assert set(re.findall(r"SUMMARY:(.*)\r", told)) == {"IT Ops primary: Sam Lee"}


def test_an_address_ends_with_the_next_one_and_with_the_person(adam: Client, acme: Company) -> None:
    first = address(adam, "all")
    second = address(adam, "all")
    assert [Client().get(path).status_code for path in (first, second)] == [404, 200]
    adam.post("/oncall/feeds/", {"scope": "all", "do": "revoke"})
    assert Client().get(second).status_code == 404
    mine = address(signed_in(acme.people["ben"]), "mine")
    acme.people["ben"].is_active = False
    acme.people["ben"].save(update_fields=["is_active"])
    assert Client().get(mine).status_code == 404
