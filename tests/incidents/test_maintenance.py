"""Announced maintenance: its words where its audience reads, a letter ahead, quiet checks, an end by itself."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from incidents import silences, statuspage
from incidents.forms_silences import SilenceForm
from incidents.models import Silence, Subscriber
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHEN = {"starts_at": NINE + 3 * DAY, "ends_at": NINE + 3 * DAY + HOUR}
TEXT = "Mail is slow while the server is updated."


def plan(acme: Company, **more: Any) -> Silence:
    columns = {"service": acme.services["email"], "reason": "New disks", "public_text": TEXT, **WHEN}
    return silences.make(actor=acme.people["ana"], now=NINE, **columns | more)


def follow(email: str = "someone@example.org") -> None:
    statuspage.ask(email, now=NINE - DAY)
    statuspage.confirm(Subscriber.objects.get(email=email), now=NINE - DAY)


def letters(now: datetime) -> list[Message]:
    """What the pass writes at this moment."""
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    statuspage.announce(now=now)
    return list(Message.objects.filter(pk__gt=newest).order_by("pk"))


def test_whoever_follows_the_page_hears_of_it_a_day_before_and_once(acme: Company) -> None:
    follow()
    plan(acme)
    assert letters(NINE + 2 * DAY - HOUR) == []
    (letter,) = letters(NINE + 2 * DAY)
    assert (letter.to, letter.subject) == ("someone@example.org", "Maintenance of Email from Thu 26 Nov, 09:00")
    assert TEXT in letter.text
    assert "From Thu 26 Nov, 09:00 to Thu 26 Nov, 10:00 (Europe/Paris)." in letter.text
    assert letters(NINE + 2 * DAY + HOUR) == []


def test_who_did_not_confirm_hears_nothing(acme: Company) -> None:
    statuspage.ask("someone@example.org", now=NINE - DAY)
    plan(acme, announce_at=NINE)
    assert letters(NINE) == []


def test_the_desk_alone_is_told_of_what_is_for_the_desk(acme: Company) -> None:
    follow()
    plan(acme, audience="desk", announce_at=NINE)
    told = {letter.person.username for letter in letters(NINE) if letter.person}
    assert {"ana", "ben", "dana"} <= told
    assert not {"ella", "eve", "vera"} & told
    assert silences.announced(now=NINE, ahead=5 * DAY) == []


def test_what_is_called_off_is_told_to_who_heard_of_it(acme: Company) -> None:
    follow()
    work = plan(acme, announce_at=NINE)
    letters(NINE)
    silences.end(work, actor=acme.people["ana"], now=NINE + DAY)
    (letter,) = letters(NINE + DAY)
    assert letter.subject == "No maintenance any more: Email"
    assert letters(NINE + 2 * DAY) == []


def test_what_is_called_off_before_its_letter_says_nothing(acme: Company) -> None:
    follow()
    silences.end(plan(acme), actor=acme.people["ana"], now=NINE + HOUR)
    assert letters(NINE + 2 * DAY) == []


def test_it_ends_by_itself_without_a_word(acme: Company) -> None:
    follow()
    plan(acme, announce_at=NINE)
    letters(NINE)
    assert letters(NINE + 4 * DAY) == []
    assert silences.announced(now=NINE + 4 * DAY, ahead=DAY) == []


def test_a_desk_that_slept_through_it_announces_nothing(acme: Company) -> None:
    follow()
    plan(acme)
    assert letters(NINE + 4 * DAY) == []
    assert not Silence.objects.filter(announce_at__isnull=False).exists()


def test_what_begins_at_once_is_told_at_once(acme: Company) -> None:
    follow()
    plan(acme, starts_at=NINE, ends_at=NINE + HOUR)
    assert len(letters(NINE)) == 1


def test_what_comes_again_names_its_first_time_and_says_so(acme: Company) -> None:
    follow()
    weekly = {"weekdays": [6], "opens": time(2), "closes": time(4), "zone": "Europe/Paris"}
    plan(acme, starts_at=NINE, ends_at=NINE + 60 * DAY, announce_at=NINE, **weekly)
    (letter,) = letters(NINE)
    assert letter.subject == "Maintenance of Email from Sun 29 Nov, 02:00"
    assert "It comes again on the same days" in letter.text


def test_portal_and_status_page_say_the_same(acme: Company) -> None:
    plan(acme, starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR)
    (work,) = statuspage.picture(now=NINE).work
    assert [work] == silences.announced(now=NINE, ahead=silences.AHEAD)
    assert (work.about, work.text, work.is_now) == ("Email", TEXT, False)


@pytest.mark.parametrize(("ahead", "then"), [("1", NINE + 2 * DAY), ("7", NINE), ("0", NINE), ("", None)])
def test_the_form_says_when_the_mail_goes(ahead: str, then: datetime | None, acme: Company) -> None:
    said = {"service": "email", "reason": "x", "audience": "employees", "public_text": TEXT, "ahead": ahead}
    times = {"starts_at": "2026-11-26T09:00", "ends_at": "2026-11-26T11:00"}
    form = SilenceForm(said | times, person=acme.people["ana"], now=NINE)
    assert form.is_valid()
    assert form.columns()["announce_at"] == then
