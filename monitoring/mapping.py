"""The field mapping of a generic source: tried on the last body that came, and kept with who changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from monitoring.models import RawBody, Source
from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import generic
from monitoring.sources.posts import Post
from servicedesk.audit import trail
from servicedesk.directory.models import User

SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mapping makes of the last body: signals, or what is wrong and where. `body` None: nothing came yet."""

    body: RawBody | None
    text: str = ""
    signals: tuple[Signal, ...] = ()
    wrong: tuple[Wrong, ...] = ()


def tried(source: Source, mapping: Mapping[str, str], *, now: datetime) -> Trial:
    """Nothing is stored, and nobody is told."""
    body = RawBody.objects.filter(source=source).order_by("-pk").first()
    if body is None:
        return Trial(None, wrong=tuple(generic.wrong_in(mapping)))
    raw = bytes(body.body)
    text = raw[: 4 * SHOWN].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:SHOWN]
    post = Post(raw, now, form=body.content_type, words=source.severity_map, paths=mapping)
    try:
        return Trial(body, text, tuple(generic.read(post)[:50]))
    except Unreadable as error:
        return Trial(body, text, wrong=error.wrong)


@transaction.atomic
def save(source: Source, mapping: Mapping[str, str], *, actor: User, now: datetime) -> Source:
    """Raises Unreadable where the mapping itself is wrong; that the last body does not fit it is no reason to refuse."""
    if wrong := generic.wrong_in(mapping):
        raise Unreadable(*wrong)
    before, source.mapping = source.mapping, dict(mapping)
    source.save(update_fields=["mapping"])
    trail.record(source, "mapping", actor=actor, now=now, before={"mapping": before}, after={"mapping": source.mapping})
    return source
