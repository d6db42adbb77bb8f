"""Long work goes on without its page, without its worker and without a broker; it ends once, visibly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from servicedesk.audit.models import AuditEntry
from servicedesk.jobs import running, work
from servicedesk.jobs.models import Job, JobState
from servicedesk.jobs.running import JobRefused, Result, Run
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

pytestmark = pytest.mark.django_db
LATER = NINE + work.PATIENCE
begun: list[int | None] = []


def count(run: Run) -> Result:
    """To the number asked for, one at a time."""
    begun.append(run.checkpoint)
    for number in range((run.checkpoint or 0) + 1, run.job.parameters["to"] + 1):
        run.progress(number, total=run.job.parameters["to"], checkpoint=number, text=f"{number}\r\n")
    return Result(figures={"counted": run.job.parameters["to"]}, file_name="numbers.csv")


def taken_back(run: Run) -> Result:
    work.cancel(run.job, actor=run.job.asked_by, now=run.now)
    return count(run)


def killed(run: Run) -> Result:
    """As if the process ended here: nothing is written any more, and the lease runs out."""
    run.progress(2, total=5, checkpoint=2, text="1\r\n2\r\n")
    Job.objects.filter(pk=run.job.pk).update(claim_id=None, lease_until=Now() - timedelta(seconds=1))
    raise running.Lost


def poisoned(run: Run) -> Result:
    Job.objects.filter(pk=run.job.pk).update(claim_id=None, lease_until=Now() - timedelta(seconds=1))
    raise running.Lost


def broken(run: Run) -> Result:
    raise ZeroDivisionError


def refused(run: Run) -> Result:
    raise JobRefused("There is nothing to count.")


@pytest.fixture(autouse=True)
def kinds(settings: Any) -> None:
    begun.clear()
    settings.JOB_KINDS = {one.__name__: f"{__name__}.{one.__name__}" for one in (count, taken_back, killed, poisoned, broken, refused)}


def asked(acme: Company, kind: str = "count", to: int = 5) -> Job:
    return work.start(kind, asked_by=acme.people["ana"], title="Counting", parameters={"to": to}, now=NINE)


def now(job: Job) -> Job:
    job.refresh_from_db()
    return job


def text(job: Job) -> str:
    return "".join(job.parts.values_list("text", flat=True))


def test_a_worker_does_it_and_its_file_is_whole(acme: Company) -> None:
    job = asked(acme)
    assert work.run_first([job.pk], now=NINE) == 1
    assert (now(job).state, job.done, job.total, job.result, job.due_at) == (JobState.DONE, 5, 5, {"counted": 5}, None)
    assert text(job) == "1\r\n2\r\n3\r\n4\r\n5\r\n"
    assert work.run_first([job.pk], now=NINE) == 0


def test_the_engine_waits_for_workers_and_then_does_it_itself(acme: Company) -> None:
    job = asked(acme)
    assert work.run_due(now=LATER - timedelta(seconds=1)) == 0
    assert work.run_due(now=LATER) == 1
    assert now(job).state == JobState.DONE
    assert work.run_due(now=LATER) == 0


def test_a_slice_that_is_over_rests_and_the_next_goes_on_from_there(acme: Company) -> None:
    job = asked(acme, to=3)
    while now(job).is_open:
        assert running.run(job.pk, now=NINE, slice_s=0)
    assert begun == [None, 1, 2, 3]
    assert text(job) == "1\r\n2\r\n3\r\n"


def test_what_its_killed_worker_left_is_taken_up_by_the_engine(acme: Company, settings: Any) -> None:
    job = asked(acme, "killed")
    work.run_first([job.pk], now=NINE)
    settings.JOB_KINDS["killed"] = settings.JOB_KINDS["count"]
    assert work.run_due(now=NINE + running.LEASE) == 1
    assert (begun, now(job).state, text(job)) == ([2], JobState.DONE, "1\r\n2\r\n3\r\n4\r\n5\r\n")


def test_a_lease_that_runs_keeps_others_off(acme: Company) -> None:
    job = asked(acme)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, lease_until=Now() + running.LEASE)
    assert (work.run_due(now=LATER), work.run_first([job.pk], now=LATER), begun) == (0, 0, [])


def test_what_kills_its_worker_each_time_fails_visibly(acme: Company) -> None:
    job = asked(acme, "poisoned")
    for minute in range(5):
        work.run_due(now=NINE + timedelta(minutes=minute + 1))
    assert now(job).state == JobState.FAILED
    assert "three times" in job.message


def test_no_more_than_two_run_at_once(acme: Company) -> None:
    one, two, three = asked(acme), asked(acme), asked(acme)
    Job.objects.filter(pk__in=[one.pk, two.pk]).update(state=JobState.RUNNING, lease_until=Now() + running.LEASE)
    assert work.run_first([three.pk], now=NINE) == 0
    Job.objects.filter(pk=one.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert work.run_first([three.pk], now=NINE) == 1


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_piece(acme: Company) -> None:
    waiting, runs = asked(acme), asked(acme, "taken_back")
    assert work.cancel(waiting, actor=acme.people["ana"], now=NINE).state == JobState.CANCELLED
    work.run_first([runs.pk], now=NINE)
    assert (now(runs).state, runs.done) == (JobState.CANCELLED, 1)
    assert work.cancel(runs, actor=acme.people["ana"], now=LATER).cancel_asked_at == NINE
    assert AuditEntry.objects.filter(noun="jobs.job", verb="cancel").count() == 2


@pytest.mark.parametrize(("kind", "words"), [("broken", "Something went wrong on our side"), ("refused", "There is nothing to count.")])
def test_a_failure_says_what_to_do(kind: str, words: str, acme: Company) -> None:
    job = asked(acme, kind)
    work.run_first([job.pk], now=NINE)
    assert now(job).state == JobState.FAILED
    assert job.message.startswith(words)


def test_a_kind_nobody_knows_is_refused_when_asked(acme: Company) -> None:
    with pytest.raises(KeyError):
        asked(acme, "make coffee")
    assert not Job.objects.exists()


def test_the_page_tells_how_far_it_is_and_the_pulse_only_what_changed(acme: Company) -> None:
    job, ana = asked(acme), signed_in(acme.people["ana"])
    page = ana.get(f"/jobs/{job.pk}/").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert ana.get(f"/jobs/{job.pk}/?pulse=queued.0.False").status_code == 204
    running.run(job.pk, now=NINE, slice_s=0)
    pulse = ana.get(f"/jobs/{job.pk}/?pulse=queued.0.False")
    assert 'value="1"' in pulse.content.decode()
    assert pulse.headers["Desk-Cursor"] == "queued.1.False"


def test_the_file_is_the_askers_alone_and_a_download_is_on_the_trail(acme: Company) -> None:
    job = asked(acme)
    work.run_first([job.pk], now=NINE)
    answers = {name: signed_in(acme.people[name]).get(f"/jobs/{job.pk}/file/") for name in ("ana", "adam", "dana", "eve")}
    assert {name: answer.status_code for name, answer in answers.items()} == {"ana": 200, "adam": 404, "dana": 404, "eve": 404}
    assert b"".join(answers["ana"].streaming_content).decode() == "\ufeff1\r\n2\r\n3\r\n4\r\n5\r\n"
    assert AuditEntry.objects.get(noun="jobs.job", verb="download").actor == acme.people["ana"]


def test_a_file_is_forgotten_after_a_week_and_the_job_stays(acme: Company) -> None:
    job = asked(acme)
    work.run_first([job.pk], now=NINE)
    assert work.forget(now=NINE + timedelta(days=6)) == 0
    assert work.forget(now=NINE + timedelta(days=8)) == 5
    assert (now(job).file_name, job.state) == ("", JobState.DONE)
