"""Nagios, Icinga, Naemon and Checkmk: notifications by webhook, and Icinga's process-check-result. Pure."""

from __future__ import annotations

import re
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, perfdata
from monitoring.sources.posts import Post

SERVICE_CODES = {"0": "ok", "1": "warning", "2": "critical", "3": "unknown"}
HOST_CODES = {"0": "ok", "1": "critical", "2": "critical", "3": "critical"}
WORDS = {
    **{word: word for word in ("ok", "warning", "critical", "unknown")},
    "up": "ok",
    "down": "critical",
    "unreachable": "unknown",
}
# Acknowledgements, remarks, and what begins tell no state; of what ends, nobody may have told how it stands by now.
TELLING = (
    "",
    "problem",
    "recovery",
    "flappingstop",
    "flappingdisabled",
    "flappingend",
    "downtimeend",
    "downtimecancelled",
    "downtimeremoved",
)
FILTER = re.compile(r"""(host|service)\.name\s*==\s*["']([^"']{1,200})["']""")


def read(post: Post) -> list[Signal]:
    """A notification, by the names of Nagios's macros or short ones, as JSON or as a form."""
    given = post.fields() if "form" in post.form else post.json()

    def say(*names: str) -> str:
        return fields.first(*(fields.text(given, name) for name in names))

    if say("notificationtype", "notification_type", "type").lower() not in TELLING:
        return []
    host, service = say("host", "hostname", "host_name"), say("service", "servicedesc", "service_name", "service_description")
    state = say("servicestate", "service_state", "state", "status", "hoststate", "host_state").lower()
    status = WORDS.get(state) or (SERVICE_CODES if service else HOST_CODES).get(state)
    if status is None:
        raise Unreadable(Wrong("state", "unknown_value", "OK, WARNING, CRITICAL, UNKNOWN, UP, DOWN, UNREACHABLE, or 0 to 3."))
    output = say("output", "serviceoutput", "hostoutput", "plugin_output", "summary")
    measured = say("perfdata", "serviceperfdata", "hostperfdata", "performance_data")
    labels = {"host": host, "service": service, "state_type": say("state_type", "servicestatetype", "hoststatetype")}
    return [_told(host, service, status, output, fields.labels(labels), link=say("url", "notes_url", "action_url", "link"), more=measured)]


def read_result(post: Post) -> list[Signal]:
    """POST /v1/actions/process-check-result, its object named in the query, by `host` and `service`, or in a filter."""
    given = post.json()
    host, service = named(given, post)
    if not host:
        raise Unreadable(Wrong("host", "required", "Name a host, a service, or a filter by host.name and service.name."))
    code = fields.text(given, "exit_status").removesuffix(".0")
    status = (SERVICE_CODES if service else HOST_CODES).get(code)
    if status is None:
        raise Unreadable(Wrong("exit_status", "unknown_value", "'exit_status' is 0 to 3."))
    output = fields.text(given, "plugin_output")
    if not output:
        raise Unreadable(Wrong("plugin_output", "required", "Parameter 'plugin_output' is required."))
    labels = fields.labels({"host": host, "service": service, "check_source": fields.text(given, "check_source")})
    return [_told(host, service, status, output, labels, more=_performance(given))]


def named(given: Any, post: Post) -> tuple[str, str]:
    """Host and service this result is for; `host!service` is Icinga's own name of a service."""
    query, found = post.query, dict(FILTER.findall(fields.text(given, "filter")[:2000]))
    host = fields.first(query.get("host", ""), fields.text(given, "host"), found.get("host", ""))
    service = fields.first(query.get("service", ""), fields.text(given, "service"), found.get("service", ""))
    before, bang, after = service.partition("!")
    return (before, after) if bang else (host, service)


def _performance(given: Any) -> str:
    found = fields.at(given, "performance_data")
    return " ".join(map(str, found[:64])) if isinstance(found, list) else fields.text(found)


def _told(host: str, service: str, status: str, output: str, labels: dict[str, str], *, link: str = "", more: str = "") -> Signal:
    said, _bar, after = output.replace("\\n", "\n").split("\n")[0].partition("|")
    metrics = perfdata.read(f"{after} {more}")
    key = f"{host}!{service}" if service else host
    return fields.signal(key, status, summary=said.strip(), given=labels, link=link, metrics=metrics)
