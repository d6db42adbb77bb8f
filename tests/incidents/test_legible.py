"""Words that cannot be seen are none, and none turn round what stands beside them."""

from __future__ import annotations

import pytest

from incidents import legible, tickets
from incidents.models import Incident, Ticket
from incidents.states import IllegalMove
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

INVISIBLE = ["\u200b\u200b", "\u202e", "\u2800 \u3164", " \u00a0\u2003\ufeff ", "\u0301"]


@pytest.mark.parametrize("words", INVISIBLE)
def test_what_cannot_be_seen_is_refused_with_its_fields_own_words(acme: Company, words: str) -> None:
    ella, dana = signed_in(acme.people["ella"]), signed_in(acme.people["dana"])
    report = ella.post("/new/", {"what": words, "impacted": "me", "effect": "cannot"})
    declared = dana.post("/incidents/new/", {"title": words, "service": "vpn", "severity": "2"})
    assert (report.status_code, declared.status_code) == (422, 422)
    assert "Tell us what happened" in report.content.decode()
    assert "Say what is wrong" in declared.content.decode()
    sent = {"what": words, "impacted": "me", "effect": "cannot"}
    assert ella.post("/api/v1/tickets/", sent, content_type="application/json").status_code == 400
    assert not Ticket.objects.exists()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pay \u202egpj.exe now", "Pay gpj.exe now"),
        ("\u2066Mail\u2069 is\u200b down", "Mail is down"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("Printer 🖨️ stuck", "Printer 🖨️ stuck"),
    ],
)
def test_a_title_reads_in_the_order_it_is_shown(acme: Company, text: str, shown: str) -> None:
    assert legible.line(text) == shown
    assert tickets.file(requester=acme.people["ella"], what=f"\u200b\n{text}", now=NINE).title == shown


def test_a_refused_move_names_states_as_pages_do(acme: Company) -> None:
    ticket = tickets.file(requester=acme.people["ella"], what="Printer", now=NINE)
    Ticket.objects.update(state="closed")
    with pytest.raises(IllegalMove) as refused:
        tickets.take_up(ticket, actor=acme.people["ana"], now=NINE)
    assert str(refused.value) == f"{ticket.number} is: Closed. It cannot become: Open."
