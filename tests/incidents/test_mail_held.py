"""Mail that waits for a person: seen, decided once, told of after four hours; and a mail's HTML, which can do nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents import automation
from incidents.mail import bodies, held, shown
from incidents.models import Entry, InboundMail, Ticket
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.mailing import arrives, mail

State = InboundMail.State


@pytest.fixture
def asked(acme: Company) -> Ticket:
    return automation.file_ticket(requester=acme.people["ella"], what="Outlook does not open", impacted="me", effect="part", now=NINE)


@pytest.fixture
def stranger(asked: Ticket) -> InboundMail:
    return arrives(sender="Vendor <v@vendor.test>", subject=f"Re: [{asked.number}]", text="The patch is out.")


def test_ana_sees_the_counter_and_takes_it_to_the_ticket_as_a_note(stranger: InboundMail, asked: Ticket, acme: Company) -> None:
    ana, before = signed_in(acme.people["ana"]), Message.objects.count()
    assert 'Held mail <span class="count">1</span>' in ana.get("/queue/").content.decode()
    assert asked.number in ana.get("/mail/held/").content.decode()
    ana.post(f"/mail/{stranger.pk}/decide/", {"action": "accept"})
    note = asked.entries.get(kind=Entry.Kind.NOTE)
    assert (note.text, note.audience, str(note.author)) == ("The patch is out.", "staff", "Vendor")
    assert Message.objects.count() == before
    assert "The patch is out." not in signed_in(acme.people["ella"]).get(f"/t/{asked.pk}/").content.decode()


def test_a_second_decision_changes_nothing_and_says_who_was_first(stranger: InboundMail, acme: Company) -> None:
    held.reject(stranger, actor=acme.people["ana"], now=NINE)
    answer = signed_in(acme.people["ben"]).post(f"/mail/{stranger.pk}/decide/", {"action": "accept"}, follow=True)
    assert "It was decided already" in answer.content.decode()
    assert InboundMail.objects.get().state == State.REJECTED


def test_a_newsletter_made_a_ticket_is_answered_by_no_program(acme: Company) -> None:
    row = arrives(Precedence="bulk", sender="Shop <shop@other.test>")
    ticket = held.make_ticket(row, actor=acme.people["ana"], now=NINE)
    assert ticket.requester.email == "shop@other.test"
    assert not Message.objects.filter(thread=ticket.number).exists()


def test_what_cannot_be_read_or_names_nobody_can_still_be_made_a_ticket(acme: Company) -> None:
    ticket = held.make_ticket(arrives(b"\x00\xff\xfe no headers at all"), actor=acme.people["ana"], now=NINE)
    assert ticket.requester == acme.people["ana"]


def test_what_waits_for_four_hours_is_told_once(stranger: InboundMail, acme: Company) -> None:
    assert held.tell_due(now=NINE + timedelta(hours=3, minutes=59)) == 0
    assert held.tell_due(now=NINE + timedelta(hours=4)) == 1
    assert Message.objects.filter(thread="MAIL", person=acme.people["ana"]).exists()
    assert held.tell_due(now=NINE + timedelta(hours=8)) == 0


def test_mail_about_a_confidential_ticket_is_for_those_who_may_read_it(stranger: InboundMail, asked: Ticket, acme: Company) -> None:
    Ticket.objects.filter(pk=asked.pk).update(is_confidential=True, team=None, assignee=acme.people["ana"])
    assert signed_in(acme.people["ana"]).get(f"/mail/{stranger.pk}/").status_code == 200
    assert signed_in(User.objects.get(username="ben")).get(f"/mail/{stranger.pk}/").status_code == 404


def test_the_held_page_costs_the_same_for_three_and_for_thirty(acme: Company, django_assert_num_queries: Any) -> None:
    ana = signed_in(acme.people["ana"])
    for number in range(30):
        arrives(Precedence="bulk", text=f"No. {number}", sender=f"a{number}@other.test")
    with django_assert_num_queries(12):
        ana.get("/mail/held/")


HOSTILE = """<html><head><style>body{background:url(https://evil.test/x)}</style></head><body onload="x()">
<script>alert(1)</script><img src="https://evil.test/pixel.gif"><img src="cid:ours"><img src=x onerror=alert(1)>
<a href="java\tscript:alert(1)">a</a><a href="https://good.test/">b</a><form action="https://evil.test"><input name=p></form>
<iframe src="https://evil.test"></iframe><svg><animate onbegin=alert(1) /></svg><math><mtext></p><style><img src=x onerror=alert(1)></style>
<meta http-equiv="refresh" content="0;url=https://evil.test"><base href="https://evil.test/"></body></html>"""
ACTS = (
    "<script",
    "onerror",
    "onload",
    "onbegin",
    "javascript",
    "<form",
    "<input",
    "<iframe",
    "<svg",
    "<style",
    "<meta",
    "<base",
    "background",
)


def test_hostile_html_is_left_without_anything_that_acts() -> None:
    picture = bodies.File("a.png", b"\x89PNG\r\n\x1a\n", cid="ours")
    body, remote = shown.clean(HOSTILE, [picture])
    assert not [word for word in ACTS if word in body.lower().replace("\t", "")]
    assert remote == 1
    assert "evil.test" not in body
    assert 'src="data:image/png;base64,' in body
    assert "noopener" in body


def test_pictures_from_afar_are_fetched_only_when_asked_for(acme: Company) -> None:
    raw = mail().replace(b"text/plain", b"text/html").replace(b"Outlook does not open", b'<img src="https://evil.test/pixel.gif">')
    row, ana = arrives(raw), signed_in(acme.people["ana"])
    plain, asked_for = ana.get(f"/mail/{row.pk}/html/"), ana.get(f"/mail/{row.pk}/pictures/")
    assert b"pixel.gif" not in plain.content
    assert b"1 picture from afar" in plain.content
    assert "sandbox" in plain.headers["Content-Security-Policy"]
    assert "https:" not in plain.headers["Content-Security-Policy"]
    assert b"pixel.gif" in asked_for.content


def test_html_that_would_hold_the_server_is_not_drawn() -> None:
    with pytest.raises(shown.TooComplicated):
        shown.clean("<div>" * 5_001)
