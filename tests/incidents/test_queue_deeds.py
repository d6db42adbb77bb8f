"""What is pressed in the queue: many people asked for once more, tickets declared one outage, a view kept, shared and forgotten."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import bulk
from incidents.models import Entry, Incident, SavedView, Ticket
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import paged
from tests.incidents.reporting import report

ANSWER = {"deed": "reply", "text": "The lathes run again"}


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def filed(acme: Company, count: int) -> list[Ticket]:
    askers = ("ella", "omar", "lea", "eve")
    return [report(acme, askers[number % len(askers)], at(9), f"Lathe {number}") for number in range(count)]


def done(browser: Client, rows: list[Ticket], **asked: str) -> str:
    return browser.post("/queue/do/", {"ticket": [row.pk for row in rows], **asked}, follow=True).content.decode()


def letters() -> int:
    return Message.objects.filter(channel="email").count()


@pytest.mark.parametrize("order", [ANSWER, {"deed": "solve"}])
def test_writing_to_more_than_twenty_is_asked_once_more(acme: Company, ana: Client, order: dict[str, str]) -> None:
    rows = filed(acme, bulk.MASS + 1)
    before = letters()
    page = done(ana, rows, **order)
    assert "This writes to 4 people" in page
    assert all(row.number in page for row in rows)
    assert order.get("text", "") in page
    assert (letters(), Ticket.objects.filter(state="solved").count(), Entry.objects.filter(kind="reply").count()) == (before, 0, 0)
    done(ana, rows, **order, confirmed="1")
    assert letters() - before == len(rows)


@pytest.mark.parametrize(("count", "order"), [(bulk.MASS, ANSWER), (bulk.MASS + 1, {"deed": "note", "text": "Ordered"})])
def test_twenty_or_what_writes_to_nobody_is_done_at_once(acme: Company, ana: Client, count: int, order: dict[str, str]) -> None:
    rows = filed(acme, count)
    assert "This writes to" not in done(ana, rows, **order)
    assert Entry.objects.filter(text=order["text"]).count() == count


def test_the_question_carries_the_whole_order_to_its_own_answer(acme: Company, ana: Client) -> None:
    """Its form, sent as a browser would, and nothing else."""
    rows = filed(acme, bulk.MASS + 1)
    page = ana.post("/queue/do/", {"ticket": [row.pk for row in rows], "query": "view=triage", **ANSWER})
    kept: dict[str, list[str]] = {}
    for name, value in page.context["kept"]:
        kept.setdefault(name, []).append(value)
    answer = ana.post("/queue/do/", {**kept, "confirmed": "1"})
    assert answer.headers["Location"].startswith("/queue/?view=triage")
    assert Entry.objects.filter(kind="reply", text=ANSWER["text"]).count() == len(rows)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_several_are_declared_one_outage_by_its_form(acme: Company, ana: Client, headers: dict[str, str]) -> None:
    said = {"ella": "The printer is out of paper", "omar": "I cannot find my badge", "lea": "The beamer hums in room four"}
    rows = [report(acme, who, at(9), what) for who, what in said.items()]
    answer = ana.post("/queue/do/", {"ticket": [row.pk for row in rows], "deed": "outage=2"}, headers=headers)
    incident = Incident.objects.get()
    assert answer.headers.get("HX-Redirect", answer.headers.get("Location")) == f"/incidents/{incident.pk}/"
    assert (incident.severity, incident.tickets.count(), paged(incident)) == (2, 3, [("sam", 1)])
    assert "Ana says that it is one outage." in incident.reason


def test_an_outage_needs_tickets_and_a_severity(acme: Company, ana: Client) -> None:
    rows = filed(acme, 2)
    assert "Choose SEV1 to SEV4." in done(ana, rows, deed="outage=5")
    assert "Select at least one ticket first." in done(ana, [], deed="outage=2")
    assert not Incident.objects.exists()


def kept(browser: Client, name: str, **more: str) -> str:
    return browser.post("/queue/keep/", {"query": "view=unassigned&sev=2", "name": name, **more}, follow=True).content.decode()


def tabs(browser: Client) -> str:
    page = browser.get("/queue/").content.decode()
    return page[page.index('id="views"') : page.index("</nav>", page.index('id="views"'))]


def test_a_view_is_kept_with_its_filters_and_leads_back_to_them(acme: Company, ana: Client) -> None:
    page = kept(ana, "Hot and nobody's")
    assert "Forget Hot and nobody&#x27;s" in page
    assert '<a href="?view=unassigned&amp;sev=2">Hot and nobody&#x27;s</a>' in tabs(ana)
    assert "Hot and nobody" not in tabs(signed_in(acme.people["ben"]))


def test_a_shared_view_is_every_colleagues_and_forgotten_by_its_owner_alone(acme: Company, ana: Client) -> None:
    kept(ana, "Hot", shared="on")
    ben, view = signed_in(acme.people["ben"]), SavedView.objects.get()
    assert ">Hot</a>" in tabs(ben)
    assert "Forget Hot" not in ben.get("/queue/").content.decode()
    ben.post("/queue/keep/", {"forget": view.pk})
    assert ">Hot</a>" in tabs(ana)
    ana.post("/queue/keep/", {"forget": view.pk, "query": "view=mine"})
    assert (">Hot</a>" in tabs(ana), SavedView.objects.count()) == (False, 0)


def test_a_view_needs_a_name_of_its_own(acme: Company, ana: Client) -> None:
    assert "Give the view a name." in kept(ana, "  ")
    kept(ana, "Hot")
    assert "You have a view of that name already." in kept(ana, "Hot")
    kept(signed_in(acme.people["ben"]), "Hot")
    assert SavedView.objects.filter(name="Hot", created_at__gt=NINE).count() == 2


def test_an_auditor_and_an_employee_keep_and_do_nothing(acme: Company) -> None:
    rows = filed(acme, 1)
    for who in ("vera", "ella"):
        browser = signed_in(acme.people[who])
        for path, said in (
            ("do", {"ticket": rows[0].pk, **ANSWER}),
            ("keep", {"name": "Hot"}),
            ("do", {"ticket": rows[0].pk, "deed": "outage=1"}),
        ):
            assert browser.post(f"/queue/{path}/", said).status_code in (403, 404)
    assert (SavedView.objects.count(), Incident.objects.count(), Entry.objects.filter(kind="reply").count()) == (0, 0, 0)
