"""Why a check is an alert, why nobody was told, and what became of one result: looked up, explained, in words."""

from __future__ import annotations

from datetime import datetime

from incidents.models import Silence
from monitoring import explain, judging, verdict, wording
from monitoring.models import Alert, Check, CheckState, Result


def of_check(check: Check, *, now: datetime) -> list[str]:
    """Sentences, in the order in which a signal would meet what they tell of."""
    state = CheckState.objects.filter(check_ref=check).first()
    memory = (verdict.load(state.memory) if state else None) or verdict.State()
    return wording.sentences(explain.check(memory, judging.options_of(check), _around(check, now), now))


def of_result(result: Result) -> list[str]:
    return wording.sentences(explain.signal(result.change, result.why))


def _around(check: Check, now: datetime) -> explain.Around:
    alert = Alert.objects.select_related("held_by").filter(check_ref=check).open().first()
    standing = Silence.objects.standing(now).about(check.service, check.slug)
    return explain.Around(
        is_paused=check.is_paused,
        held_by=alert.held_by.slug if alert and alert.held_by else "",
        told_at=alert.told_at if alert else None,
        has_alert=alert is not None,
        silences=tuple(silence.reason for silence in standing if silence.window(now)),
    )
