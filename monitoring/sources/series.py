"""Series of numbers that are pushed: a check each, named by the series. Pure.

Their status is OK until a threshold of ours says otherwise. What is not a number (a stale marker, an infinity) is no
reading. Which series are wanted is the source's mapping: {"series": ["name", "prefix*"]}; without it a push may bring
MOST at once, so that a page of thousands does not become thousands of checks by mistake.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields
from monitoring.sources.posts import Post

MOST = 200


def wanted(found: Iterable[tuple[str, Mapping[str, str], float, str]], post: Post) -> list[Signal]:
    """`found`: name, labels, value, unit."""
    chosen = (
        [str(name) for name in post.paths.get("series", []) if isinstance(name, str)] if isinstance(post.paths.get("series"), list) else []
    )
    kept = [one for one in found if math.isfinite(one[2]) and (not chosen or _is_chosen(one[0], chosen))]
    if len(kept) > MOST:
        raise Unreadable(Wrong("", "too_many", f'{len(kept)} series; name the wanted ones in the source\'s mapping: {{"series": ["up"]}}.'))
    return [_signal(*one) for one in kept]


def _is_chosen(name: str, chosen: list[str]) -> bool:
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in chosen)


def _signal(name: str, labels: Mapping[str, str], value: float, unit: str) -> Signal:
    told = ",".join(f"{key}={labels[key]}" for key in sorted(labels) if labels[key])
    metric: dict[str, Any] = {"name": name[:120], "value": value} | ({"unit": unit[:20]} if unit else {})
    key = f"{name}{{{told}}}" if told else name
    return fields.signal(key, "ok", summary=f"{name} {value:g}", given=fields.labels(dict(labels)), metrics=(metric,))
