"""DNS: the records that should be there, the time an answer takes, and whether all name servers of a zone tell the same serial."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
from django.utils.translation import gettext_lazy as _

from monitoring.probes import guard
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

EACH_S = 3.0


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, began = Finding(), time.monotonic()
    servers = given["servers"] or dns.resolver.Resolver().nameservers
    if not given["servers"] and not servers:
        found.lack("the records", "this host names no name server", "Name one, or write /etc/resolv.conf.")
        return found
    answer = _first(given, [str(server) for server in servers], context, found)
    if answer is None:
        return found
    found.measure("query_ms", 1000 * (time.monotonic() - began))
    _judge(answer, given, found)
    if given["serials"]:
        _serials(given, context, found)
    return found


def _first(given: Mapping[str, Any], servers: list[str], context: Context, found: Finding) -> dns.message.Message | None:
    """The first server's answer. One that says nothing is passed over, and told."""
    for server in servers:
        try:
            return _ask(given["name"], given["type"], server, given["port"], context)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            found.notes.append(f"{server}: {error or type(error).__name__}")
    found.fault("critical", f"no name server answered: {'; '.join(found.notes)}")
    return None


def _ask(name: str, kind: str, server: str, port: int, context: Context) -> dns.message.Message:
    """By UDP, by TCP where the answer is cut; to an address the guard let through."""
    address = guard.addresses(server, port, context)[0][0]
    question = dns.message.make_query(name, kind)
    answer, _by_tcp = dns.query.udp_with_fallback(question, address, timeout=min(EACH_S, context.deadline.left()), port=port)
    return answer


def _judge(answer: dns.message.Message, given: Mapping[str, Any], found: Finding) -> None:
    """NXDOMAIN, SERVFAIL and an empty answer are three different faults."""
    code, wanted = answer.rcode(), {_plain(one) for one in given["expect"]}
    if code != dns.rcode.NOERROR:
        found.fault("critical", f"{given['name']} {given['type']}: {dns.rcode.to_text(code)}")
        return
    kind = dns.rdatatype.from_text(given["type"])
    told = {_plain(record.to_text()) for part in answer.answer if part.rdtype == kind for record in part}
    found.measure("records", len(told))
    if not told:
        found.fault("critical", f"{given['name']} has no {given['type']} record")
    elif wanted and told != wanted:
        lacking, extra = ", ".join(sorted(wanted - told)), ", ".join(sorted(told - wanted))
        found.fault("critical", "; ".join([*([f"lacks {lacking}"] if lacking else []), *([f"has {extra}, not expected"] if extra else [])]))
    else:
        found.notes.append(f"{given['name']} {given['type']} {', '.join(sorted(told))}")


def _serials(given: Mapping[str, Any], context: Context, found: Finding) -> None:
    serials: dict[str, int] = {}
    for server in given["serials"]:
        try:
            answer = _ask(given["name"], "SOA", server, given["port"], context)
            told = [record.serial for part in answer.answer if part.rdtype == dns.rdatatype.SOA for record in part]
            if not told:
                raise EOFError("it tells no SOA record")
            serials[server] = told[0]
        except (dns.exception.DNSException, OSError, EOFError) as error:
            found.fault("warning", f"{server} does not tell its serial: {error or type(error).__name__}")
    found.measure("serials", len(set(serials.values())))
    if len(set(serials.values())) > 1:
        found.fault("warning", "serials differ: " + ", ".join(f"{server} {serial}" for server, serial in serials.items()))


def _plain(record: str) -> str:
    return record.strip().rstrip(".").lower().strip('"')


PROBE = Probe(
    name="dns",
    title=_("DNS records"),
    kind="network",
    run=run,
    silence="critical",
    every_s=300,
    privilege=_("None. Name servers on private addresses need PROBE_ALLOW (port 53)."),
    options=(
        Option("name", _("name"), "host", is_required=True),
        Option("type", _("record"), "choice", "A", choices=("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA", "PTR", "CAA")),
        Option("expect", _("must be exactly"), "words", "", _("By commas; any where nothing is given.")),
        Option("servers", _("ask these name servers"), "words", "", _("This host's own where nothing is given.")),
        Option("port", _("port"), "whole", 53, low=1, high=65535),
        Option("serials", _("these must have one serial"), "words", "", _("The zone's name servers, by commas.")),
    ),
    figures=(
        Figure("query_ms", "ms", _("time of the answer"), "1000", "5000", "our judgement"),
        Figure("records", "", _("records told")),
        Figure("serials", "", _("different serials"), "1", "", "RFC 1912 2.2"),
    ),
)
