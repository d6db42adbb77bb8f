"""The status page: what was published and nothing else, for whom it may be, by mail and feed, and as a file when the desk is down."""

from __future__ import annotations

import re
import resource
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from incidents import incidents, silences, statuspage
from incidents.command import updates
from incidents.models import Incident, Subscriber
from incidents.statuspage import keeping
from notifications.models import Message
from servicedesk.directory.models import Organisation, Service
from servicedesk.operations.worlds import autumn, history
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = ["status_page"]


def outage(acme: Company, **more: Any) -> Incident:
    grounds = {"title": "VPN is down", "reason": "", "service": acme.services["vpn"], "severity": 2, "since": NINE - HOUR, **more}
    opened = incidents.declare(incidents.Grounds(**grounds), actor=acme.people["dana"], now=NINE - HOUR).incident
    assert opened is not None
    return opened


def publish(acme: Company, incident: Incident, text: str = "We look for the cause.", phase: str = "investigating") -> None:
    updates.publish(
        incident,
        text=text,
        phase=phase,
        audiences=TOLD,
        next_update_at=None,
        actor=acme.people["dana"],
        now=NINE - 30 * timedelta(minutes=1),
    )


@pytest.fixture
def public(acme: Company) -> Company:
    Organisation.objects.update(status_is_public=True)
    return acme


def page(client: Client | None = None) -> str:
    answer = (client or Client()).get("/status/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_all_is_well(public: Company) -> None:
    assert "All services are working." in page()
    assert "90 days without known trouble" in page()
    assert "Nothing was reported." in page()


def test_what_was_published_is_told_and_what_was_not_is_not(public: Company) -> None:
    outage(public, title="Secret trouble", service=public.services["printing"])
    publish(public, outage(public))
    text = page()
    assert "Trouble with VPN." in text
    assert "We look for the cause." in text
    assert "Secret trouble" not in text
    assert "INC-" not in text
    assert "SEV" not in text


def test_a_confidential_incident_is_never_on_it(public: Company) -> None:
    hidden = outage(public, title="Stolen laptop", is_confidential=True)
    Incident.objects.filter(pk=hidden.pk).update(is_shown=True)
    assert "Stolen" not in page()


def test_without_the_setting_one_signs_in(acme: Company) -> None:
    for path in ("/status/", "/status/feed.atom", "/status/subscribe/"):
        assert Client().get(path).status_code == 302
    assert "All services are working." in page(signed_in(acme.people["ella"]))


def test_it_is_kept_for_half_a_minute_by_shared_caches_only_where_everybody_may_read_it(public: Company) -> None:
    assert Client().get("/status/")["Cache-Control"] == "max-age=30, stale-if-error=86400, public"
    Organisation.objects.update(status_is_public=False)
    assert "private" in signed_in(public.people["ella"]).get("/status/")["Cache-Control"]


def test_announced_maintenance_stands_on_it_before_and_while_it_is_done(public: Company) -> None:
    soon = {"starts_at": NINE + DAY, "ends_at": NINE + DAY + HOUR}
    silences.make(
        actor=public.people["ben"], service=public.services["printing"], reason="x", public_text="Printers restart.", **soon, now=NINE
    )
    before, during = statuspage.picture(now=NINE), statuspage.picture(now=NINE + DAY + HOUR / 2)
    assert [one.text for one in before.work] == ["Printers restart."]
    assert {one.name: one.tone for one in before.components}["Printing"] == "ok"
    assert {one.name: one.tone for one in during.components}["Printing"] == "maintenance"
    assert statuspage.picture(now=NINE + 2 * DAY).work == []
    assert "Printers restart." in keeping.feed(now=NINE)


def test_the_group_with_trouble_stands_first_and_open_and_those_that_are_well_are_folded(public: Company) -> None:
    Service.objects.filter(slug__in=("email", "printing")).update(group="Offices")
    Service.objects.filter(slug="file-server").update(group="")
    publish(public, outage(public))
    first, *others = statuspage.picture(now=NINE).groups
    assert (first.name, first.word, first.is_open) == ("Network", "Down", True)
    assert [(one.name, one.is_open) for one in others] == [("", True), ("Offices", False)]
    assert page().count('<details class="group" open>') == 1


def test_each_day_of_trouble_has_its_bar_and_its_words(acme: Company) -> None:
    history.write(acme, now=NINE, number=20)
    autumn.lived(acme, now=NINE)
    email = next(one for one in statuspage.picture(now=NINE).components if one.name == "Email")
    assert [day.tone for day in email.days] == ["down"] * 4
    assert email.days[0].text.endswith("Email: smtp-01 is down")
    assert all(0 <= day.x < 90 for day in email.days)


def test_it_weighs_little(acme: Company) -> None:
    history.write(acme, now=NINE, number=20)
    autumn.lived(acme, now=NINE)
    text = keeping.page(statuspage.picture(now=NINE))
    assert len(text.encode()) < 40_000
    assert "<script" not in text


def test_the_file_says_the_same_and_is_given_out_when_the_database_is_away(public: Company, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    publish(public, outage(public))
    assert statuspage.keep(now=NINE) == 0
    kept = (tmp_path / "status" / "index.html").read_text()
    assert "Trouble with VPN." in kept
    assert re.search(r'href="feed\.atom"', kept)

    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise OperationalError("the database is away")

    with connection.execute_wrapper(away):
        answer = Client().get("/status/")
    assert answer.content.decode() == kept
    assert answer["Cache-Control"] == "no-store"


def test_the_file_is_whole_without_the_desk(public: Company, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    publish(public, outage(public))
    soon = {"starts_at": NINE + DAY, "ends_at": NINE + DAY + HOUR}
    silences.make(actor=public.people["ben"], service=public.services["email"], reason="x", public_text="Mail rests.", **soon, now=NINE)
    statuspage.keep(now=NINE)
    text = (tmp_path / "status" / "index.html").read_text()
    leads = re.findall(r"""(?:href|src)="([^"]*)""", text)
    assert {lead for lead in leads if not lead.startswith(("http://testserver/", "data:"))} == {"feed.atom"}
    assert not re.search(r"<script|<img|@import|rel=.stylesheet|url\((?!#d\))", text)
    for words in (
        "VPN is down",
        "We look for the cause.",
        "Mail rests.",
        "Printing",
        "As of",
        "Mon 23 Nov 2026, 09:00",
        "Get this by mail",
    ):
        assert words in text, words
    assert ElementTree.parse(tmp_path / "status" / "feed.atom").getroot().tag.endswith("feed")


def test_a_disk_that_is_full_leaves_the_last_good_copy(public: Company, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    statuspage.keep(now=NINE)
    before = (tmp_path / "status" / "index.html").read_text()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # nothing longer can be written
    try:
        with pytest.raises(OSError, match="too large"):
            statuspage.keep(now=NINE + HOUR)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "status" / "index.html").read_text() == before
    assert sorted(path.name for path in (tmp_path / "status").iterdir()) == ["feed.atom", "index.html"]
    assert (tmp_path / "status" / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_copy_that_was_for_staff_is_given_to_nobody_unknown(acme: Company, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    statuspage.keep(now=NINE)
    assert statuspage.kept() is None


def test_an_address_is_confirmed_by_a_button_before_it_gets_anything(public: Company) -> None:
    assert Client().post("/status/subscribe/", {"email": "Someone@Example.org"}).status_code == 302
    row = Subscriber.objects.get()
    letter = Message.objects.get(to="someone@example.org")
    link = re.search(r"/status/subscribe/[\w-]+/", letter.text)
    assert link
    assert Client().get(link[0]).status_code == 200
    row.refresh_from_db()
    assert row.confirmed_at is None  # opening a link is no answer
    Client().post(link[0], {"action": "confirm"})
    publish(public, outage(public))
    assert statuspage.tell(now=NINE) == 1
    assert statuspage.tell(now=NINE) == 0
    told = Message.objects.filter(to="someone@example.org").latest("pk")
    assert "We look for the cause." in told.text
    assert link[0] in told.text


def test_whoever_stops_it_or_never_confirmed_gets_nothing(public: Company) -> None:
    for address in ("a@example.org", "b@example.org"):
        statuspage.ask(address, now=NINE - DAY)
    first, _second = Subscriber.objects.order_by("email")
    statuspage.confirm(first, now=NINE - DAY)
    statuspage.stop(first, now=NINE - HOUR)
    publish(public, outage(public))
    assert statuspage.tell(now=NINE) == 0


def test_asking_twice_sends_one_letter_and_says_nothing_of_who_is_known(public: Company) -> None:
    for _time in range(3):
        answer = Client().post("/status/subscribe/", {"email": "someone@example.org"}, follow=True)
        assert "If this address does not get the status yet" in answer.content.decode()
    assert Message.objects.filter(to="someone@example.org").count() == 1


@pytest.mark.parametrize("email", ["", "nobody", "a@b\nBcc: c@d.example"])
def test_what_is_no_address_is_said(email: str, public: Company) -> None:
    answer = Client().post("/status/subscribe/", {"email": email})
    assert answer.status_code == 422
    assert Subscriber.objects.count() == 0


def test_the_feed_is_atom_and_holds_the_updates(public: Company) -> None:
    incident = outage(public, title="A & B <down>")
    publish(public, incident, text="Ampersands & <tags>")
    answer = Client().get("/status/feed.atom")
    root = ElementTree.fromstring(answer.content)
    name = "{http://www.w3.org/2005/Atom}"
    (entry,) = root.findall(f"{name}entry")
    assert entry.findtext(f"{name}title") == "A & B <down>: Investigating"
    assert entry.findtext(f"{name}content") == "Ampersands & <tags>"
    assert answer["Content-Type"].startswith("application/atom+xml")
