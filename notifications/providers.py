"""Which provider carries the next attempt: the first that is not down, and of those the one this message failed at least.

Three failures within a minute, or a closed account, and a provider is down: for five minutes another is tried first. The
first letter that gets through says that it is well. Where there is one only, it is tried all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import channels
from notifications.channels import DeliveryFailed
from notifications.models import Attempt, Message, ProviderState
from notifications.states import AttemptState

MOST_FAILURES = 3
WITHIN = timedelta(seconds=60)
DOWN_FOR = timedelta(minutes=5)
OURS = {"private", "no_caller"}  # what no other provider mends
NAMES: dict[str, str | Promise] = {
    "twilio": _("Text messages and calls"),
    "twilio-2": _("Text messages and calls, second provider"),
    "mail": _("E-mail"),
    "mail-2": _("E-mail, second server"),
    "chat": _("Chat"),
    "webhook": _("Webhook"),
    "push": _("Browser"),
    "apprise": _("Other service"),
}
EACH_ITS_OWN = ("chat", "webhook", "push", "apprise")  # each room and each program is its own: one that is down says nothing of others


def choose(message: Message, *, now: datetime) -> str:
    """Through whom this message goes now."""
    names = channels.providers(message.channel)
    if len(names) == 1:
        return names[0]
    avoided = set(ProviderState.objects.avoided(now).values_list("name", flat=True))
    failed = list(message.tries.filter(state=AttemptState.FAILED).values_list("provider", flat=True))
    return min(names, key=lambda name: (name in avoided, failed.count(name)))


def has_other(attempt: Attempt, error: DeliveryFailed, *, now: datetime) -> bool:
    """Whether this was the provider's fault, and another was not tried for this message."""
    if not is_providers(error):
        return False
    tried = set(Attempt.objects.filter(message=attempt.message_id).values_list("provider", flat=True))
    return bool(set(channels.providers(attempt.message.channel)) - tried)


def is_providers(error: DeliveryFailed) -> bool:
    """Not the address and not the words: whoever else is asked may do it."""
    is_set_wrong = error.setup_fault and not error.flags_method and error.code not in OURS
    return error.provider_fault or error.provider_down or is_set_wrong


def troubled(attempt: Attempt, error: DeliveryFailed, *, now: datetime) -> None:
    """Note a failure that was the provider's."""
    if is_providers(error) and attempt.provider not in EACH_ITS_OWN:
        _note(attempt.provider, error.reason, at_once=error.provider_down, now=now)


def silent(attempt: Attempt, reason: str, *, now: datetime) -> None:
    """Note that a provider did not answer."""
    if attempt.provider not in EACH_ITS_OWN:
        _note(attempt.provider, reason, at_once=False, now=now)


def well(name: str) -> None:
    """Something got through."""
    ProviderState.objects.filter(name=name, failures__gt=0).update(failures=0, failed_at=None, down_since=None, try_at=None, reason="")


def down() -> Iterable[ProviderState]:
    return ProviderState.objects.down()


def _note(name: str, reason: str, *, at_once: bool, now: datetime) -> None:
    """Failures count while they come within a minute of the first."""
    if not name:
        return
    ProviderState.objects.get_or_create(name=name)
    rows = ProviderState.objects.filter(name=name)
    if not rows.filter(failed_at__gt=now - WITHIN).update(failures=F("failures") + 1, reason=reason[:240]):
        rows.update(failures=1, failed_at=now, reason=reason[:240])
    if at_once or rows.filter(failures__gte=MOST_FAILURES).exists():
        rows.update(try_at=now + DOWN_FOR)
        rows.filter(down_since=None).update(down_since=now)
