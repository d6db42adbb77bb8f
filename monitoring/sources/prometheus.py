"""Prometheus's text format and OpenMetrics, pushed. Pure. Parts of histograms and summaries are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import series
from monitoring.sources.posts import Post

KINDS = ("gauge", "counter", "untyped", "unknown", "info", "stateset")


def read(post: Post) -> list[Signal]:
    return series.wanted(_samples(post), post)


def _is_whole(name: str, labels: Mapping[str, str]) -> bool:
    """Not one part of a distribution, and not the time at which a counter was made."""
    return not name.endswith("_created") and "le" not in labels and "quantile" not in labels


def _samples(post: Post) -> Iterator[tuple[str, Mapping[str, str], float, str]]:
    text = post.text()
    parse = openmetrics.text_string_to_metric_families if "openmetrics" in post.form else text_string_to_metric_families
    try:
        for family in parse(text):
            if family.type in KINDS:
                yield from (
                    (one.name, one.labels, float(one.value), family.unit) for one in family.samples if _is_whole(one.name, one.labels)
                )
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise Unreadable(Wrong("", "not_exposition", f"Not Prometheus's text format: {str(error)[:200]}.")) from error
