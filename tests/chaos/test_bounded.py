"""Six rounds of chaos with a fixed seed: the short form of `make test-chaos`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.desks import Judged
from tests.chaos.ledger import Ledger
from tests.chaos.rounds import Chaos, Told, chaos
from tests.fakes.twilio_records import Asked

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(280)]
SIX = ["worker killed in the answer", "broker absent", "web killed", "twilio drops", "broker flushed", "engine killed"]
SAM = "+33600000001"


@pytest.fixture(scope="module")
def ours() -> Iterator[Chaos]:
    with chaos(seed=6) as made:
        yield made


def test_six_faults_lose_nothing_and_repeat_nothing_in_silence(ours: Chaos) -> None:
    for fault in SIX:
        assert not ours.round(fault).lost, ours.desk.said()
    judged = ours.judge()
    assert judged.holds, (judged, judged.results(), ours.rounds)
    assert judged.answered >= 60


def rows(*texts: tuple[str, str, bool], stored: tuple[str, ...] = ()) -> dict[str, object]:
    return {"texts": list(texts), "stored": list(stored), "untried": 0, "mails_marked": 0}


def asked(body: str) -> Asked:
    return Asked("POST", "/2010-04-01/Accounts/AC/Messages.json", {"To": SAM, "Body": body}, 201)


def ledger(*bodies: str) -> Ledger:
    kept = Ledger(SAM, "sam@acme.example")
    for body in bodies:
        kept.asked.append(asked(body))
    return kept


@pytest.mark.parametrize(("marked", "holds"), [(True, True), (False, False)])
def test_a_repeat_holds_only_where_it_is_marked(marked: bool, holds: bool) -> None:
    judged = Judged.of([Told("none", [1.0], 0)], ledger("INC-1", "INC-1"), rows((SAM, "INC-1", marked)))
    assert (judged.duplicates, judged.holds) == (1, holds)


def test_a_third_creation_never_holds() -> None:
    judged = Judged.of([Told("none", [1.0], 0)], ledger("INC-1", "INC-1", "INC-1"), rows((SAM, "INC-1", True)))
    assert (judged.duplicates, judged.marked, judged.holds) == (2, 1, False)


@pytest.mark.parametrize("wait", [None, 45.1])
def test_a_page_lost_or_late_does_not_hold(wait: float | None) -> None:
    assert not Judged.of([Told("none", [wait], 0)], ledger(), rows()).holds


@pytest.mark.parametrize("stored", [(), ("a", "a")])
def test_a_result_answered_is_stored_once(stored: tuple[str, ...]) -> None:
    kept = ledger()
    kept.answered, kept.posted = {"a"}, {"a"}
    assert not Judged.of([Told("none", [1.0], 0)], kept, rows(stored=stored)).holds
