"""What the template tags say: times, chips, state words, symbols, and the pages of errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.views.frame import frame
from servicedesk.directory import moments
from servicedesk.operations.errors import page_failed
from servicedesk.operations.styleguide import Example
from servicedesk.operations.worlds.company import Company
from tests.actors import signed_in

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def said(text: str, **values: Any) -> str:
    """The tag as a page at noon in Paris (13:00 there) renders it."""
    with timezone.override("Europe/Paris"):
        return Template("{% load desk %}" + text).render(Context({"now": NOON, **values}))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (40, "40 s"), (60, "1 min"), (3540, "59 min"), (3900, "1 h 05 min"), (86400, "1 d 0 h"), (183_600, "2 d 3 h")],
)
def test_a_duration_in_words(seconds: int, text: str) -> None:
    assert moments.duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "now"), (6, "6 min ago"), (125, "2 h ago"), (26 * 60, "Sun 22 Nov, 11:00"), (365 * 24 * 60, "Sun 23 Nov 2025, 13:00")],
)
def test_how_long_ago(minutes: int, text: str) -> None:
    assert f">{text}</time>" in said("{% ago then %}", then=NOON - timedelta(minutes=minutes))


def test_what_is_left_and_what_is_late() -> None:
    assert ">14 min left</time>" in said("{% left due %}", due=NOON + timedelta(minutes=14))
    assert ">12 min late</time>" in said("{% left due %}", due=NOON - timedelta(minutes=12))
    assert ">in 16 min</time>" in said("{% until due %}", due=NOON + timedelta(minutes=16))


def test_a_time_carries_its_moment_utc_and_whether_it_ticks() -> None:
    assert said("{% age then %}", then=NOON - timedelta(minutes=3)) == (
        '<time datetime="2026-11-23T11:57:00Z" title="2026-11-23 11:57 UTC" data-tick="age">3 min</time>'
    )


def test_without_a_now_only_the_absolute_time_is_printed() -> None:
    assert ">Mon 23 Nov 2026, 13:00</time>" in said("{% ago then %}", then=NOON, now=None)


def test_no_moment_says_nothing() -> None:
    assert said("{% at then %}", then=None) == ""


def test_a_chip_tells_severity_by_word_and_shape() -> None:
    assert "icons.svg#sev-2" in said("{% severity 2 %}")
    assert ">SEV2</span>" in said("{% severity 2 %}")
    assert ">SEV2 Major</span>" in said("{% severity 2 large=True %}")
    assert ">Not rated</span>" in said("{% severity n %}", n=None)


def test_a_state_word_tells_by_symbol_and_word() -> None:
    text = said('{% state "check" "critical" %}')
    assert "icons.svg#state-down" in text
    assert text.endswith(">Down</span>".replace(">", "", 1))


def test_a_symbol_is_silent_beside_a_word_and_named_alone() -> None:
    assert 'aria-hidden="true"' in said('{% icon "mail" %}')
    assert 'role="img" aria-label="Mail &amp; more"' in said('{% icon "mail" label=word %}', word="Mail & more")


def test_a_wrong_field_is_tied_to_its_hint_and_error() -> None:
    form = Example({})
    page = said('{% include "components/field.html" with field=form.what %}', form=form)
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_what_helptext id_what_error"' in page
    assert 'id="id_what_error"' in page


# Pages of errors, and the frame


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_no_context(name: str) -> None:
    page = render_to_string(name)
    assert page.count("<h1>") == 1
    assert 'href="/"' in page


def test_a_page_that_failed_gives_the_number_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = page_failed(RequestFactory().get("/queue/"))
    assert answer.status_code == 500
    assert caplog.records[-1].args[0] in answer.content.decode()  # type: ignore[index]


def test_what_is_not_there_keeps_the_frame(acme: Company) -> None:
    page = signed_in(acme.people["ana"]).get("/nowhere/").content.decode()
    assert "There is nothing at this address" in page
    assert 'class="rail"' in page


def test_the_frame_costs_at_most_three_queries_and_a_visitor_one(acme: Company, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = acme.people["ella"]
    assert _cost(request) <= 3
    request.user = None  # type: ignore[assignment]
    assert _cost(request) <= 1


def test_a_fragment_that_draws_no_frame_asks_for_nothing(acme: Company, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = acme.people["ana"]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        frame(request)
    assert len(asked) == 0


def test_staff_see_the_rail_and_employees_their_tickets(acme: Company) -> None:
    assert 'class="rail"' in signed_in(acme.people["ana"]).get("/").content.decode()
    assert 'class="rail"' not in signed_in(acme.people["ella"]).get("/").content.decode()


def test_a_chosen_theme_is_drawn_at_once_and_nonsense_is_not(acme: Company) -> None:
    browser = Client(headers={"cookie": "theme=dark; density=wide"})
    page = browser.get("/login/").content.decode()
    assert '<html lang="en" data-theme="dark">' in page


def _cost(request: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        render_to_string("base.html", {}, request=request)
    return len(asked)
