"""LibreNMS: its API transport, with all it knows of an alert. Pure."""

from __future__ import annotations

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

GOOD, SEEN = ("0", "ok", "recovered"), ("2", "acknowledged")
BAD = ("1", "3", "4", "5", "alert", "worse", "better", "changed")


def read(post: Post) -> list[Signal]:
    given = post.fields() if "form" in post.form else post.json()
    state = fields.text(given, "state").lower()
    if state in SEEN:
        return []
    if state not in (*GOOD, *BAD):
        raise Unreadable(Wrong("state", "unknown_value", "0 for a recovery, 1 for an alert, 2 for an acknowledgement."))
    host = fields.first(fields.text(given, "hostname"), fields.text(given, "sysName"), fields.text(given, "device_id"))
    rule, name = fields.text(given, "rule_id"), fields.first(fields.text(given, "name"), fields.text(given, "title"))
    word = fields.text(given, "severity")
    told = words.of("" if word.lower() in GOOD else word, post.words, is_bad=state in BAD)
    one = fields.signal(
        " ".join(filter(None, (host, f"rule {rule}" if rule else name))),
        told.status,
        summary=fields.first(fields.text(given, "title"), name),
        severity=told.severity,
        flag=told.flag if state in BAD else "",
        given=fields.labels({"host": host, "rule": name, "location": fields.text(given, "location"), "ip": fields.text(given, "ip")}),
        link=fields.text(given, "url"),
        occurrence=" ".join(
            filter(None, (fields.first(fields.text(given, "alert_id"), fields.text(given, "id")), fields.text(given, "timestamp")))
        ),
    )
    return [one]
