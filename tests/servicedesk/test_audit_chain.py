"""The audit trail's chain: whatever is changed, removed or added afterwards is found."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.passes import PASSES
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE


def deeds(acme: Company, number: int = 5) -> None:
    for n in range(number):
        AuditEntry.objects.create(at=NINE, actor=acme.people["adam"], actor_label="Adam", verb="change", noun="x", object_id=str(n))
    chain.seal(now=NINE)


def words(now_after: timedelta = timedelta()) -> list[str]:
    return [fault.words for fault in chain.faults(now=NINE + now_after)]


def test_a_sealed_trail_is_whole_and_goes_on(acme: Company) -> None:
    deeds(acme)
    deeds(acme)
    sealed = list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True))
    assert sealed == list(range(1, len(sealed) + 1))
    assert words() == []


@pytest.mark.parametrize("change", [{"verb": "nothing"}, {"after": {"tier": 9}}, {"actor": None}, {"at": NINE + timedelta(seconds=1)}])
def test_a_changed_row_is_found(acme: Company, change: dict[str, object]) -> None:
    deeds(acme)
    AuditEntry.objects.filter(sequence=AuditEntry.objects.count() - 2).update(**change)
    assert "is not what was sealed" in words()[0]


def test_a_removed_row_is_found(acme: Company) -> None:
    deeds(acme)
    AuditEntry.objects.filter(sequence=3).delete()
    assert words()[0] == "1 rows are missing before this place."


def test_a_row_with_a_new_seal_is_found_by_the_next(acme: Company) -> None:
    deeds(acme)
    row = AuditEntry.objects.get(sequence=3)
    row.verb = "nothing"
    before = AuditEntry.objects.get(sequence=2).digest
    AuditEntry.objects.filter(pk=row.pk).update(verb="nothing", digest=chain.digest_of(row, before))
    assert len(words()) == 1


def test_rows_left_unsealed_are_told_after_a_while(acme: Company) -> None:
    deeds(acme)
    AuditEntry.objects.create(at=NINE, actor=None, actor_label="Servicedesk", verb="x", noun="x", object_id="1")
    assert words() == []
    assert "not sealed" in words(timedelta(minutes=6))[0]


def test_the_command_says_whole_or_broken(acme: Company) -> None:
    deeds(acme)
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert "The trail is whole" in said.getvalue()
    AuditEntry.objects.filter(sequence=2).update(verb="nothing")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", stdout=StringIO())
    assert ended.value.code == 1


def test_the_engine_seals() -> None:
    assert chain.seal in [one.run for one in PASSES]
