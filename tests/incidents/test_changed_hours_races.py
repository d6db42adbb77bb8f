"""Two engines and an administrator see the same new desk hours at the same moment."""

from __future__ import annotations

from functools import partial

from incidents import changed_hours
from servicedesk.directory.models import Organisation, Site
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.racing import at_once, marks

pytestmark = marks


def test_one_job_follows_them(acme: Company) -> None:
    site, adam = Site.objects.get(slug="paris"), acme.people["adam"]
    changed_hours.follow_due(now=NINE)
    for minute, country in enumerate(("DE", "FR", "IT"), 1):
        Site.objects.filter(pk=site.pk).update(country=country)
        engines = [partial(changed_hours.follow_due, now=at(9, minute))] * 3
        at_once(partial(changed_hours.follow, site, actor=adam, now=at(9, minute)), *engines)
        assert Job.objects.count() == minute


def test_a_place_seen_for_the_first_time_by_two_is_written_down_once(acme: Company) -> None:
    where = Organisation.objects.get()
    at_once(*[partial(changed_hours.follow, where, now=NINE)] * 4)
    assert Job.objects.count() == 0
