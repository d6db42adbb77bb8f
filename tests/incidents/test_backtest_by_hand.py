"""What a backtest says of ninety days, counted again by plain SQL over the tickets themselves, of which it asks nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from incidents import backtest
from incidents.models import Rule
from servicedesk.operations.worlds import company, history
from tests.actors import NINE
from tests.incidents.test_backtest import edited

START = NINE - timedelta(days=90)
APART = {"sqlite": "ROUND((julianday({0}) - julianday({1})) * 86400, 3)", "postgresql": "EXTRACT(EPOCH FROM {0} - {1})"}
REPORTED = "t.kind = 'report' AND t.created_at >= %(start)s AND t.created_at < %(now)s"

CONSIDERED = f"SELECT COUNT(*) FROM incidents_ticket t WHERE {REPORTED}"
REQUESTS = "SELECT COUNT(*) FROM incidents_ticket t WHERE t.kind = 'request' AND t.created_at >= %(start)s AND t.created_at < %(now)s"
SAME_PERSON = f"""
    SELECT COUNT(*) FROM incidents_ticket t WHERE {REPORTED} AND EXISTS (
        SELECT 1 FROM incidents_ticket e WHERE e.requester_id = t.requester_id AND e.service_id = t.service_id AND e.kind = 'report'
        AND e.id <> t.id AND %(apart_solved)s BETWEEN 0 AND %(within_s)s)
"""
SEVERAL_PEOPLE = f"""
    SELECT COUNT(*) FROM incidents_ticket t WHERE {REPORTED} AND %(at_least)s <= (
        SELECT COUNT(DISTINCT e.requester_id) FROM incidents_ticket e WHERE e.service_id = t.service_id AND e.kind = 'report'
        AND (e.created_at, e.id) <= (t.created_at, t.id) AND %(apart_made)s <= %(within_s)s)
"""
RAISED = f"SELECT COUNT(*) FROM incidents_ticket t WHERE {REPORTED} AND t.severity <= 2 AND t.severity_by_id IS NOT NULL"
FIRED = """
    SELECT COUNT(DISTINCT v.ticket_id) FROM incidents_firing f JOIN incidents_evaluation v ON v.id = f.evaluation_id
    JOIN incidents_rule r ON r.id = f.rule_id WHERE r.key = %(key)s AND v.at >= %(start)s AND v.at < %(now)s
"""


def counted(query: str, **given: Any) -> int:
    """The number this query finds; the two distances are written in the database's own words."""
    apart = APART[connection.vendor]
    for name, column in (("apart_solved", "e.solved_at"), ("apart_made", "e.created_at")):
        query = query.replace(f"%({name})s", apart.format("t.created_at", column))
    with connection.cursor() as cursor:
        cursor.execute(query, {"start": START, "now": NINE, **given})
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_the_figures_of_ninety_days_are_those_of_plain_sql() -> None:
    history.write(company.found(now=NINE), now=NINE)
    edited("R4", same=["service"], times_usual=None, at_least_without_history=None)  # without likeness, which SQL cannot say
    person, several = (backtest.run(Rule.objects.get(key=key), days=90, now=NINE) for key in ("R3", "R4"))
    assert person.considered == several.considered == counted(CONSIDERED) > 800
    assert person.requests == counted(REQUESTS) > 100
    assert person.matches == counted(SAME_PERSON, within_s=7 * 86_400) == person.matches_before == counted(FIRED, key="R3") > 100
    assert several.matches == counted(SEVERAL_PEOPLE, at_least=3, within_s=1800) > several.matches_before == counted(FIRED, key="R4") > 20
    swept = {(one.part, one.value): one.matches for one in several.swept}
    for (part, value), matches in swept.items():
        clause = {"at_least": 3, "within_s": 1800} | {"at_least" if part == "people" else "within_s": value}
        assert (part, value, matches) == (part, value, counted(SEVERAL_PEOPLE, **clause))
    assert (several.raised_by_people, several.kept_raised_by_people) == (counted(RAISED), 5)
    assert several.replayed == several.equal == 200
