"""The starter rules on a real company's log: the figures that docs/performance.md publishes."""

from __future__ import annotations

import pytest

from bench import servicenow

pytestmark = pytest.mark.skipif(not servicenow.FILE.exists(), reason="the log is not on this machine")


def test_the_published_figures_come_out() -> None:
    log = servicenow.tickets(servicenow.FILE)
    raised = {one.rule.key: one for one in servicenow.replay(log)}
    assert (len(log), sum(ticket.priority <= servicenow.HIGH for ticket in log)) == (445, 34)
    told = {key: (len(one.side.occasions), len(servicenow.good_of(one, log)), one.undecided) for key, one in raised.items()}
    assert told == {
        "R1": (10, 10, 0), "R2": (0, 0, 34), "R3": (3, 2, 0), "R4": (0, 0, 445), "R4*": (3, 0, 0), "R5": (0, 0, 445), "R6": (0, 0, 445),
    }  # fmt: skip
