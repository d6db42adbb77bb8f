"""OpenTelemetry's protocol as JSON: numbers become series, log records of errors become alerts, traces are kept. Pure.

A log record tells no end: the same words (numbers left out) of the same service, unheard for an hour, are over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, series
from monitoring.sources.posts import Post

QUIET = timedelta(hours=1)
ERROR, FATAL, MOST_LOGS = 17, 21, 200  # opentelemetry-proto, SeverityNumber
KINDS = ("resourceMetrics", "resourceLogs", "resourceSpans")
NUMBERS = re.compile(r"[0-9a-f]{8,}|\d+")


def read(post: Post) -> list[Signal]:
    if "protobuf" in post.form:
        raise Unreadable(Wrong("", "protobuf", "Send OTLP as JSON: OTEL_EXPORTER_OTLP_PROTOCOL=http/json."))
    given = post.json()
    if not any(kind in fields.table(given) for kind in KINDS):
        raise Unreadable(Wrong("resourceMetrics", "required", "resourceMetrics, resourceLogs or resourceSpans."))
    logs = [signal for one in fields.rows(given, "resourceLogs") for signal in _logs(one)]
    if len(logs) > MOST_LOGS:
        raise Unreadable(Wrong("resourceLogs", "too_many", f"{len(logs)} errors in one body; at most {MOST_LOGS}."))
    return logs + series.wanted(_points(given), post)


def attributes(given: Any) -> dict[str, str]:
    pairs = ((fields.text(one, "key"), fields.table(one, "value")) for one in fields.rows(given, "attributes"))
    return {key: fields.text(next(iter(value.values()), "")) for key, value in pairs if key}


def _points(given: Any) -> Iterator[tuple[str, Mapping[str, str], float, str]]:
    for resource in fields.rows(given, "resourceMetrics"):
        about = attributes(resource.get("resource"))
        own = {name: about[name] for name in ("service.name", "host.name") if about.get(name)}
        for scope in fields.rows(resource, "scopeMetrics"):
            for metric in fields.rows(scope, "metrics"):
                yield from _of_metric(metric, own)


def _of_metric(metric: dict[str, Any], own: dict[str, str]) -> Iterator[tuple[str, Mapping[str, str], float, str]]:
    name, unit = fields.text(metric, "name"), fields.text(metric, "unit")
    for point in fields.rows(metric, "gauge", "dataPoints") + fields.rows(metric, "sum", "dataPoints"):
        number = fields.first(fields.text(point, "asDouble"), fields.text(point, "asInt"))
        try:
            yield name, own | attributes(point), float(number), unit
        except ValueError:
            continue


def _logs(resource: dict[str, Any]) -> Iterator[Signal]:
    service = attributes(resource.get("resource")).get("service.name", "")
    for scope in fields.rows(resource, "scopeLogs"):
        for record in fields.rows(scope, "logRecords"):
            level = fields.text(record, "severityNumber")
            if level.isdecimal() and int(level[:3]) >= ERROR:
                yield _record(record, service, is_fatal=int(level[:3]) >= FATAL)


def _record(record: dict[str, Any], service: str, *, is_fatal: bool) -> Signal:
    said = fields.first(fields.text(record, "body", "stringValue"), fields.text(record, "eventName"), "an error without words")
    words = NUMBERS.sub("#", said[:2000])
    summary = f"{service}: {said}" if service else said
    given = fields.labels({"service": service, "severity": fields.text(record, "severityText")}, attributes(record))
    one = fields.signal(
        f"{service} {words[:60]} {fields.digest(words.lower())}",
        "critical" if is_fatal else "warning",
        summary=summary,
        given=given,
        service=service,
    )
    return one.closing(after=QUIET)
