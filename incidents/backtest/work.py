"""A backtest as a job: its figures, its sentences and its rows are the job's result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import rulebook, rules, wording
from incidents.backtest import running
from incidents.backtest.paging import Paged
from incidents.backtest.report import Report
from incidents.backtest.saying import as_json, because, sentences
from incidents.models import Rule
from servicedesk.directory.models import User
from servicedesk.jobs import work
from servicedesk.jobs.models import Job, JobState
from servicedesk.jobs.running import JobRefused, Result, Run

KIND = "backtest"
MANY_NIGHTS = 3  # times as many pages at night are worth a question


def start(rule: Rule, *, days: int, asked_by: User, now: datetime) -> Job:
    title = _("Backtest of rule %(key)s, %(days)d days") % {"key": rule.key, "days": days}
    return work.start(KIND, asked_by=asked_by, title=title, parameters={"rule": rule.pk, "days": days, "words": digest(rule)}, now=now)


def done(run: Run) -> Result:
    """The work itself: what JOB_KINDS names."""
    said = run.job.parameters
    rule = Rule.objects.get(pk=said["rule"])
    try:
        report = running.run(rule, days=said["days"], now=run.now, progress=lambda n, total: run.progress(n, total=total))
    except rules.RuleError as error:
        raise JobRefused(_("The rule cannot be read: %(error)s") % {"error": wording.refusal(error)}) from error
    url = f"{reverse('rule', args=[rule.pk])}?backtest={run.job.pk}"
    more = {
        "pages_listed": [*_pages(report.pages_added, "added"), *_pages(report.pages_prevented, "prevented")],
        "nights_added": sum(page.is_night for page in report.pages_added),
        "undecided": report.undecidable,
        "more_rows": report.more_rows,
    }
    return Result(figures={**as_json(report, rows_url=url), **more, "said": list(sentences(report)), "rows": rows(report)}, url=url)


def rows(report: Report) -> list[dict[str, Any]]:
    """The differences, for the table and the API."""
    names = ("thing", "what", "before", "after", "by_people", "verdict")
    return [
        {
            **{name: getattr(row, name) for name in names},
            "at": row.at.isoformat() if row.at else None,
            "because": because(row, report),
        }
        for row in report.rows
    ]


def _pages(pages: Sequence[Paged], change: str) -> Iterator[dict[str, Any]]:
    """Whom the kept turns of then name, for the table and the file."""
    for page in pages:
        at = page.at.isoformat() if page.at else None
        yield {"thing": page.thing, "at": at, "person": page.person, "name": page.name, "is_night": page.is_night, "change": change}


def last_of(rule: Rule, number: int | None = None) -> Job | None:
    """The newest backtest of this rule that is done, or that one."""
    jobs = Job.objects.filter(kind=KIND, state=JobState.DONE, parameters__rule=rule.pk)
    return (jobs.filter(pk=number) if number else jobs.order_by("-pk")).first()


def is_of_these_words(job: Job, rule: Rule) -> bool:
    return bool(job.parameters.get("words") == digest(rule))


def doubts(rule: Rule, *, begins: bool = False) -> list[str]:
    """What the newest backtest of these words says against them; empty: nothing, or they were not tried. `begins`: it pages nobody yet."""
    tried = Job.objects.filter(kind=KIND, state=JobState.DONE, parameters__rule=rule.pk, parameters__words=digest(rule))
    job = tried.order_by("-pk").first()
    if job is None:
        return []
    found, pages = [], job.result["pages"]
    if not job.result["matches"]:
        found.append(_("Over the last %(days)d days it would have matched nothing.") % {"days": job.parameters["days"]})
    said = {"after": pages["nights_after"], "before": 0 if begins else pages["nights_before"]}
    if said["after"] >= MANY_NIGHTS and said["after"] > MANY_NIGHTS * said["before"]:
        found.append(_("It would page %(after)d times at night; now it is %(before)d.") % said)
    return found


def digest(rule: Rule) -> str:
    """Which words were tried: the draft's, or those of the version in force. A draft that is published keeps its own."""
    try:
        words: object = rules.rule_to_json(replace(rulebook.candidate(rule), version=0, mode="live", position=0))
    except rules.RuleError:
        words = rule.draft
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]
