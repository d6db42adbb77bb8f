"""The desk on hold: pages are kept, nothing falls due, and afterwards one page tells what did."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from incidents.models import Incident, Run
from notifications import delivery
from notifications.models import Errand, Message
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import HeldFor, Organisation
from servicedesk.operations import engine, health, selfwatch, standstill
from servicedesk.operations.engine import Lane, enrol
from servicedesk.operations.passes import PASSES, Pass
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import MINUTE, email_down, fresh
from tests.incidents.test_incidents import ticket
from tests.servicedesk.test_engine import Diary, lane

QUARTER = timedelta(minutes=15)


def hold(minutes: int | None = 20, held_for: str = HeldFor.MAINTENANCE) -> None:
    standstill.begin(until=None if minutes is None else NINE + minutes * MINUTE, held_for=held_for, now=NINE)


def end(minutes: int) -> None:
    assert standstill.end_due(now=NINE + minutes * MINUTE, passes=PASSES) == 1


def states() -> set[str]:
    return set(Message.objects.filter(lane="page").values_list("state", flat=True))


def test_what_is_queued_on_hold_stays_and_goes_out_afterwards(acme: Company) -> None:
    hold()
    email_down(acme)
    queued = list(Message.objects.filter(state="queued").values_list("pk", flat=True))
    assert queued
    delivery.deliver_all(queued, now=NINE)
    assert set(Message.objects.filter(pk__in=queued).values_list("state", flat=True)) == {"queued"}
    end(20)
    delivery.deliver_all(queued, now=NINE + 20 * MINUTE)
    assert all(Message.objects.filter(pk__in=queued).values_list("attempts", flat=True))


def test_a_pass_waits_for_the_end_unless_it_goes_on(acme: Company) -> None:
    waits, goes_on = Diary(), Diary()
    ours = lane(Pass("waits", 3600, waits), Pass("goes on", 1, goes_on, on_hold=True))
    hold()
    ours.tick()
    assert (len(waits.ran), len(goes_on.ran)) == (0, 1)
    end(20)
    ours.leases.renewed_at = float("-inf")  # it looks every two seconds
    ours.tick()
    assert len(waits.ran) == 1


def test_the_engine_ends_a_hold_by_itself_and_not_before(acme: Company) -> None:
    hold(20)
    assert standstill.end_due(now=NINE + 19 * MINUTE, passes=PASSES) == 0
    assert standstill.is_on()
    engine.run_once(NINE + 20 * MINUTE, PASSES[:1])
    assert not standstill.is_on()
    assert list(AuditEntry.objects.filter(noun="directory.organisation").values_list("verb", flat=True)[:2]) == ["end hold", "hold"]


def test_an_engine_on_hold_is_awake_and_says_so(acme: Company) -> None:
    hold()
    holding = [one for one in PASSES if one.on_hold]
    enrol(PASSES)
    ours = Lane(holding, "one", engine.threading.Event())
    ours.leases.took_ms = dict.fromkeys((one.name for one in holding), 1)
    ours.leases.renew()
    email_down(acme)
    found = health.look(now=NINE + QUARTER)
    assert (found.ready, found.on_hold) == (True, True)
    assert selfwatch.troubles(now=NINE) == ["On hold until 23 Nov 08:20 UTC: nobody is paged until then; what falls due is kept."]


def test_answers_that_fell_due_meanwhile_come_as_one_page(acme: Company) -> None:
    for _ in range(2):
        late = ticket(acme)
        type(late).objects.filter(pk=late.pk).update(
            severity=2, first_answer_due_at=NINE + QUARTER, first_answered_at=None, is_due_quiet=False
        )
    hold()
    end(20)
    [incident] = Incident.objects.all()
    assert incident.title.startswith("2 first answers fell due while the desk was down")


def test_after_a_restore_nothing_old_is_sent_and_one_page_names_what_is_open(acme: Company) -> None:
    old = email_down(acme, now=NINE - QUARTER)
    hold(None, HeldFor.RESTORE)
    assert standstill.end_due(now=NINE + 600 * MINUTE, passes=PASSES) == 0  # until somebody says so
    hold(1)
    end(2)
    assert set(Message.objects.filter(thread=old.number, lane="page").values_list("state", flat=True)) == {"expired"}
    assert not Errand.objects.open().filter(thread=old.number).exists()
    assert not Run.objects.open().filter(incident=old).exists()
    [catch_up] = Incident.objects.exclude(pk=old.pk)
    assert catch_up.title == f"After the restore, still open: {old.number}"
    assert Message.objects.filter(thread=catch_up.number, lane="page", state="queued").exists()


def test_after_a_restore_what_people_do_meanwhile_goes_on(acme: Company) -> None:
    hold(None, HeldFor.RESTORE)
    new = email_down(acme, now=NINE + MINUTE)
    hold(2)
    end(3)
    assert Run.objects.open().filter(incident=new).exists()
    assert Message.objects.filter(thread=new.number, lane="page", state="queued").exists()
    assert fresh(new).state == "triggered"


def test_a_run_of_the_backup_that_is_due_takes_its_step_in_silence(acme: Company) -> None:
    old = email_down(acme, now=NINE - 2 * QUARTER)
    hold(None, HeldFor.RESTORE)
    hold(1)
    end(2)
    told = Message.objects.filter(thread=old.number).exclude(state="expired")
    assert list(told.values_list("state", "channel")) == []


def test_a_desk_restored_empty_needs_no_catch_up(acme: Company) -> None:
    hold(0, HeldFor.RESTORE)
    end(0)
    assert not Incident.objects.exists()


@pytest.mark.parametrize("word", ["20", "0m", "25h", "soon", "-5m", "1.5h"])
def test_a_length_that_is_none_is_refused(acme: Company, word: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("hold", "--", word)
    assert refused.value.returncode == 2
    assert not standstill.is_on()


def test_the_command_holds_tells_and_ends(acme: Company) -> None:
    said = StringIO()
    call_command("hold", "20m", stdout=said)
    row = Organisation.objects.get()
    assert row.held_since
    assert row.held_until
    assert row.held_until - row.held_since == timedelta(minutes=20)
    with pytest.raises(SystemExit, match="0"):
        call_command("hold", "off", stdout=said)
    assert said.getvalue().startswith("On hold until ")


@pytest.mark.django_db
def test_an_empty_desk_is_not_held() -> None:
    with pytest.raises(CommandError, match="nothing to hold"):
        call_command("hold", "20m")
