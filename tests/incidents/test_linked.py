"""Texts as staff read them: what is an address or a number in them leads there, and nothing in them becomes markup."""

from __future__ import annotations

import pytest

from incidents.templatetags.ticket import linked
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.reporting import report


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("as in T-7", 'as in <a href="/tickets/7/">T-7</a>'),
        ("INC-213, T-8.", '<a href="/incidents/213/">INC-213</a>, <a href="/tickets/8/">T-8</a>.'),
        ("(T-7)\nnext", '(<a href="/tickets/7/">T-7</a>)<br>next'),
        ("'T-7'", '&#x27;<a href="/tickets/7/">T-7</a>&#x27;'),
        ("https://wiki.example/T-7", '<a href="https://wiki.example/T-7" rel="nofollow">https://wiki.example/T-7</a>'),
    ],
)
def test_numbers_and_addresses_lead_there(text: str, html: str) -> None:
    assert linked(text) == html


@pytest.mark.parametrize("text", ["PART-7", "T-0", "T-7-b", "T-12345678901", "x/T-7", "T-", "INCT-5"])
def test_what_only_looks_like_a_number_is_left_alone(text: str) -> None:
    assert "<a " not in linked(text)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '<a href="javascript:x">T-7</a>', 'http://x.example/"onclick="x', "javascript:alert(1)"]
)
def test_nothing_becomes_markup(text: str) -> None:
    html = linked(text)
    assert "<script" not in html
    assert "javascript:x" not in html or "&quot;javascript:x" in html
    assert ' onclick="' not in html
    assert 'href="javascript' not in html


def test_an_address_in_a_report_is_a_link_for_both_sides_and_a_number_for_staff_only(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, "Same as T-1, see https://wiki.example/vpn")
    staff = signed_in(acme.people["ana"]).get(f"/tickets/{ticket.pk}/").content.decode()
    own = signed_in(acme.people["ella"]).get(f"/t/{ticket.pk}/").content.decode()
    assert '<a href="/tickets/1/">T-1</a>, see <a href="https://wiki.example/vpn" rel="nofollow">' in staff
    assert 'Same as T-1, see <a href="https://wiki.example/vpn" rel="nofollow">' in own
