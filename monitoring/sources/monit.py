"""Monit: the XML it posts to an M/Monit. Pure.

A body tells how every service is and, where something happened, one event; only the event opens and closes. A document
type is refused: nobody needs entities here, and they are how XML bombs are built.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields
from monitoring.sources.posts import Post

STATES = {"0": "ok", "1": "critical", "3": "ok"}  # 2: changed, which is neither
# monit, src/event.h
EVENTS = {
    "1": "checksum", "2": "resource", "4": "timeout", "8": "timestamp", "16": "size", "32": "connection", "64": "permission", "128": "uid",
    "256": "gid", "512": "existence", "1024": "data", "2048": "exec", "4096": "flags", "8192": "icmp", "16384": "content",
    "131072": "pid", "262144": "ppid", "524288": "heartbeat", "1048576": "status", "2097152": "uptime", "4194304": "link",
}  # fmt: skip
ENCODING = re.compile(rb"""^<\?xml[^>]{0,80}encoding=["']([A-Za-z0-9._-]{1,20})["']""")
KNOWN = ("iso-8859-1", "utf-8", "us-ascii", "windows-1252")


def read(post: Post) -> list[Signal]:
    root = parsed(post.body)
    event = root.find("event")
    if event is None:
        return []
    host = fields.first(_said(root, "server/localhostname"), root.get("id", ""), _said(root, "server/id"))
    service, kind, state = (_said(event, name) for name in ("service", "id", "state"))
    if state not in (*STATES, "2"):
        raise Unreadable(Wrong("event.state", "unknown_value", "0 to 3."))
    if state == "2":
        return []
    number, when = (
        fields.first(root.get("id", ""), _said(root, "server/id")),
        f"{_said(event, 'collected_sec')}.{_said(event, 'collected_usec')}",
    )
    one = fields.signal(
        " ".join(filter(None, (host, number[:8], service, EVENTS.get(kind, f"event {kind}")))),
        STATES[state],
        summary=f"{service}: {_said(event, 'message')}",
        given=fields.labels({"host": host, "service": service, "event": EVENTS.get(kind, kind)}),
        started_at=fields.past(when, post.now),
        occurrence=when.strip("."),
    )
    return [one]


def parsed(body: bytes) -> ElementTree.Element:
    """The XML without document type and in an encoding that shows it. Raises Unreadable."""
    found = ENCODING.match(body.lstrip())
    if b"\0" in body or (found and found[1].decode().lower() not in KNOWN):
        raise Unreadable(Wrong("", "encoding", "XML in UTF-8 or ISO-8859-1."))
    if re.search(rb"<!(DOCTYPE|ENTITY)", body, re.IGNORECASE):
        raise Unreadable(Wrong("", "doctype", "XML with a document type is refused."))
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (no document type, hence no entities)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise Unreadable(Wrong("", "not_xml", f"Not XML: {error}.")) from error
    if root.tag != "monit":
        raise Unreadable(Wrong("", "not_monit", "Monit's body is <monit>."))
    return root


def _said(root: ElementTree.Element, path: str) -> str:
    return fields.text(root.findtext(path) or "")
