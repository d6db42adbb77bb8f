"""Walking a person's ladder: letting rows go, the next rung after a failure, and the end of an errand.

Lock order: errand, then message. `lock` takes both; the other functions are called with those locks held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from notifications import bundling
from notifications.models import Errand, Message
from notifications.models.messages import MessageQuerySet
from notifications.states import IN_FLIGHT, TOLD, WAITING, MessageState
from servicedesk import doorbell

TASKS = {Message.Lane.PAGE: "notifications.tasks.deliver_page", Message.Lane.BULK: "notifications.tasks.deliver_bulk"}
THREAD = re.compile(r"INC-([0-9]+)")
UNDER_WAY = (*WAITING, *IN_FLIGHT, *TOLD, MessageState.BUNDLED)


def lock(message_id: int) -> Message:
    """The message, its errand locked before it; of a bundle, the errands of all it stands for."""
    rows = Message.objects.filter(Q(pk=message_id) | Q(bundle=message_id), errand__isnull=False)
    list(Errand.objects.select_for_update().filter(pk__in=rows.values("errand")).order_by("pk").values_list("pk"))
    return Message.objects.select_for_update().get(pk=message_id)


def release(rows: MessageQuerySet, *, now: datetime, binds: bool = False, **columns: Any) -> int:
    """Queue these planned or held rows and ring for them; pages that come thick are held, and go as one when the engine `binds` them."""
    return let_go(list(rows.select_related("errand").order_by("due_at", "pk")), now=now, binds=binds, **columns)


def let_go(rows: Sequence[Message], *, now: datetime, binds: bool = False, **columns: Any) -> int:
    """The same of rows at hand, as they are in the database now."""
    ids = bundling.gather(rows, now=now, binds=binds)
    moved = Message.objects.filter(pk__in=ids).move(MessageState.QUEUED, queued_at=now, unclaimed_since=Now(), reason="", **columns)
    known = {row.pk: row.lane for row in rows}
    _ring({pk: known.get(pk, Message.Lane.PAGE) for pk in [*(pk for pk in known if pk in ids), *ids]})  # a bundle is a page
    return moved


def ring(ids: Iterable[int]) -> None:
    """Tell the workers of each lane that these rows are due."""
    _ring(dict(Message.objects.filter(pk__in=list(ids)).order_by("due_at", "pk").values_list("pk", "lane")))


def _ring(due_lanes: Mapping[int, str]) -> None:
    lanes: dict[str, list[int]] = {}
    for pk, lane in due_lanes.items():
        lanes.setdefault(lane, []).append(pk)
    for lane, due in lanes.items():
        doorbell.ring(TASKS[Message.Lane(lane)], due)


def close(rows: MessageQuerySet, message: Message, to: str, *, reason: str, now: datetime, **columns: Any) -> bool:
    """End `message`, if it is still among `rows`, as one that reached nobody; its errand goes on with the next rung."""
    if not rows.filter(pk=message.pk).move(to, reason=reason[:240], ended_at=now, lease_until=None, **columns):
        return False
    if message.errand_id is not None:
        go_on(message.errand_id, now=now)
    carried = bundling.errands(message) if message.token else []
    Message.objects.filter(bundle=message.pk).move(MessageState.FAILED, reason=reason[:240])
    for errand_id in carried:
        go_on(errand_id, now=now)
    return True


def go_on(errand_id: int, *, now: datetime) -> None:
    """The next planned rung at once; without one, the errand may be at its end."""
    if not hurry(errand_id, now=now):
        settle(Errand.objects.get(pk=errand_id), now=now)


def hurry(errand_id: int, *, now: datetime) -> bool:
    """Pull the next planned rung forward; False when there is none or nobody waits for it any more."""
    planned = Message.objects.filter(errand=errand_id, errand__state=Errand.State.OPEN, state=MessageState.PLANNED)
    following = planned.order_by("rung").first()
    return following is not None and bool(release(Message.objects.filter(pk=following.pk), now=now, due_at=now))


def settle(errand: Errand, *, now: datetime) -> None:
    """Not reached, when every method failed. Who asked for a page is rung; nobody waits for the end of a notice."""
    if errand.messages.filter(state__in=UNDER_WAY).exists():
        return
    is_page = errand.kind == Errand.Kind.PAGE
    ended = Errand.objects.filter(pk=errand.pk).open()
    if ended.update(state=Errand.State.UNREACHABLE, settled_at=now, noticed_at=None if is_page else now) and is_page:
        doorbell.ring(settings.ERRAND_SETTLED, [errand.pk])


def told(errand_ids: Sequence[int], *, now: datetime) -> None:
    """A letter is out. A notice needs no second method; a page walks on until it is answered."""
    done = list(Errand.objects.filter(pk__in=errand_ids, kind=Errand.Kind.NOTICE).open().values_list("pk", flat=True))
    if done:
        Errand.objects.filter(pk__in=done).update(state=Errand.State.DONE, settled_at=now)
        Message.objects.waiting().filter(errand__in=done).move(MessageState.CANCELLED, ended_at=now, reason="")
