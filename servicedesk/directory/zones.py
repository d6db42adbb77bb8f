"""Whose clock: the person's zone, else the site's, else the organisation's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from servicedesk.directory.models import Organisation, User


def of(user: User | None) -> str:
    """The name of the zone this person's times are shown in."""
    if user is not None and user.zone:
        return user.zone
    if user is not None and user.site is not None:
        return user.site.zone
    organisation = Organisation.current()
    return organisation.zone if organisation else settings.TIME_ZONE


def local(moment: datetime, user: User | None) -> datetime:
    """That moment on this person's clock."""
    return moment.astimezone(ZoneInfo(of(user)))
