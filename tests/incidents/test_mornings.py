"""The night in ten lines, by mail once, and what one leaves behind."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import drafts, incidents, mornings, pledges, tickets
from incidents.models import Draft, Ticket
from notifications.models import Message, MutedTopic
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import report


def texts(acme: Company, who: str = "ana") -> list[str]:
    return [line.text for line in mornings.overnight(acme.people[who], now=at(7, 30, day=24))]


def test_a_quiet_night_is_ten_lines_too(acme: Company) -> None:
    lines = texts(acme)
    assert len(lines) == 10
    assert {"No incident was opened.", "Nobody was paged.", "0 tickets are late."} <= set(lines)


def test_the_night_begins_when_the_desk_closed_and_on_monday_on_friday(acme: Company) -> None:
    assert mornings.since(at(7, 30, day=24)) == at(18)
    assert mornings.since(at(7, 30, day=30)) == at(18, day=27)


def test_what_happened_is_named(acme: Company) -> None:
    grounds = incidents.Grounds(title="VPN is down", reason="", service=acme.services["vpn"], severity=2, since=at(23))
    incident = incidents.declare(grounds, now=at(23)).incident
    assert incident
    report(acme, "ella", at(22), impacted="everyone", effect="cannot")
    said = "\n".join(texts(acme))
    assert f"{incident.number} SEV2 VPN is down" in said
    assert "1 ticket came" in said
    assert "nobody has it" in said


def test_what_is_confidential_is_counted_and_not_told(acme: Company) -> None:
    grounds = incidents.Grounds(
        title="canary-61 theft", reason="", severity=2, since=at(23), is_confidential=True, team=acme.teams["network"], service=None
    )
    incidents.declare(grounds, now=at(23))
    said = "\n".join(texts(acme, "dana"))
    assert "1 confidential" in said
    assert "canary-61" not in said


@pytest.mark.parametrize(
    ("moment", "sent"),
    [(at(7, 29, day=24), 0), (at(7, 30, day=24), 5), (at(10, day=24), 0), (at(7, 30, day=28), 0)],
    ids=["early", "now", "late", "saturday"],
)
def test_it_is_mailed_at_half_past_seven_on_days_the_desk_opens(acme: Company, moment: object, sent: int) -> None:
    assert mornings.send_due(now=moment) == sent  # type: ignore[arg-type]


def test_it_is_mailed_once_and_not_to_who_switched_it_off(acme: Company) -> None:
    MutedTopic.objects.create(person=acme.people["ben"], topic="digest")
    assert [mornings.send_due(now=at(7, minute, day=24)) for minute in (30, 31, 45)] == [4, 0, 0]
    letters = Message.objects.filter(thread="morning")
    assert sorted(letters.values_list("person__username", flat=True)) == ["ana", "dana", "kim", "sam"]
    assert letters[0].text.count("\n") >= 12


def test_before_one_goes_one_sees_what_falls_due_meanwhile(acme: Company) -> None:
    ana = acme.people["ana"]
    ticket = tickets.assign(report(acme, "ella", at(9)), to=ana, actor=ana, now=at(9))
    pledges.answer(ticket, author=ana, text="", promise="I call you", due_at=at(9, day=24), now=at(9, 5))
    other = tickets.assign(report(acme, "omar", at(17, 50), "The plotter is slow"), to=ana, actor=ana, now=at(17, 50))
    drafts.keep(ana, Draft.Kind.REPLY, other.pk, {"text": "Dear"}, now=at(17, 55))
    left = mornings.leaving(ana, now=at(17, 58))
    assert left.back_at == at(8, day=24)
    assert [pledge.text for pledge in left.pledges] == ["I call you"]
    assert (left.waiting, len(left.drafts)) == ([other], 1)
    Ticket.objects.filter(pk=other.pk).update(first_answer_due_at=at(23))
    assert [row.pk for row in mornings.leaving(ana, now=at(17, 58)).breaches] == [other.pk]


def test_both_pages_cost_the_same_for_one_and_for_many(acme: Company, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    ana = signed_in(acme.people["ana"])
    for minute in range(8):
        report(acme, "ella", at(9, minute), f"Lathe {minute}")
    ana.get("/queue/")  # the frame's own look at who is on call is kept for a while
    with django_assert_max_num_queries(20):  # six of them the rotas, however many schedules there are
        assert ana.get("/morning/").status_code == 200
    with django_assert_max_num_queries(12):
        assert ana.get("/before-you-go/").status_code == 200


def test_a_full_desk_is_counted_up_to_the_cap(acme: Company) -> None:
    kept = report(acme, "ella", at(9), effect="workaround")
    late = {"title": "Old", "what": "Old", "requester": kept.requester, "created_at": at(8), "updated_at": at(8)}
    Ticket.objects.bulk_create(Ticket(**late, first_answer_due_at=at(8, 30)) for _n in range(999))
    assert {"1000 tickets are late.", "1000 tickets need triage."} <= set(texts(acme))
    Ticket.objects.bulk_create([Ticket(**late, first_answer_due_at=at(8, 30))])
    assert {"More than 1000 tickets are late.", "More than 1000 tickets need triage."} <= set(texts(acme))


TIMES = ["first_answer_due_at", "next_answer_due_at", "solution_due_at"]


@pytest.mark.parametrize("column", TIMES)
@pytest.mark.parametrize(
    ("due", "said"),
    [
        (at(7, 30, day=24), {"1 ticket is late.", "0 more fall due within an hour."}),
        (at(8, 30, day=24), {"0 tickets are late.", "1 more falls due within an hour."}),
        (at(8, 31, day=24), {"0 tickets are late.", "0 more fall due within an hour."}),
    ],
    ids=["late", "soon", "later"],
)
def test_each_time_that_is_owed_counts_once(acme: Company, column: str, due: object, said: set[str]) -> None:
    row = report(acme, "ella", at(9), "Lathe", effect="workaround")
    Ticket.objects.filter(pk=row.pk).update(**dict.fromkeys(TIMES) | {column: due})
    assert said <= set(texts(acme))
