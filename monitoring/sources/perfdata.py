"""Performance data of monitoring plugins: 'label'=value[unit];[warn];[crit];[min];[max]. Pure.

A value that could not be measured (`U`) and what is not of this form are left out, never taken for zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from monitoring.thresholds import BadRange, parse

MOST = 64
ONE = re.compile(
    r"""(?:'((?:[^'=]|''){1,120})'|([^\s'=]{1,120}))=(-?\d{1,30}(?:\.\d{0,30})?(?:[eE][-+]?\d{1,3})?)([^\s;\d]{0,20})(?:;([^\s;]{0,60}))?(?:;([^\s;]{0,60}))?"""
)


def read(words: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(_metric(*found) for found in ONE.findall(words[:20_000])[:MOST] if math.isfinite(float(found[2])))


def _metric(quoted: str, plain: str, value: str, unit: str, warn: str, crit: str) -> Mapping[str, Any]:
    metric = {"name": quoted.replace("''", "'") or plain, "value": float(value), "unit": unit, "warn": _range(warn), "crit": _range(crit)}
    return {name: given for name, given in metric.items() if given != ""}


def _range(words: str) -> str:
    try:
        return words if words and parse(words) else ""
    except BadRange:
        return ""
