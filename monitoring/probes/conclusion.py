"""From what a run found to a result in our own format, as any sender would push it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitoring.probes.options import THRESHOLDS
from monitoring.probes.shape import Finding, Probe, Reading
from monitoring.thresholds import judge

MOST_METRICS = 64
BAD = ("critical", "warning", "unknown")
LONGEST_SUMMARY, LONGEST_DETAIL = 1024, 20_000


def item(probe: Probe, given: Mapping[str, Any], found: Finding, *, check: str) -> dict[str, Any]:
    """A result of `POST /in/results/`. Status is the worst of thresholds and faults; what could not be read makes it unknown
    where nothing is worse, and so does a run that measured nothing."""
    judged = [(judge([metric]), metric) for metric in metrics(probe, given, found.readings)]
    asked = {status for status, _metric in judged} | {status for status, _words in found.faults}
    if found.missing or not (found.readings or found.faults or found.notes):
        asked.add("unknown")
    status = next((bad for bad in BAD if bad in asked), "ok")
    detail = "\n".join([*(f"{m.what} cannot be read: {m.why}. {m.remedy}" for m in found.missing), found.detail]).strip()
    told = {"check": check, "status": status, "summary": summary(judged, found), "metrics": _most(judged), "labels": {"probe": probe.name}}
    return told | ({"detail": detail[:LONGEST_DETAIL]} if detail else {})


def metrics(probe: Probe, given: Mapping[str, Any], readings: list[Reading]) -> Iterator[dict[str, Any]]:
    chosen = given.get(THRESHOLDS, {})
    for reading in readings:
        figure = probe.figure(reading.figure)
        usual = (figure.warn, figure.crit) if figure else ("", "")
        warn, crit = chosen.get(reading.figure) or (
            usual[0] if reading.warn is None else reading.warn,
            usual[1] if reading.crit is None else reading.crit,
        )
        told = {"name": f"{reading.figure} {reading.of}".strip()[:120], "value": reading.value, "unit": figure.unit if figure else ""}
        yield {**told, "warn": warn, "crit": crit}


def summary(judged: Sequence[tuple[str, Mapping[str, Any]]], found: Finding) -> str:
    """The worst first; where all is well, the first figures."""
    said = [(status, words) for status, words in found.faults if status != "ok"]
    said += [(status, f"{_in_words(metric)}, {status} at {_limit(status, metric)}") for status, metric in judged if status != "ok"]
    bad = [words for status in BAD for known, words in said if known == status]
    bad += [f"{m.what} cannot be read: {m.why}. {m.remedy}" for m in found.missing]
    fine = [words for status, words in found.faults if status == "ok"] + found.notes
    fine += [_in_words(metric) for status, metric in judged if status == "ok"][:6]
    return "; ".join(bad or fine or ["nothing could be measured"])[:LONGEST_SUMMARY]


def _most(judged: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The format takes 64 metrics: the bad ones are not among those left out."""
    kept = {id(metric) for _status, metric in sorted(judged, key=lambda one: one[0] == "ok")[:MOST_METRICS]}
    return [{name: value for name, value in metric.items() if value != ""} for _status, metric in judged if id(metric) in kept]


def _limit(status: str, metric: Mapping[str, Any]) -> str:
    return str(metric["crit"] if status == "critical" else metric["warn"])


def _in_words(metric: Mapping[str, Any]) -> str:
    unit = metric["unit"]
    if unit == "B":
        return f"{metric['name']} {_bytes(metric['value'])}"
    return f"{metric['name']} {metric['value']:.6g} {unit}".strip()


def _bytes(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"
