"""The web process looks after the engine: when it falls silent, or nothing gets through any more, it mails the administrators itself.

No queue, no worker and no engine has a part in that mail. Addresses are kept in memory, so that a database that is away is told
of as well. Of several web processes one writes, once an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from notifications import reach
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown, Parcel
from notifications.channels import send as hand_over
from servicedesk import clock
from servicedesk.directory.models import Role, User
from servicedesk.operations import selfwatch, standstill
from servicedesk.operations.models import EnginePass

log = structlog.get_logger(__name__)

LOOK_S = 20.0
PATIENCE_S = 60.0  # on top of the minute after which something counts as a trouble
AGAIN_S = 3600.0
ROW = "watchman"


class Watchman:
    """`look` gives the troubles of this moment, `mail` one parcel its way."""

    def __init__(self, look: Callable[[], list[str]], mail: Callable[[Parcel], str] = hand_over) -> None:
        self.look, self.mail = look, mail
        self.addresses: list[str] = []
        self.since: float | None = None
        self.told_at = float("-inf")

    def watch(self) -> None:
        """For ever, in a thread of its own."""
        while True:
            time.sleep(LOOK_S)
            try:
                close_old_connections()
                self.turn(time.monotonic())
            except Exception:
                log.exception("the watchman stumbled")

    def turn(self, at: float) -> bool:
        """One look at monotonic second `at`; whether the administrators were told."""
        troubles = self.look()
        if not troubles:
            self.since, self.addresses = None, self._addresses() or self.addresses
            return False
        self.since = at if self.since is None else self.since
        is_time = at - self.since >= PATIENCE_S and at - self.told_at >= AGAIN_S
        if not is_time or not self._is_ours():
            return False
        self.told_at = at
        self._tell(troubles)
        return True

    def _addresses(self) -> list[str]:
        admins = User.objects.get_queryset().holding(Role.ADMIN).order_by("pk")
        return list(filter(None, (reach.mail_address(person) for person in admins)))

    def _is_ours(self) -> bool:
        """One web process speaks for all; where the database cannot say which, each does."""
        try:
            EnginePass.objects.get_or_create(name=ROW, defaults={"every_s": 0, "version": 0})
            free = Q(ran_at=None) | Q(ran_at__lt=Now() - timedelta(seconds=AGAIN_S / 2))
            return bool(EnginePass.objects.filter(free, name=ROW).update(ran_at=Now()))
        except (DatabaseError, InterfaceError):
            return True

    def _tell(self, troubles: list[str]) -> None:
        log.error("the desk does not page", troubles=troubles)
        text = "\n".join([*troubles, "", _("See the log, and %(url)s") % {"url": f"{settings.SITE_URL}/readyz"}])
        number = int(clock.wall().timestamp())
        letter = Parcel(number, "email", "", _("The help desk does not page anybody"), text, "", token="", reference="", thread="DESK")
        for address in self.addresses:
            try:
                self.mail(replace(letter, to=address))
            except (DeliveryFailed, NoProvider, OutcomeUnknown) as error:
                log.error("the watchman's mail did not go out", to=address, error=str(error))


def _troubles() -> list[str]:
    """Those nobody asked for: whoever holds the desk knows of it."""
    found = selfwatch.troubles(now=clock.wall())
    return [] if found and found[0] == _held() else found


def _held() -> str:
    try:
        return standstill.words()
    except (DatabaseError, InterfaceError):
        return ""


def start() -> None:
    """Where the desk watches itself: begin."""
    if settings.SELF_WATCH:
        threading.Thread(target=Watchman(_troubles).watch, name="watchman", daemon=True).start()
