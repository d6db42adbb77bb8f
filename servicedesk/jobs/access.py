"""The only door from a URL to a job: 404 for whoever did not ask for it, but administrators; its file is the asker's alone."""

from __future__ import annotations

from django.http import Http404

from servicedesk.directory.models import User
from servicedesk.jobs.models import Job, JobState


def job(user: User, number: int) -> Job:
    found = Job.objects.visible_to(user).select_related("asked_by").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def own_file(user: User, number: int) -> Job:
    """Raises Http404, also where the file is gone."""
    found = Job.objects.filter(asked_by=user, pk=number, state=JobState.DONE).exclude(file_name="").first()
    if found is None:
        raise Http404
    return found
