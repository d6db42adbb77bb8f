"""The same form from two connections at once, on PostgreSQL."""

from __future__ import annotations

from incidents.models import Entry, Incident
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents import racing
from tests.incidents.racing import at_once
from tests.incidents.reporting import report

pytestmark = racing.marks


def test_a_double_click_is_one_answer_one_call_and_one_incident(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    dana = [signed_in(acme.people["dana"]) for _click in range(3)]
    forms = {
        f"/tickets/{ticket.pk}/reply/": {"text": "Try again"},
        f"/tickets/{ticket.pk}/call/": {"text": "Nobody answered", "minutes": 0, "direction": "out"},
        "/incidents/new/": {"title": "VPN is slow", "service": "vpn", "severity": 3},
    }
    for path, said in forms.items():
        deeds = [lambda one=one, path=path, said=said: one.post(path, {**said, "form_key": "k1"}) for one in dana]
        assert len({answer.headers["Location"] for answer in at_once(*deeds)}) == 1
    assert list(Entry.objects.exclude(kind="event").values_list("kind", flat=True)) == ["reply", "call"]
    assert Incident.objects.count() == 1
