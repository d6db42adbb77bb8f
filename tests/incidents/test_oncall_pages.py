"""Adam sets up who is on call: what the page shows before anything is saved, and what saving says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils.formats import date_format

from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Away, Rotation
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at, signed_in

__all__ = ["acme"]
EDIT = "/oncall/network/edit/"
WEEKLY = {"people": ["ben", "ana"], "starts_on": "2026-11-30", "handoff": "09:00", "length": "1", "kind": "weekly", "zone": "Europe/Paris"}
SENTENCE = "From Mon 30 Nov 09:00 (Europe/Paris) Ben is paged for Network."


@pytest.fixture
def adam(acme: Company, settings: Any, tmp_path: Path) -> Client:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)
    return signed_in(acme.people["adam"])


def test_who_is_called_while_nobody_is_on_call(adam: Client) -> None:
    page = adam.get("/oncall/network/").content.decode()
    assert "Nobody is on call." in page
    assert "If something breaks now, Kim is called." in page


def test_the_preview_saves_nothing_and_warns(adam: Client) -> None:
    page = adam.post(EDIT, {**WEEKLY, "do": "preview"}).content.decode()
    assert SENTENCE in page
    assert "Ana has no verified phone." in page
    assert "Nobody is on call until Mon 30 Nov, 09:00." in page
    assert not Rotation.objects.filter(schedule__slug="network").exists()


def test_saving_says_who_is_paged_from_when(adam: Client, acme: Company) -> None:
    answer = adam.post(EDIT, {**WEEKLY, "do": "save"}, follow=True)
    assert answer.redirect_chain == [("/oncall/network/", 302)]
    assert SENTENCE in answer.content.decode()
    assert [duty.person.username for duty in roster.on_call(acme.schedules["network"], at=at(9, day=30))] == ["ben"]


ORDERED = [("up:ana", ["ana", "ben"]), ("down:ben", ["ana", "ben"]), ("remove:ben", ["ana"]), ("up:ben", ["ben", "ana"])]


@pytest.mark.parametrize(("button", "order"), ORDERED)
def test_buttons_order_people_and_save_nothing(adam: Client, button: str, order: list[str]) -> None:
    answer = adam.post(EDIT, {**WEEKLY, "do": button})
    assert [person.username for person in answer.context["form"].people] == order
    assert Rotation.objects.filter(schedule__slug="network").count() == 0


def test_who_is_chosen_but_not_yet_added_is_saved_too(adam: Client) -> None:
    adam.post(EDIT, {**WEEKLY, "people": ["ben"], "add": "ana", "do": "save"})
    (saved,) = Rotation.objects.filter(schedule__slug="network")
    assert [member.person.username for member in saved.members.all()] == ["ben", "ana"]


def test_nobody_left_is_shown_before_it_is_saved(adam: Client) -> None:
    page = adam.post(EDIT, {**WEEKLY, "people": ["ben"], "do": "remove:ben"}).content.decode()
    assert "From Mon 30 Nov 09:00 (Europe/Paris) nobody is paged for Network." in page
    assert page.count("<b>Nobody</b>") == 28


def test_somebody_on_leave_and_the_days_the_clocks_change_are_told(adam: Client, acme: Company) -> None:
    Away.objects.create(person=acme.people["ben"], starts_at=at(0, day=24), ends_at=at(0, day=26), created_at=NINE)
    page = adam.post(EDIT, {**WEEKLY, "do": "preview"}).content.decode()
    assert "Ben is away from Tue 24 Nov, 00:00 to Thu 26 Nov, 00:00." in page
    spring = adam.post(f"{EDIT}?from=2027-03-22", {**WEEKLY, "do": "preview"}).content.decode()
    assert "The clocks change on Sun 28 Mar 2027" in spring
    assert spring.count(" from 09:00") == 4
    assert "10:00" not in spring


def test_the_preview_shows_who_would_be_paged_before_and_after(adam: Client) -> None:
    before = list(Rotation.objects.values())
    page = adam.post("/oncall/it-ops/edit/", {**WEEKLY, "people": ["ana"], "do": "preview"})
    lines = [line for difference in page.context["differences"] for line in difference.lines]
    assert any(mark == "+" and "Ana" in words for mark, words in lines)
    assert any(mark == "-" and "Ana" not in words for mark, words in lines)
    assert page.content.decode().count("<ins>") == sum(mark == "+" for mark, _words in lines)
    assert list(Rotation.objects.values()) == before


def test_the_link_that_fills_a_gap_opens_its_form_filled_in(adam: Client, acme: Company) -> None:
    Away.objects.create(person=acme.people["sam"], starts_at=at(9, day=25), ends_at=at(9, day=26), created_at=NINE)
    found = re.search(r'href="(/oncall/it-ops/change/\?[^"]+)"', adam.get("/readiness/").content.decode())
    assert found
    link = unescape(found[1])
    asked = dict(parse_qsl(urlsplit(link).query))
    page = adam.get(link)
    assert {name: page.context["form"][name].value() for name in asked} == asked
    assert asked["kind"] == "add"
    assert f'<option value="{asked["person"]}" selected>' in page.content.decode()
    adam.post("/oncall/it-ops/change/", {**asked, "replaces": "", "do": "save"})
    line = roster.line_up(acme.schedules["it-ops"], start=at(12, day=25), end=at(13, day=25))
    assert [duty.person.username for duty in line] == [asked["person"]]


def test_who_left_is_not_on_call_and_the_page_says_who_is_called(adam: Client, acme: Company) -> None:
    User.objects.filter(username="sam").update(is_active=False)
    page = adam.get("/oncall/it-ops/").content.decode()
    assert "Nobody is on call." in page
    assert "If something breaks now, " in page


def test_a_wrong_answer_is_told_and_a_live_preview_left_alone(adam: Client) -> None:
    wrong = {**WEEKLY, "length": "0", "do": "save"}
    assert adam.post(EDIT, wrong).status_code == 422
    assert adam.post(EDIT, {**wrong, "do": "preview"}, headers={"HX-Request": "true"}).status_code == 204


def test_the_lead_of_the_team_arranges_and_other_managers_do_not(acme: Company) -> None:
    assert signed_in(acme.people["kim"]).get(EDIT).status_code == 200
    assert signed_in(acme.people["dana"]).get(EDIT).status_code == 403
    assert signed_in(acme.people["adam"]).get("/oncall/unknown/edit/").status_code == 404


def test_the_page_costs_the_same_however_far_one_looks(adam: Client, django_assert_max_num_queries: object) -> None:
    later = date_format(NINE + timedelta(days=300), "Y-m-d")
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        assert adam.get(f"/oncall/it-ops/?from={later}").status_code == 200
