"""Figures of a program that shows them as Prometheus does, with thresholds on each that is named."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
from django.utils.translation import gettext_lazy as _
from prometheus_client.parser import text_string_to_metric_families

from monitoring.probes import rates, web
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

MOST_SERIES = 40


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    signed = {"Authorization": f"Bearer {given['token']}"} if given["token"] else {}
    try:
        answer = web.ask("GET", given["url"], context, headers={"Accept": "text/plain;version=0.0.4", **signed})
    except httpx2.HTTPError as error:
        found.fault("critical", f"{given['url']}: {error or type(error).__name__}")
        return found
    if answer.status != 200:
        found.fault("critical", f"answered {answer.status}")
        return found
    try:
        series = dict(_series(answer.body.decode(errors="replace"), is_cut=answer.is_cut))
    except ValueError as error:
        found.lack(
            "the figures", f"the page is not in Prometheus's text format: {str(error)[:120]}", "Give the address of its metrics page."
        )
        return found
    found.measure("series", len(series))
    _chosen(given, series, context, found)
    return found


def _chosen(given: Mapping[str, Any], series: Mapping[str, tuple[float, bool]], context: Context, found: Finding) -> None:
    """Lines "pattern [warning [critical]]"; a counter is told as its rate a second."""
    counters = {name: value for name, (value, counts) in series.items() if counts}
    rate, seconds = rates.per_second(counters, context.memory, context.now)
    for line in given["figures"]:
        pattern, warn, crit = (*line.split(), "-", "-")[:3]
        names = [name for name in series if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.partition("{")[0], pattern)]
        if not names:
            found.lack(pattern, "the page has no such figure", "Correct its name, or see why the program no longer tells it.")
        for name in names[:MOST_SERIES]:
            value = series[name][0] if name not in counters else rate.get(name)
            if value is not None and math.isfinite(value):
                found.measure("value", value, name, warn=warn.strip("-") and warn, crit=crit.strip("-") and crit)
            elif value is not None:
                found.lack(name, "it is not a number now", "See what the program measures.")
    if counters and not seconds:
        found.notes.append("rates of counters follow with the next run")
    kept = {
        name: value
        for name, value in counters.items()
        if any(fnmatch.fnmatchcase(name.partition("{")[0], line.split()[0].partition("{")[0]) for line in given["figures"])
    }
    found.memory = rates.note(kept, context.now)


def _series(text: str, *, is_cut: bool) -> Iterator[tuple[str, tuple[float, bool]]]:
    for family in text_string_to_metric_families(text.rpartition("\n")[0] + "\n" if is_cut else text):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            counts = family.type == "counter" or sample.name.endswith(("_count", "_sum", "_bucket"))
            yield (f"{sample.name}{{{labels}}}" if labels else sample.name), (sample.value, counts)


PROBE = Probe(
    name="prometheus",
    title=_("Prometheus metrics page"),
    kind="application",
    run=run,
    silence="critical",
    privilege=_("None. Private addresses need PROBE_ALLOW."),
    options=(
        Option("url", _("URL"), "url", is_required=True),
        Option("token", _("bearer token"), "secret"),
        Option(
            "figures",
            _("figures"),
            "lines",
            "",
            _("One a line: name or pattern, then warning and critical ranges if any."),
            is_required=True,
        ),
    ),
    figures=(
        Figure("series", "", _("series on the page")),
        Figure("value", "", _("a figure that was named; a counter as its rate a second")),
    ),
)
