"""What tickets do by themselves: they remind, end, close, and ask to be rated."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from incidents import automation, conversation, deskhours, links, settling, targets, tickets
from incidents.models import Batch, Ticket
from notifications.models import Message
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import mails, report
from tests.speaking import person

OFFICE = deskhours.desk({str(day): [["08:00", "18:00"]] for day in range(5)}, "Europe/Paris")
FOURTEEN = timedelta(days=14)


def waiting(acme: Company, **answers: Any) -> Ticket:
    ticket = report(acme, "ella", NINE, **answers)
    return tickets.wait(ticket, "requester", actor=acme.people["ana"], now=at(10))


def after(ticket: Ticket, moment: datetime) -> Ticket:
    settling.settle_due(now=moment)
    ticket.refresh_from_db()
    return ticket


@pytest.mark.parametrize(
    ("since", "days", "due"),
    [(at(10), 3, at(10, day=26)), (at(10, day=27), 3, at(10, day=27) + timedelta(days=5)), (at(10), 7, at(10) + timedelta(days=9))],
)
def test_working_days_leave_out_the_week_end(since: datetime, days: int, due: datetime) -> None:
    assert deskhours.working_days(OFFICE, since, days) == due


def test_a_solved_ticket_closes_after_two_weeks_and_not_before(acme: Company) -> None:
    ticket = tickets.solve(report(acme, "ella", NINE), actor=acme.people["ana"], now=at(10))
    assert after(ticket, at(10) + FOURTEEN - timedelta(seconds=1)).state == "solved"
    assert after(ticket, at(10) + FOURTEEN).state == "closed"
    assert (ticket.closed_at, ticket.settle_at) == (at(10) + FOURTEEN, None)


def test_an_answer_to_a_solved_ticket_keeps_it_open(acme: Company) -> None:
    ticket = tickets.solve(report(acme, "ella", NINE), actor=acme.people["ana"], now=at(10))
    automation.requester_reply(ticket, author=acme.people["ella"], text="Not at all", now=at(11))
    assert after(ticket, at(10) + FOURTEEN).state == "open"


def test_who_does_not_answer_is_reminded_once_and_then_it_ends(acme: Company) -> None:
    ticket = waiting(acme)
    before = len(mails(acme, "ella"))
    assert after(ticket, at(9, 59, day=26)).reminded_at is None
    assert after(ticket, at(10, day=26)).state == "waiting"
    assert after(ticket, at(12, day=26)).reminded_at == at(10, day=26)
    assert "We wait for your answer" in mails(acme, "ella")[before].text
    assert after(ticket, at(10) + timedelta(days=9)).state == "solved"
    assert "We have not heard from you" in mails(acme, "ella")[-1].text
    assert len(mails(acme, "ella")) == before + 2


@pytest.mark.parametrize("impacted", ["everyone", "department"])
def test_silence_never_ends_a_severe_ticket(acme: Company, impacted: str) -> None:
    ticket = waiting(acme, impacted=impacted, impacted_group="Finance" if impacted == "department" else "")
    assert ticket.severity in (1, 2)
    after(ticket, at(10, day=26))
    assert after(ticket, at(10) + timedelta(days=60)).state == "waiting"


def test_an_answer_and_a_new_wait_begin_the_days_again(acme: Company) -> None:
    ticket = after(waiting(acme), at(10, day=26))
    conversation.hear(ticket, author=acme.people["ella"], text="Which cable?", now=at(11, day=26))
    again = tickets.wait(ticket, "requester", actor=acme.people["ana"], now=at(12, day=26))
    assert again.settle_at == at(12, day=26) + timedelta(days=5)


def test_waiting_for_a_vendor_reminds_nobody(acme: Company) -> None:
    ticket = tickets.wait(report(acme, "ella", NINE), "vendor", actor=acme.people["ana"], now=at(10))
    assert ticket.settle_at is None


# Planned for a day


def planned(acme: Company, day: date, moment: datetime = NINE) -> Ticket:
    ticket = tickets.assign(report(acme, "ella", moment), to=acme.people["ana"], actor=acme.people["ana"], now=moment)
    return tickets.wait(ticket, "planned", until=day, actor=acme.people["ana"], now=moment)


def test_what_is_planned_is_open_again_when_the_desk_opens_on_its_day_once(acme: Company) -> None:
    ticket, before = planned(acme, date(2026, 11, 26)), len(mails(acme, "ana"))
    assert (ticket.planned_until, ticket.settle_at) == (at(8, day=26), at(8, day=26))
    assert targets.clocks_of(ticket, now=at(7, 59, day=26))["resolution"].used_s == 0
    assert after(ticket, at(7, 59, day=26)).state == "waiting"
    assert [settling.settle_due(now=at(8, day=26)) for _engine in range(2)] == [1, 0]
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for, ticket.assignee, ticket.settle_at) == ("open", "", acme.people["ana"], None)
    event = ticket.entries.filter(data__verb="move").order_by("-pk")[0]
    assert (event.author, event.at, event.data["because"]) == (None, at(8, day=26), "The day it was planned for has come.")
    (mail,) = mails(acme, "ana")[before:]
    assert "The day it was planned for has come." in mail.text
    assert targets.clocks_of(ticket, now=at(9, day=26))["resolution"].used_s == 3600


def test_of_a_day_on_which_the_desk_is_closed_it_is_the_next_one(acme: Company) -> None:
    assert planned(acme, date(2026, 11, 28)).planned_until == at(8, day=30)  # a Saturday


@pytest.mark.parametrize("day", [None, date(2026, 11, 22), date(2026, 11, 23), date(2029, 1, 1), date.max])
def test_nothing_is_planned_without_a_day_that_is_to_come(acme: Company, day: date | None) -> None:
    ticket = report(acme, "ella", NINE)
    with pytest.raises(tickets.DayNeeded):
        tickets.wait(ticket, "planned", until=day, actor=acme.people["ana"], now=NINE)
    ticket.refresh_from_db()
    assert ticket.state == "new"


def test_another_day_replaces_the_first_and_an_answer_ends_it(acme: Company) -> None:
    ticket = planned(acme, date(2026, 11, 26))
    moved = tickets.wait(ticket, "planned", until=date(2026, 11, 27), actor=acme.people["ana"], now=at(10))
    assert after(moved, at(8, day=26)).state == "waiting"
    assert moved.settle_at == at(8, day=27)
    tickets.take_up(moved, actor=acme.people["ana"], now=at(9, day=26))
    count = moved.entries.count()
    assert after(moved, at(8, day=27)).state == "open"
    assert moved.entries.count() == count


def test_the_page_and_the_queue_ask_for_the_day_and_show_it(acme: Company) -> None:
    ticket, ana = report(acme, "ella", clock.now()), signed_in(acme.people["ana"])
    day = clock.now().date() + timedelta(days=30)
    refused = ana.post(f"/tickets/{ticket.pk}/move/", {"action": "wait:planned"}, follow=True).content.decode()
    assert "choose the day on which it is open again" in refused
    asked = {"ticket": [ticket.pk], "query": "view=all", "deed": "wait:planned"}
    assert "Choose the day on which it is open again." in ana.post("/queue/do/", asked, follow=True).content.decode()
    ana.post("/queue/do/", {**asked, "until": day.isoformat()})
    ticket.refresh_from_db()
    assert ticket.planned_until
    assert "Planned until" in ana.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Planned until" in ana.get("/queue/?view=waiting").content.decode()
    ana.post("/queue/undo/", {"batch": Batch.objects.latest("pk").pk})
    ticket.refresh_from_db()
    assert ticket.state == "open"  # no longer new: it was taken in hand


def test_a_program_plans_with_a_day_and_is_told_where_it_is_missing(acme: Company) -> None:
    ticket, ana = report(acme, "ella", clock.now()), person(acme.people["ana"])
    refused = ana.post(f"tickets/{ticket.number}/wait/", {"waiting_for": "planned"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "until")
    day = (clock.now().date() + timedelta(days=30)).isoformat()
    assert ana.post(f"tickets/{ticket.number}/wait/", {"waiting_for": "planned", "until": day}).json()["state"] == "waiting"


# Not rated


def unrated(acme: Company, moment: datetime = NINE) -> Ticket:
    return report(acme, "ella", moment, impacted="", effect="", origin=Ticket.Origin.MAIL)


def notices() -> int:
    return Message.objects.filter(text__contains="Nobody has rated it for 15 min").count()


def test_the_team_hears_of_a_ticket_not_rated_for_a_quarter_of_an_hour_once(acme: Company) -> None:
    ticket = unrated(acme)
    settling.tell_unrated(now=at(9, 14))
    assert not ticket.entries.filter(data__verb="unrated").exists()
    for minute in (15, 40):
        settling.tell_unrated(now=at(9, minute))
    assert ticket.entries.filter(data__verb="unrated").count() == 1
    assert notices() > 0


def test_at_night_the_quarter_begins_with_the_desk(acme: Company) -> None:
    assert unrated(acme, at(3)).unrated_due_at == at(8, 15)


def test_a_rated_ticket_is_no_news(acme: Company) -> None:
    ticket = unrated(acme)
    tickets.set_severity(ticket, rank=3, actor=acme.people["ana"], now=at(9, 5))
    settling.tell_unrated(now=at(9, 30))
    assert notices() == 0
    assert report(acme, "omar", NINE).unrated_due_at is None


def test_the_receipt_leads_to_the_two_questions_and_looking_changes_nothing(acme: Company) -> None:
    ticket = unrated(acme)
    link = "/r/" + mails(acme, "ella")[0].text.split("/r/")[1].split()[0]
    browser = signed_in(acme.people["eve"])
    for _visit in range(3):
        assert browser.get(link).status_code == 200
        assert browser.head(link).status_code == 200
    ticket.refresh_from_db()
    assert ticket.effect == ""
    page = browser.get(link).content.decode()
    assert "Who is impacted?" in page
    assert "SEV" not in page.split("<main")[1]


def test_the_answers_rate_the_ticket_and_may_be_corrected(acme: Company) -> None:
    ticket = unrated(acme)
    link = links.rating_address(ticket, acme.people["ella"]).removeprefix("http://testserver")
    browser = signed_in(acme.people["ella"])
    assert browser.post(link, {}).status_code == 422
    for impacted in ("everyone", "me"):
        assert browser.post(link, {"impacted": impacted, "effect": "cannot"}).status_code == 302
        automation.evaluate_due(now=at(9, 10) + timedelta(days=900))
        ticket.refresh_from_db()
        assert (ticket.impacted, ticket.effect) == (impacted, "cannot")
    assert ticket.severity == 3


def test_a_link_of_somebody_else_or_of_a_solved_ticket_leads_nowhere(acme: Company) -> None:
    ticket = unrated(acme)
    browser = signed_in(acme.people["ella"])
    of_eve = links.rating_address(ticket, acme.people["eve"]).removeprefix("http://testserver")
    assert browser.get(of_eve).status_code == 404
    assert browser.get("/r/forged:1:x/").status_code == 404
    mine = links.rating_address(ticket, acme.people["ella"]).removeprefix("http://testserver")
    tickets.solve(ticket, actor=acme.people["ana"], now=at(10))
    assert browser.post(mine, {"impacted": "me", "effect": "part"}).status_code == 410
