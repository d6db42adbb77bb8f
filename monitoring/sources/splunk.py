"""Splunk: the webhook of a saved search. Pure.

A search that found something tells no end: without another finding for a day it is over.
"""

from __future__ import annotations

from datetime import timedelta

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

QUIET = timedelta(days=1)


def read(post: Post) -> list[Signal]:
    given = post.json()
    result = fields.table(given, "result")
    search = fields.first(fields.text(given, "search_name"), fields.text(given, "sid"))
    host = fields.text(result, "host")
    if not search and not result:
        raise Unreadable(Wrong("search_name", "required", "Splunk's body has search_name, sid or result."))
    word = fields.first(*(fields.text(result, name) for name in ("severity", "urgency", "alert_level")))
    told = words.bad(word or "warning", post.words)
    said = fields.first(fields.text(result, "_raw"), fields.text(result, "message"), fields.text(result, "source"))
    key = search or f"search of {fields.first(fields.text(given, 'app'), fields.text(result, 'sourcetype'), 'splunk')}"
    one = fields.signal(
        " ".join(filter(None, (key, host))),
        told.status,
        summary=": ".join(filter(None, (search, said))),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"host": host, "source": fields.text(result, "source"), "app": fields.text(given, "app")}),
        link=fields.text(given, "results_link"),
    )
    return [one.closing(after=QUIET)]
