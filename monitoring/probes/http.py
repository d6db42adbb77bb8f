"""An HTTP check: status, words in the body, a value in its JSON, size, certificate, and the time of each phase."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import re2
from django.utils.translation import gettext_lazy as _

from monitoring.probes import certificates, web
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe
from monitoring.sources import fields

STEP = re.compile(r"[^.\[\]]{1,200}")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    signed = (given["user"], given["password"]) if given["user"] else None
    wanted = {name.strip(): value.strip() for name, _colon, value in (line.partition(":") for line in given["headers"])}
    try:
        answer = web.ask(
            given["method"], given["url"], context, verify=given["verify"], follow=given["follow"],
            auth=signed, headers=wanted, content=given["body"].encode() or None,
        )  # fmt: skip
    except httpx2.TooManyRedirects:
        found.fault("critical", f"more than {web.MOST_REDIRECTS} redirects")
        return found
    except httpx2.HTTPError as error:
        found.fault("critical", f"{given['url']}: {error or type(error).__name__}")
        return found
    _judge(answer, given, found)
    for name, seconds in answer.phases.items():
        found.measure(name, seconds)
    found.measure("size", len(answer.body))
    if answer.certificate:
        found.measure("certificate_days", certificates.days_left(answer.certificate, now=context.now))
    found.notes.append(f"answered {answer.status} in {answer.phases['total_s'] * 1000:.0f} ms")
    return found


def _judge(answer: web.Answer, given: Mapping[str, Any], found: Finding) -> None:
    if not any(_matches(answer.status, wanted) for wanted in given["expect"]):
        found.fault("critical", f"answered {answer.status}, expected {', '.join(given['expect'])}")
    text = answer.body.decode(errors="replace")
    if given["contains"] and given["contains"] not in text:
        found.fault("critical", f"the answer does not contain “{given['contains']}”")
    if given["lacks"] and given["lacks"] in text:
        found.fault("critical", f"the answer contains “{given['lacks']}”")
    if given["pattern"] and not re2.search(given["pattern"], text):
        found.fault("critical", "the answer does not match the pattern")
    if given["json_path"]:
        _judge_json(text, given, found)
    if answer.is_cut:
        found.notes.append("only the first MiB of the answer was read")


def _judge_json(text: str, given: Mapping[str, Any], found: Finding) -> None:
    try:
        value = fields.at(json.loads(text), *_steps(given["json_path"]))
    except (ValueError, RecursionError):
        found.fault("critical", "the answer is not JSON")
        return
    if value is None:
        found.fault("critical", f"the answer's JSON has nothing at {given['json_path']}")
    elif given["json_value"] and str(value) != given["json_value"]:
        found.fault("critical", f"{given['json_path']} is {str(value)[:80]}, expected {given['json_value']}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found.measure("json_value", value)


def _matches(status: int, wanted: str) -> bool:
    """200, 2xx or 200-299."""
    low, dash, high = wanted.partition("-")
    if dash:
        return low.isdigit() and high.isdigit() and int(low) <= status <= int(high)
    return len(wanted) == 3 and all(sign in ("x", digit) for sign, digit in zip(wanted.lower(), str(status), strict=True))


def _steps(path: str) -> list[str | int]:
    """data.items[0].state as data, items, 0, state."""
    return [int(step) if step.isdigit() else step for step in STEP.findall(path)]


PROBE = Probe(
    name="http",
    title=_("Web page or API"),
    kind="application",
    run=run,
    silence="critical",
    privilege=_("None. Private addresses need PROBE_ALLOW."),
    options=(
        Option("url", _("URL"), "url", is_required=True),
        Option("method", _("method"), "choice", "GET", choices=("GET", "HEAD", "POST", "OPTIONS")),
        Option("body", _("body to send")),
        Option("headers", _("headers"), "lines", "", _("One a line: Name: value.")),
        Option("user", _("user")),
        Option("password", _("password"), "secret"),
        Option("expect", _("good status codes"), "words", "2xx", _("Such as 200, 2xx or 200-299, by commas."), source="Gatus"),
        Option("contains", _("must contain")),
        Option("lacks", _("must not contain")),
        Option("pattern", _("must match"), "pattern", "", _("A regular expression (RE2).")),
        Option("json_path", _("value in the JSON"), "text", "", _("By dots: data.items[0].state. A number becomes the figure json_value.")),
        Option("json_value", _("and it must be")),
        Option("follow", _("follow redirects"), "flag", True),
        Option("verify", _("the certificate must be trusted"), "flag", True),
    ),
    figures=(
        Figure("total_s", "s", _("the whole answer"), "5", "", "our judgement"),
        Figure("dns_s", "s", _("looking up the name")),
        Figure("connect_s", "s", _("connecting")),
        Figure("tls_s", "s", _("the TLS handshake")),
        Figure("first_byte_s", "s", _("from the request to the first byte")),
        Figure("size", "B", _("size of the answer, the first MiB at most")),
        Figure("certificate_days", "d", _("days the certificate is still good"), "14:", "7:", "Netdata x509check"),
        Figure("json_value", "", _("the number at the path in the JSON")),
    ),
)
